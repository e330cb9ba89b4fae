/**
 * The ports of a recording: what its captures call interfaces and its events number. What passed a port is told by whichever of the
 * driver's counters (dpdk:port_stats), packets, bursts and events of packets counted most: each of them can only miss some, the
 * counters what passed before their first sample and after the last.
 */
import type { PortObservation } from '../findings/index.ts';
import type { CaptureInterface } from '../pcapng/index.ts';

export interface Passed {
  rxPackets: number;
  txPackets: number;
  rxBytes: number;
  txBytes: number;
}

/** Who counted packets. */
export const COUNTERS = ['captured', 'bursts', 'packetEvents', 'stats'] as const;
export type CounterName = (typeof COUNTERS)[number];

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
  readonly passed: Readonly<Record<Exclude<CounterName, 'stats'>, Passed>> = {
    captured: nothing(),
    bursts: nothing(),
    packetEvents: nothing(),
  };
  readonly queues: Readonly<Record<'rx' | 'tx', Set<number>>> = { rx: new Set(), tx: new Set() };
  #sum: Record<keyof PortStats, bigint> | undefined;
  #last: PortStats | undefined;

  constructor(portId: number) {
    this.portId = portId;
  }

  /** @returns what came since the sample before; undefined for the first one */
  addStats(now: PortStats): Passed | undefined {
    const before = this.#last;
    this.#last = now;
    if (before === undefined) return undefined;
    // Counters that were reset begin at 0 again.
    const since = (name: keyof PortStats) =>
      now[name] >= before[name] ? now[name] - before[name] : now[name];
    this.#sum ??= noStats();
    const sum = this.#sum;
    for (const name of STATS) sum[name] += since(name);
    const [rxPackets, txPackets, rxBytes, txBytes] = (
      ['ipackets', 'opackets', 'ibytes', 'obytes'] as const
    ).map((name) => Number(since(name)));
    return { rxPackets: rxPackets!, txPackets: txPackets!, rxBytes: rxBytes!, txBytes: txBytes! };
  }

  get hasStats(): boolean {
    return this.#sum !== undefined;
  }

  /** @param sees directions of which packets were recorded somewhere, by who counted them */
  observe(sees: Seen): PortObservation {
    const { portId, name, driver, isUp, speedMbps, offered, refused } = this;
    const stat = (counter: keyof PortStats) =>
      this.#sum === undefined ? undefined : Number(this.#sum[counter]);
    const [rx, tx] = [this.#best('rx', sees), this.#best('tx', sees)];
    return {
      ...{ portId, name, driver, isUp, speedMbps, offered, refused },
      rxQueues: this.queues.rx.size || undefined,
      txQueues: this.queues.tx.size || undefined,
      ...{ rxPackets: rx.packets, txPackets: tx.packets, rxBytes: rx.bytes, txBytes: tx.bytes },
      missed: stat('imissed') ?? this.missed,
      rxErrors: stat('ierrors'),
      noMbuf: stat('rx_nombuf'),
      txErrors: stat('oerrors'),
    };
  }

  #best(direction: 'rx' | 'tx', sees: Seen): { packets: number | undefined; bytes: number | undefined } {
    const counted = (['captured', 'packetEvents', 'bursts'] as const)
      .filter((who) => sees[who][direction])
      .map((who) => ({
        packets: this.passed[who][`${direction}Packets`],
        bytes: who === 'bursts' ? undefined : this.passed[who][`${direction}Bytes`],
      }));
    if (this.#sum !== undefined) {
      const [packets, bytes] =
        direction === 'rx' ? (['ipackets', 'ibytes'] as const) : (['opackets', 'obytes'] as const);
      counted.unshift({ packets: Number(this.#sum[packets]), bytes: Number(this.#sum[bytes]) });
    }
    // Of equal ones the first, which has bytes.
    return counted.reduce<{ packets: number | undefined; bytes: number | undefined }>(
      (best, one) => (best.packets === undefined || one.packets > best.packets ? one : best),
      { packets: undefined, bytes: undefined },
    );
  }
}

export type Seen = Readonly<
  Record<Exclude<CounterName, 'stats'>, { readonly rx: boolean; readonly tx: boolean }>
>;

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

function nothing(): Passed {
  return { rxPackets: 0, txPackets: 0, rxBytes: 0, txBytes: 0 };
}

function noStats(): Record<keyof PortStats, bigint> {
  return Object.fromEntries(STATS.map((name) => [name, 0n])) as Record<keyof PortStats, bigint>;
}
