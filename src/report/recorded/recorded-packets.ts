/** Packets of captures: what they are, how many passed each port in which direction, and what the capture says that it lost. */
import type { PortObservation, TrafficObservation } from '../../findings/index.ts';
import type { CaptureInterface, CaptureRecord, PacketRecord } from '../../pcapng/index.ts';
import { TrafficCounter } from '../traffic-counter.ts';
import { BoundedMap } from './bounded-map.ts';

type StatisticsRecord = Extract<CaptureRecord, { readonly type: 'statistics' }>;

export interface Passed {
  readonly portId: number;
  readonly name: string;
  readonly driver: string | undefined;
  readonly speedMbps: number | undefined;
  rxPackets: number;
  rxBytes: number;
  txPackets: number;
  txBytes: number;
  missed: number | undefined;
}

const BITS_PER_MBIT = 1_000_000;
const [OUT, DIRECTION] = [2, 3];
/** As hone's own captures describe an interface: `forwarder 12, port 3, net_null`. */
const DESCRIPTION = /, port (\d{1,5}), (\S+)$/;

export class RecordedPackets {
  readonly #ports = new BoundedMap<Passed>();
  readonly #ofInterface = new Map<CaptureInterface, Passed | undefined>();
  readonly #lastOf = new Map<CaptureInterface, bigint>();
  readonly #traffic = new TrafficCounter();
  /** By interface: the last statistics of a section count. */
  readonly #statistics = new Map<CaptureInterface, StatisticsRecord>();
  #withoutDirection = 0;
  #isFiltered = false;

  add(packet: PacketRecord, timeNs: bigint): void {
    const { interface: of, data, options } = packet;
    const length = Math.max(packet.originalLength, data.length);
    this.#traffic.add({ data, originalLength: length, linkType: of.linkType });
    const before = this.#lastOf.get(of);
    if (before !== undefined) this.#traffic.addInterArrival(Number(timeNs - before));
    this.#lastOf.set(of, timeNs);
    const port = this.#portOf(of);
    if (port === undefined) return;
    const direction = (options.epb_flags ?? 0) & DIRECTION;
    if (direction === 0) this.#withoutDirection++;
    if (direction === OUT) {
      port.txPackets++;
      port.txBytes += length;
    } else {
      port.rxPackets++;
      port.rxBytes += length;
    }
  }

  addStatistics(record: StatisticsRecord): void {
    this.#portOf(record.interface);
    this.#statistics.set(record.interface, record);
  }

  get ports(): readonly Passed[] {
    for (const [of, { options }] of this.#statistics) {
      const port = this.#ofInterface.get(of);
      if (port !== undefined && options.isb_ifdrop !== undefined) port.missed = Number(options.isb_ifdrop);
    }
    return this.#ports.values();
  }

  observe(seconds: number): TrafficObservation | undefined {
    return this.#traffic.observe(seconds);
  }

  /** What is not known, or not as it seems: a sentence each. */
  get unknown(): string[] {
    let lost = 0n;
    for (const { options } of this.#statistics.values()) lost += options.isb_osdrop ?? 0n;
    return [
      ...(lost > 0n
        ? [`the capture itself lost ${lost} packets (dropped by a ring): there were more than these`]
        : []),
      ...(this.#isFiltered
        ? ['packets were captured through a filter: counts and shares are of what it let pass']
        : []),
      ...(this.#withoutDirection > 0
        ? [`${this.#withoutDirection} packets have no direction: they count as received`]
        : []),
    ];
  }

  #portOf(of: CaptureInterface): Passed | undefined {
    if (this.#ofInterface.has(of)) return this.#ofInterface.get(of);
    if (of.options.if_filter !== undefined) this.#isFiltered = true;
    const [, id, driver] = DESCRIPTION.exec(of.options.if_description ?? '') ?? [];
    const speed = of.options.if_speed;
    const name = of.name ?? `interface ${of.index}`;
    const port = this.#ports.get(`${id ?? of.index} ${name}`, () => ({
      portId: id === undefined ? of.index : Number(id),
      name,
      driver,
      speedMbps: speed === undefined ? undefined : Number(speed) / BITS_PER_MBIT,
      ...{ rxPackets: 0, rxBytes: 0, txPackets: 0, txBytes: 0, missed: undefined },
    }));
    this.#ofInterface.set(of, port);
    return port;
  }
}

/** A port of which only packets are known. */
export function portOfPackets({ portId, name, driver, speedMbps, ...counts }: Passed): PortObservation {
  return {
    ...{ portId, name, driver, speedMbps },
    ...{ isUp: undefined, rxQueues: undefined, txQueues: undefined },
    ...counts,
    ...{
      rxErrors: undefined,
      noMbuf: undefined,
      txErrors: undefined,
      offered: undefined,
      refused: undefined,
    },
  };
}
