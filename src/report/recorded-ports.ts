/**
 * The ports of a recording: what its captures call interfaces and its events number. Where the driver's counters were recorded
 * (dpdk:port_stats), all that is said of a port is of the time from their first sample to the last: they are all that counts losses, and
 * tell nothing of before and after.
 */
import type { PortObservation } from '../findings/index.ts';
import type { CaptureInterface } from '../pcapng/index.ts';
import { believed, type CounterName, nothingPassed, type Passed, type Seen } from './recorded-counters.ts';

/** Of dpdk:port_stats. */
const STATS = [
  'ipackets',
  'opackets',
  'ibytes',
  'obytes',
  'imissed',
  'ierrors',
  'oerrors',
  'rx_nombuf',
] as const;
export type PortStats = Readonly<Record<(typeof STATS)[number], bigint>>;

/** Of a hostile file that names more: they are left out. */
const MOST_PORTS = 1024;

type PassedBy = Readonly<Record<CounterName, Passed>>;

/** From one sample of the driver's counters to another. */
export interface SampledSpan {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

export class RecordedPort {
  readonly portId: number;
  name = '';
  driver: string | undefined;
  speedMbps: number | undefined;
  isUp: boolean | undefined;
  /** What makes an interface this port; undefined while only events have named it. */
  key: string | undefined;
  offered: number | undefined;
  refused: number | undefined;
  /** Of the adapter, as a capture says. */
  missed: number | undefined;
  /** Since the recording began; of the driver since its first sample. */
  readonly passed: PassedBy = nothingPassedBy();
  readonly queues: Readonly<Record<'rx' | 'tx', Set<number>>> = { rx: new Set(), tx: new Set() };
  readonly #sum: Record<keyof PortStats, bigint> = noStats();
  #first: { readonly timeNs: bigint; readonly passed: PassedBy } | undefined;
  #last: { readonly timeNs: bigint; readonly passed: PassedBy; readonly stats: PortStats } | undefined;

  constructor(portId: number) {
    this.portId = portId;
  }

  /** @returns what came since the sample before, and when; undefined for the first one */
  addStats(
    timeNs: bigint,
    stats: PortStats,
  ): { readonly passed: Passed; readonly span: SampledSpan } | undefined {
    const before = this.#last;
    // Counters that were reset begin at 0 again.
    const since = (name: keyof PortStats, earlier: PortStats) =>
      stats[name] >= earlier[name] ? stats[name] - earlier[name] : stats[name];
    if (before !== undefined) {
      for (const name of STATS) this.#sum[name] += since(name, before.stats);
      Object.assign(this.passed.stats, passedOf(this.#sum));
    }
    const passed = structuredClone(this.passed);
    this.#first ??= { timeNs, passed };
    this.#last = { timeNs, passed, stats };
    if (before === undefined) return undefined;
    const difference = Object.fromEntries(STATS.map((name) => [name, since(name, before.stats)]));
    return { passed: passedOf(difference as PortStats), span: { fromNs: before.timeNs, toNs: timeNs } };
  }

  /** Undefined where the driver's counters were not sampled twice. */
  get sampled(): SampledSpan | undefined {
    const [first, last] = [this.#first, this.#last];
    if (first === undefined || last === undefined || first.timeNs === last.timeNs) return undefined;
    return { fromNs: first.timeNs, toNs: last.timeNs };
  }

  /** @param seconds of the recording */
  observe(sees: Seen, seconds: number): PortObservation {
    const { portId, name, driver, isUp, speedMbps, offered, refused, sampled } = this;
    const stat = (counter: keyof PortStats) =>
      sampled === undefined ? undefined : Number(this.#sum[counter]);
    const [rx, tx] = [this.#passed('rx', sees), this.#passed('tx', sees)];
    return {
      ...{ portId, name, driver, isUp, speedMbps, offered, refused },
      seconds: sampled === undefined ? seconds : Number(sampled.toNs - sampled.fromNs) / 1e9,
      rxQueues: this.queues.rx.size || undefined,
      txQueues: this.queues.tx.size || undefined,
      ...{ rxPackets: rx.packets, txPackets: tx.packets, rxBytes: rx.bytes, txBytes: tx.bytes },
      missed: stat('imissed') ?? this.missed,
      rxErrors: stat('ierrors'),
      noMbuf: stat('rx_nombuf'),
      txErrors: stat('oerrors'),
    };
  }

  #passed(
    direction: 'rx' | 'tx',
    sees: Seen,
  ): { readonly packets: number | undefined; readonly bytes: number | undefined } {
    const [packets, bytes] = [`${direction}Packets`, `${direction}Bytes`] as const;
    const counts = (who: CounterName) =>
      who === 'stats' ? this.sampled !== undefined : sees[who][direction];
    const who = believed((one) => (counts(one) ? this.#count(one, packets) : undefined));
    if (who === undefined) return { packets: undefined, bytes: undefined };
    return {
      packets: this.#count(who, packets),
      bytes: who === 'bursts' ? undefined : this.#count(who, bytes),
    };
  }

  /** In the time that is sampled, or in all of it. */
  #count(who: CounterName, field: keyof Passed): number {
    return this.sampled === undefined
      ? this.passed[who][field]
      : this.#last!.passed[who][field] - this.#first!.passed[who][field];
  }
}

export class RecordedPorts {
  readonly #ports = new Map<number, RecordedPort>();
  readonly #ofInterface = new WeakMap<CaptureInterface, RecordedPort>();

  get all(): readonly RecordedPort[] {
    return [...this.#ports.values()].sort((a, b) => a.portId - b.portId);
  }

  /** Undefined for one more than there can be. */
  byId(portId: number): RecordedPort | undefined {
    const known = this.#ports.get(portId);
    if (known !== undefined || this.#ports.size >= MOST_PORTS) return known;
    const made = new RecordedPort(portId);
    this.#ports.set(portId, made);
    return made;
  }

  /**
   * By the number that hone's captures have in the description, else by its place in the file; where that is another interface's, the
   * next free number. @param file in which it is
   */
  ofInterface(of: CaptureInterface, file: string): RecordedPort | undefined {
    const known = this.#ofInterface.get(of);
    if (known !== undefined) return known;
    const { name, options } = of;
    const { if_description = '', if_hardware, if_speed } = options;
    const key = name === undefined ? `${file} ${of.index}` : `${name} ${if_description}`;
    const stated = /\bport (\d{1,5})\b/.exec(if_description) ?? /^port (\d{1,5})$/.exec(name ?? '');
    const wanted = stated === null ? of.index : Number(stated[1]);
    const port =
      this.all.find((one) => one.key === key) ?? this.byId(this.#isTaken(wanted) ? this.#free() : wanted);
    if (port === undefined) return undefined;
    port.key = key;
    port.name = stated !== null && name === stated[0] ? '' : (name ?? '');
    port.driver ??= if_hardware;
    if (if_speed !== undefined && if_speed > 0n) port.speedMbps ??= Number(if_speed) / 1e6;
    this.#ofInterface.set(of, port);
    return port;
  }

  #isTaken(portId: number): boolean {
    return this.#ports.get(portId)?.key !== undefined;
  }

  #free(): number {
    return 1 + Math.max(...this.#ports.keys());
  }
}

function nothingPassedBy(): PassedBy {
  const [stats, captured, packetEvents, bursts] = Array.from({ length: 4 }, nothingPassed) as [
    Passed,
    Passed,
    Passed,
    Passed,
  ];
  return { stats, captured, packetEvents, bursts };
}

function passedOf({ ipackets, opackets, ibytes, obytes }: PortStats): Passed {
  return {
    ...{ rxPackets: Number(ipackets), txPackets: Number(opackets) },
    ...{ rxBytes: Number(ibytes), txBytes: Number(obytes) },
  };
}

function noStats(): Record<keyof PortStats, bigint> {
  return Object.fromEntries(STATS.map((name) => [name, 0n])) as Record<keyof PortStats, bigint>;
}
