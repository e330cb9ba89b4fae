/**
 * Takes readings of one application: its ports' own counters, which cost it nothing, and short whiles in which its bursts are
 * counted and its threads' time is measured. Counting all the time would take several percent of a saturated thread. What the
 * target refuses is said in the reading, and what needs it is unknown; the ports' counters are there in any case.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HoneError, PeerError } from '../base/index.ts';
import type { OpenApplication, PortInfo } from '../target/index.ts';
import { BurstFeed, LONGEST_WHILE_MS, measureTime } from './burst-feed.ts';
import { type BurstScript, compileBurstScript } from './burst-script.ts';
import { DropFeed } from './drop-feed.ts';
import {
  type ApplicationReading,
  addBursts,
  burstsSince,
  callsOf,
  type Measured,
  NOTHING_MEASURED,
  packetsOf,
  type QueueReading,
  type ThreadTime,
} from './reading.ts';

/** Bursts are counted for so long, or until somebody polls. */
const COUNT_MS = 30;
/** Not oftener than this: a while takes some 7 ms of a saturated thread (`npm run bench -- top`), together at most 1 %. */
const PAUSE_MS = 2000;

type Watched = Pick<OpenApplication, 'pid' | 'name' | 'label' | 'target'>;

export class ApplicationSampler {
  readonly application: Watched;
  readonly #burstsOnly: boolean;
  #drops: DropFeed | undefined;
  #burst: BurstScript | undefined;
  /** The ports that the script is for. */
  #shape = '';
  #problem: string | undefined;
  #total: Measured = NOTHING_MEASURED;
  #recent: Measured = NOTHING_MEASURED;
  #nextMs = 0;

  /**
   * @param application its target is closed with this
   * @param options burstsOnly: the caller looks at the time of threads and at drops itself: a reading has no `times` and no `drops`
   */
  constructor(application: Watched, options: { readonly burstsOnly?: boolean } = {}) {
    this.application = application;
    this.#burstsOnly = options.burstsOnly ?? false;
  }

  /** @throws PeerError PEER_GONE when the application has ended, PEER_PROTOCOL when it breaks the rules */
  async read(): Promise<ApplicationReading> {
    const { application } = this;
    const { info } = application.target;
    let ports = await application.target.listPorts();
    await this.#prepare(ports);
    if (performance.now() >= this.#nextMs) {
      this.#nextMs = performance.now() + PAUSE_MS;
      await this.#measure();
      ports = await application.target.listPorts();
    }
    const drops = await this.#drops?.read();
    return {
      pid: application.pid,
      name: application.name,
      label: application.label,
      filePrefix: info.filePrefix,
      version: info.version,
      kind: info.kind,
      timeMs: performance.now(),
      ports,
      total: { ...this.#total, programNs: this.#total.programNs + (this.#drops?.programNs ?? 0) },
      recent: this.#recent,
      drops,
      price: this.#price(),
      problem: this.#problem,
    };
  }

  close(): void {
    this.#drops?.close();
    this.application.target.close();
  }

  /** Compiles for the ports and queues that there are now. */
  async #prepare(ports: readonly PortInfo[]): Promise<void> {
    const shape = JSON.stringify(ports.map(({ portId, rxQueues, txQueues }) => [portId, rxQueues, txQueues]));
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#burst = compileBurstScript(ports);
    this.#nextMs = 0;
    const { target } = this.application;
    if (this.#drops === undefined && target.info.kind === 'dpdk' && !this.#burstsOnly) {
      await this.#tryTrace(async () => {
        this.#drops = await DropFeed.start(target);
      });
    }
  }

  #price(): number | undefined {
    const { countedMs, times, programNs } = this.#recent;
    return countedMs === 0 ? undefined : programNs / Math.max(1, times.length) / (1e6 * PAUSE_MS);
  }

  async #measure(): Promise<void> {
    const burst = this.#burst;
    this.#recent = NOTHING_MEASURED;
    this.#problem = undefined;
    if (burst === undefined) return;
    const { uncounted } = burst;
    if (uncounted.length > 0) {
      this.#problem = `bursts of ports ${uncounted.join(', ')} are not counted: too many ports`;
    }
    await this.#tryTrace(async () => {
      this.#recent = await this.#count(burst);
    });
    const { target } = this.application;
    // A replay has no polls that bring nothing.
    if (target.info.kind === 'dpdk' && !this.#burstsOnly) {
      await this.#tryTrace(async () => {
        const { times, programNs } = await measureTime(target);
        this.#recent = { ...this.#recent, times, programNs: this.#recent.programNs + programNs };
      });
    }
    this.#total = addMeasured(this.#total, this.#recent);
  }

  async #count(burst: BurstScript): Promise<Measured> {
    const { target } = this.application;
    const feed = await BurstFeed.start(target, burst);
    try {
      const portsBefore = await target.listPorts();
      const before = await feed.read();
      const startMs = performance.now();
      let after: QueueReading[];
      do {
        await sleep(COUNT_MS);
        after = await feed.read();
      } while (callsIn(after) === callsIn(before) && performance.now() - startMs < LONGEST_WHILE_MS);
      const countedMs = performance.now() - startMs;
      const refused = countRefused(portsBefore, before, await target.listPorts(), after);
      const queues = after.map((queue) => ({
        ...queue,
        ...burstsSince(
          queue,
          before.find((earlier) => isSamePlace(earlier, queue)),
        ),
      }));
      const unplaced = feed.unplacedCalls;
      if (unplaced > 0n) this.#problem = `${unplaced} calls of threads beyond those that fit are not counted`;
      return { countedMs, queues, times: [], refused, programNs: feed.programNs };
    } finally {
      feed.close();
    }
  }

  /** What the target refuses is a problem, not the end. */
  async #tryTrace(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      if (error instanceof PeerError && error.code !== 'PEER_REFUSED') throw error;
      this.#problem = error.message;
    }
  }
}

/**
 * Offered less sent is refused. The driver was asked before the programs at the start and after them at the end, so that what it
 * has sent in between is never too small, and the difference never too large.
 */
function countRefused(
  portsBefore: readonly PortInfo[],
  before: readonly QueueReading[],
  portsAfter: readonly PortInfo[],
  after: readonly QueueReading[],
): Map<number, number> {
  const refused = new Map<number, number>();
  for (const { portId, counters } of portsAfter) {
    const earlier = portsBefore.find((port) => port.portId === portId)?.counters;
    if (counters === undefined || earlier === undefined || counters.opackets < earlier.opackets) continue;
    const offered = offeredTo(portId, after) - offeredTo(portId, before);
    refused.set(portId, Math.max(0, offered - Number(counters.opackets - earlier.opackets)));
  }
  return refused;
}

function isSamePlace(a: QueueReading, b: QueueReading): boolean {
  return (
    a.portId === b.portId &&
    a.queueId === b.queueId &&
    a.direction === b.direction &&
    a.thread.tid === b.thread.tid
  );
}

function callsIn(queues: readonly QueueReading[]): number {
  return queues.reduce((sum, queue) => sum + callsOf(queue), 0);
}

function offeredTo(portId: number, queues: readonly QueueReading[]): number {
  return queues
    .filter((queue) => queue.portId === portId && queue.direction === 'out')
    .reduce((sum, queue) => sum + packetsOf(queue), 0);
}

function addMeasured(a: Measured, b: Measured): Measured {
  const refused = new Map(a.refused);
  for (const [portId, count] of b.refused) refused.set(portId, (refused.get(portId) ?? 0) + count);
  return {
    countedMs: a.countedMs + b.countedMs,
    queues: sumByThread([...a.queues, ...b.queues]),
    times: addTimes(a.times, b.times),
    refused,
    programNs: a.programNs + b.programNs,
  };
}

/** One reading for each thread and place. */
function sumByThread(queues: readonly QueueReading[]): QueueReading[] {
  const sums = new Map<string, QueueReading>();
  for (const queue of queues) {
    const key = [queue.portId, queue.queueId, queue.direction, queue.thread.tid].join();
    const known = sums.get(key);
    sums.set(key, known === undefined ? queue : { ...known, ...addBursts(known, queue) });
  }
  return [...sums.values()];
}

function addTimes(known: readonly ThreadTime[], more: readonly ThreadTime[]): ThreadTime[] {
  const sums = new Map(known.map((time) => [time.thread.tid, time]));
  for (const time of more) {
    const before = sums.get(time.thread.tid);
    sums.set(time.thread.tid, {
      thread: time.thread,
      busyNs: (before?.busyNs ?? 0) + time.busyNs,
      idleNs: (before?.idleNs ?? 0) + time.idleNs,
      packets: (before?.packets ?? 0) + time.packets,
    });
  }
  return [...sums.values()];
}
