/**
 * Takes readings of one application: its ports' own counters, which cost it nothing, and short whiles in which its bursts are
 * counted and its threads' time is measured. Counting all the time would take several percent of a saturated thread. What the
 * target refuses is said in the reading, and what needs it is unknown; the ports' counters are there in any case.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HoneError, PeerError } from '../base/index.ts';
import type { OpenApplication, PortInfo } from '../target/index.ts';
import { BurstFeed, measureTime } from './burst-feed.ts';
import { type BurstScript, compileBurstScript } from './burst-script.ts';
import {
  type ApplicationReading,
  addBursts,
  burstsSince,
  packetsOf,
  type QueueReading,
  type ThreadTime,
} from './reading.ts';

/** Bursts are counted for so long, once a reading. */
const COUNT_MS = 30;

export class ApplicationSampler {
  readonly application: OpenApplication;
  #burst: BurstScript | undefined;
  /** The ports that the script is for. */
  #shape = '';
  #problem: string | undefined;
  #queues: readonly QueueReading[] = [];
  #countedMs = 0;
  #times: readonly ThreadTime[] = [];
  readonly #refused = new Map<number, number>();

  constructor(application: OpenApplication) {
    this.application = application;
  }

  /** @throws PeerError PEER_GONE when the application has ended, PEER_PROTOCOL when it breaks the rules */
  async read(): Promise<ApplicationReading> {
    const { application } = this;
    const { info } = application.target;
    await this.#prepare(await application.target.listPorts());
    if (this.#burst !== undefined) await this.#tryTrace(() => this.#count(this.#burst!));
    // A replay has no polls that bring nothing.
    if (this.#burst !== undefined && info.kind === 'dpdk') await this.#tryTrace(() => this.#measureTime());
    const ports = await application.target.listPorts();
    return {
      pid: application.pid,
      name: application.name,
      label: application.label,
      filePrefix: info.filePrefix,
      version: info.version,
      kind: info.kind,
      timeMs: performance.now(),
      ports,
      countedMs: this.#countedMs,
      queues: this.#queues,
      times: this.#times,
      refused: new Map(this.#refused),
      problem: this.#problem,
    };
  }

  close(): void {
    this.application.target.close();
  }

  /** Compiles for the ports and queues that there are now. */
  async #prepare(ports: readonly PortInfo[]): Promise<void> {
    this.#problem = undefined;
    const shape = JSON.stringify(ports.map(({ portId, rxQueues, txQueues }) => [portId, rxQueues, txQueues]));
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#burst = compileBurstScript(ports);
    }
    const uncounted = this.#burst?.uncounted ?? [];
    if (uncounted.length === 0) return;
    this.#problem = `bursts of ports ${uncounted.join(', ')} are not counted: too many ports`;
  }

  async #count(burst: BurstScript): Promise<void> {
    const { target } = this.application;
    const feed = await BurstFeed.start(target, burst);
    try {
      const portsBefore = await target.listPorts();
      const before = await feed.read();
      const startMs = performance.now();
      await sleep(COUNT_MS);
      const after = await feed.read();
      this.#countedMs += performance.now() - startMs;
      this.#countRefused(portsBefore, before, await target.listPorts(), after);
      const since = after.map((queue) => ({
        ...queue,
        ...burstsSince(
          queue,
          before.find((earlier) => isSamePlace(earlier, queue)),
        ),
      }));
      this.#queues = sumByThread([...this.#queues, ...since]);
      const unplaced = feed.unplacedCalls;
      if (unplaced > 0n) this.#problem = `${unplaced} calls of threads beyond those that fit are not counted`;
    } finally {
      feed.close();
    }
  }

  async #measureTime(): Promise<void> {
    this.#times = addTimes(this.#times, await measureTime(this.application.target));
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

  /**
   * Offered less sent is refused. The driver was asked before the programs at the start and after them at the end, so that what it
   * has sent in between is never too small, and the difference never too large.
   */
  #countRefused(
    portsBefore: readonly PortInfo[],
    before: readonly QueueReading[],
    portsAfter: readonly PortInfo[],
    after: readonly QueueReading[],
  ): void {
    for (const { portId, counters } of portsAfter) {
      const earlier = portsBefore.find((port) => port.portId === portId)?.counters;
      if (counters === undefined || earlier === undefined || counters.opackets < earlier.opackets) continue;
      const offered = offeredTo(portId, after) - offeredTo(portId, before);
      const refused = Math.max(0, offered - Number(counters.opackets - earlier.opackets));
      this.#refused.set(portId, (this.#refused.get(portId) ?? 0) + refused);
    }
  }
}

function isSamePlace(a: QueueReading, b: QueueReading): boolean {
  return (
    a.portId === b.portId &&
    a.queueId === b.queueId &&
    a.direction === b.direction &&
    a.thread.tid === b.thread.tid
  );
}

function offeredTo(portId: number, queues: readonly QueueReading[]): number {
  return queues
    .filter((queue) => queue.portId === portId && queue.direction === 'out')
    .reduce((sum, queue) => sum + packetsOf(queue), 0);
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
