/**
 * Two readings as rates: what the table and the JSON show. Ports' counters give those of the interval, bursts and times those of the
 * last while that was measured. What is not known is undefined; refused packets are a lower bound.
 */
import type { PortInfo } from '../target/index.ts';
import type { DropReading } from './drop-feed.ts';
import {
  type ApplicationReading,
  addBursts,
  type BurstCounts,
  callsOf,
  emptyOf,
  NO_BURSTS,
  packetsOf,
  type QueueReading,
  type Thread,
} from './reading.ts';

interface Drops {
  /** Packets a second, by cause; undefined where the port does not tell. */
  readonly missed: number | undefined;
  readonly rxErrors: number | undefined;
  readonly noMbuf: number | undefined;
  readonly txErrors: number | undefined;
  /** At least: offered to the driver and not taken. The application may have offered them again. */
  readonly refused: number | undefined;
  /** What the application itself says it dropped, of a port's packets. */
  readonly application: number | undefined;
}

export interface Rates {
  /** Packets a second. */
  readonly rxPps: number | undefined;
  readonly txPps: number | undefined;
  /** Bits a second, as the driver counts bytes. */
  readonly rxBps: number | undefined;
  readonly txBps: number | undefined;
  /** Packets a burst, of bursts that had any. */
  readonly rxBurst: number | undefined;
  readonly txBurst: number | undefined;
  /** Of all polls those that brought nothing, 0 to 1. */
  readonly emptyShare: number | undefined;
  /** Of the time of threads that poll the part that followed polls with packets, 0 to 1. */
  readonly busyShare: number | undefined;
  /** Busy time over the packets that it was spent on. */
  readonly nsPerPacket: number | undefined;
  readonly drops: Drops;
}

interface QueueSnapshot {
  /** Undefined: all queues of the port together. */
  readonly queueId: number | undefined;
  readonly rates: Rates;
  readonly rx: BurstCounts;
  readonly tx: BurstCounts;
  /** Those that polled it or sent on it in the last while. */
  readonly threads: readonly Thread[];
  /** Of these, those that polled it. */
  readonly pollers: readonly Thread[];
}

export interface PortSnapshot {
  readonly info: PortInfo;
  readonly rates: Rates;
  readonly queues: readonly QueueSnapshot[];
}

interface ThreadSnapshot {
  readonly thread: Thread;
  readonly rates: Rates;
}

export interface ApplicationSnapshot {
  readonly pid: number;
  readonly name: string;
  readonly label: string;
  readonly filePrefix: string;
  readonly version: string;
  /** For how long bursts were counted. */
  readonly countedMs: number;
  readonly rates: Rates;
  readonly ports: readonly PortSnapshot[];
  readonly threads: readonly ThreadSnapshot[];
  /** Part of the time of a thread that polls which measuring takes, 0 to 1; undefined when it is not known. */
  readonly price: number | undefined;
  /** What the application itself says it dropped, packets a second by reason; undefined when it does not tell. */
  readonly drops: readonly { readonly reason: string; readonly pps: number }[] | undefined;
  readonly problem: string | undefined;
}

export interface Snapshot {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly intervalMs: number;
  readonly applications: readonly ApplicationSnapshot[];
}

const NO_DROPS: Drops = {
  missed: undefined,
  rxErrors: undefined,
  noMbuf: undefined,
  txErrors: undefined,
  refused: undefined,
  application: undefined,
};

/** An application that was not there before is left out: it has no rates yet. */
export function takeSnapshot(
  now: readonly ApplicationReading[],
  before: readonly ApplicationReading[],
  timeMs: number,
): Snapshot {
  const applications = now.flatMap((reading) => {
    const earlier = before.find(({ pid }) => pid === reading.pid);
    return earlier === undefined ? [] : [new Interval(reading, earlier).snapshot()];
  });
  const intervals = now.flatMap((reading) => {
    const earlier = before.find(({ pid }) => pid === reading.pid);
    return earlier === undefined ? [] : [reading.timeMs - earlier.timeMs];
  });
  return { timeMs, intervalMs: Math.max(0, ...intervals), applications };
}

class Interval {
  readonly #now: ApplicationReading;
  readonly #before: ApplicationReading;
  readonly #seconds: number;
  /** For how long bursts were counted, in its last while. */
  readonly #countedSeconds: number;
  /** What each thread did at each place in that while. */
  readonly #queues: readonly QueueReading[];

  constructor(now: ApplicationReading, before: ApplicationReading) {
    this.#now = now;
    this.#before = before;
    this.#seconds = Math.max(1e-6, (now.timeMs - before.timeMs) / 1000);
    this.#countedSeconds = now.recent.countedMs / 1000;
    this.#queues = now.recent.queues;
  }

  snapshot(): ApplicationSnapshot {
    const { pid, name, label, filePrefix, version, price, problem } = this.#now;
    const ports = this.#now.ports.map((info) => this.#port(info));
    const threads = this.#threads();
    const sum = (pick: (rates: Rates) => number | undefined): number | undefined =>
      sumOf(ports.map(({ rates }) => pick(rates)));
    const rates: Rates = {
      ...this.#bursts(this.#queues),
      ...this.#time(this.#now.recent.times.map(({ thread }) => thread)),
      rxPps: sum(({ rxPps }) => rxPps),
      txPps: sum(({ txPps }) => txPps),
      rxBps: sum(({ rxBps }) => rxBps),
      txBps: sum(({ txBps }) => txBps),
      drops: {
        missed: sum(({ drops }) => drops.missed),
        rxErrors: sum(({ drops }) => drops.rxErrors),
        noMbuf: sum(({ drops }) => drops.noMbuf),
        txErrors: sum(({ drops }) => drops.txErrors),
        refused: sum(({ drops }) => drops.refused),
        application: this.#applicationDrops(() => true),
      },
    };
    const countedMs = 1000 * this.#countedSeconds;
    const drops = this.#dropsByReason();
    const app = { pid, name, label, filePrefix, version, countedMs };
    return { ...app, rates, ports, threads, price, drops, problem };
  }

  #port(info: PortInfo): PortSnapshot {
    const { portId } = info;
    const mine = this.#queues.filter((queue) => queue.portId === portId);
    const ids = [...new Set(mine.map(({ queueId }) => queueId))].sort((a, b) => (a ?? 0) - (b ?? 0));
    const bursts = this.#bursts(mine);
    const counters = this.#counters(info);
    const drops = {
      ...(counters.drops ?? NO_DROPS),
      application: this.#applicationDrops((drop) => drop.portId === portId),
    };
    const queues = ids.map((queueId) => this.#queue(mine.filter((queue) => queue.queueId === queueId)));
    return { info, rates: { ...bursts, ...counters, drops }, queues };
  }

  #queue(mine: readonly QueueReading[]): QueueSnapshot {
    const rx = sumBursts(mine.filter(({ direction }) => direction === 'in'));
    const tx = sumBursts(mine.filter(({ direction }) => direction === 'out'));
    const active = mine.filter((queue) => callsOf(queue) > 0);
    const threads = threadsOf(active);
    const pollers = threadsOf(active.filter(({ direction }) => direction === 'in'));
    return { queueId: mine[0]!.queueId, rates: this.#bursts(mine), rx, tx, threads, pollers };
  }

  #dropsByReason(): ApplicationSnapshot['drops'] {
    const reasons = new Set(this.#now.drops?.map(({ reason }) => reason));
    return (
      this.#now.drops &&
      [...reasons].map((reason) => ({
        reason,
        pps: this.#applicationDrops((drop) => drop.reason === reason) ?? 0,
      }))
    );
  }

  /** Packets a second. */
  #applicationDrops(isWanted: (drop: DropReading) => boolean): number | undefined {
    const sum = (drops: readonly DropReading[] = []) =>
      drops.filter(isWanted).reduce((all, { packets }) => all + packets, 0);
    const { drops } = this.#now;
    return drops === undefined ? undefined : (sum(drops) - sum(this.#before.drops)) / this.#seconds;
  }

  /** The driver's own numbers, where it has some: they go over what was counted. */
  #counters(info: PortInfo): Partial<Rates> {
    const earlier = this.#before.ports.find(
      ({ portId, name }) => portId === info.portId && name === info.name,
    )?.counters;
    const { counters } = info;
    if (counters === undefined || earlier === undefined) return {};
    // Counters that were reset begin at 0 again.
    const rate = (now: bigint, before: bigint) => Number(now >= before ? now - before : now) / this.#seconds;
    const refused = this.#now.recent.refused.get(info.portId);
    return {
      rxPps: rate(counters.ipackets, earlier.ipackets),
      txPps: rate(counters.opackets, earlier.opackets),
      rxBps: 8 * rate(counters.ibytes, earlier.ibytes),
      txBps: 8 * rate(counters.obytes, earlier.obytes),
      drops: {
        missed: rate(counters.imissed, earlier.imissed),
        rxErrors: rate(counters.ierrors, earlier.ierrors),
        noMbuf: rate(counters.rxNombuf, earlier.rxNombuf),
        txErrors: rate(counters.oerrors, earlier.oerrors),
        refused:
          refused === undefined || this.#countedSeconds <= 0 ? undefined : refused / this.#countedSeconds,
        application: undefined,
      },
    };
  }

  #threads(): ThreadSnapshot[] {
    const threads = new Map<number, Thread>();
    for (const { thread } of [...this.#queues, ...this.#now.recent.times]) threads.set(thread.tid, thread);
    return [...threads.values()]
      .sort((a, b) => (a.lcore ?? 1e9) - (b.lcore ?? 1e9) || a.tid - b.tid)
      .map((thread) => ({
        thread,
        rates: {
          ...this.#bursts(this.#queues.filter((queue) => queue.thread.tid === thread.tid)),
          ...this.#time([thread]),
        },
      }));
  }

  #bursts(queues: readonly QueueReading[]): Rates {
    const rx = sumBursts(queues.filter(({ direction }) => direction === 'in'));
    const tx = sumBursts(queues.filter(({ direction }) => direction === 'out'));
    const seconds = this.#countedSeconds;
    const isCounted = queues.length > 0 && seconds > 0;
    const polls = callsOf(rx);
    return {
      rxPps: isCounted ? packetsOf(rx) / seconds : undefined,
      txPps: isCounted ? packetsOf(tx) / seconds : undefined,
      rxBps: undefined,
      txBps: undefined,
      rxBurst: averageBurst(rx),
      txBurst: averageBurst(tx),
      // A poll of a replay that brings nothing does not happen.
      emptyShare: polls === 0 || this.#now.kind === 'replay' ? undefined : emptyOf(rx) / polls,
      busyShare: undefined,
      nsPerPacket: undefined,
      drops: NO_DROPS,
    };
  }

  #time(threads: readonly Thread[]): Pick<Rates, 'busyShare' | 'nsPerPacket'> {
    let [busyNs, idleNs, packets] = [0, 0, 0];
    for (const { tid } of threads) {
      const time = this.#now.recent.times.find(({ thread }) => thread.tid === tid);
      busyNs += time?.busyNs ?? 0;
      idleNs += time?.idleNs ?? 0;
      packets += time?.packets ?? 0;
    }
    return {
      busyShare: busyNs + idleNs > 0 ? busyNs / (busyNs + idleNs) : undefined,
      nsPerPacket: packets > 0 ? busyNs / packets : undefined,
    };
  }
}

/** Each once. */
function threadsOf(queues: readonly QueueReading[]): Thread[] {
  return [...new Map(queues.map(({ thread }) => [thread.tid, thread])).values()];
}

function sumBursts(queues: readonly BurstCounts[]): BurstCounts {
  return queues.reduce(addBursts, NO_BURSTS);
}

function averageBurst(counts: BurstCounts): number | undefined {
  const bursts = callsOf(counts) - emptyOf(counts);
  return bursts === 0 ? undefined : packetsOf(counts) / bursts;
}

/** Undefined when none is known. */
function sumOf(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, number) => sum + number, 0);
}
