/**
 * Takes readings of one application: its ports' own counters, its bursts, its threads' time. What the target refuses is said
 * in the reading, and what needs it is unknown; the ports' counters are there in any case. Ports and queues that come and
 * go begin a new count, which goes on from the old one.
 */
import { HoneError, PeerError } from '../base/index.ts';
import type { OpenApplication, PortInfo } from '../target/index.ts';
import { BurstFeed, measureTime } from './burst-feed.ts';
import { type BurstScript, compileBurstScript } from './burst-script.ts';
import {
  type ApplicationReading,
  addBursts,
  packetsOf,
  type QueueReading,
  type ThreadTime,
} from './reading.ts';

/** Packets sent, of one port: by the programs' count, and by the driver's at the start of the count. */
interface RefusedBase {
  /** What was refused in counts before this one. */
  readonly before: number;
  readonly opackets: bigint;
}

export class ApplicationSampler {
  readonly application: OpenApplication;
  #feed: BurstFeed | undefined;
  #burst: BurstScript | undefined;
  /** The ports that the count was started for. */
  #shape = '';
  #problem: string | undefined;
  /** Of counts that have ended. */
  #ended: readonly QueueReading[] = [];
  #queues: readonly QueueReading[] = [];
  #times: readonly ThreadTime[] = [];
  #bases = new Map<number, RefusedBase>();
  #refused = new Map<number, number>();

  constructor(application: OpenApplication) {
    this.application = application;
  }

  /** Begins to count, so that the first reading has something to say. @throws PeerError PEER_GONE */
  async start(): Promise<void> {
    await this.#follow(await this.application.target.listPorts());
  }

  /** @throws PeerError PEER_GONE when the application has ended, PEER_PROTOCOL when it breaks the rules */
  async read(): Promise<ApplicationReading> {
    const { application } = this;
    const { info } = application.target;
    await this.#measureTime();
    const queues = await this.#readQueues();
    const ports = await application.target.listPorts();
    const timeMs = performance.now();
    this.#countRefused(ports, queues);
    const sums = sumByThread([...this.#ended, ...queues]);
    await this.#follow(ports);
    return {
      pid: application.pid,
      name: application.name,
      label: application.label,
      filePrefix: info.filePrefix,
      version: info.version,
      kind: info.kind,
      timeMs,
      ports,
      queues: sums,
      times: this.#times,
      refused: new Map(this.#refused),
      problem: this.#problem,
    };
  }

  close(): void {
    this.#feed?.close();
    this.#feed = undefined;
    this.application.target.close();
  }

  /** Counts at the ports and queues that there are now. */
  async #follow(ports: readonly PortInfo[]): Promise<void> {
    const shape = JSON.stringify(
      ports.map(({ portId, name, rxQueues, txQueues }) => [portId, name, rxQueues, txQueues]),
    );
    if (shape === this.#shape) return;
    this.#shape = shape;
    if (this.#feed !== undefined) {
      this.#ended = sumByThread([...this.#ended, ...(await this.#readQueues())]);
      this.#queues = [];
      this.#feed.close();
      this.#feed = undefined;
    }
    this.#bases = new Map();
    this.#burst = compileBurstScript(ports);
    this.#problem = undefined;
    if (this.#burst === undefined) return;
    if (this.#burst.uncounted.length > 0) {
      this.#problem = `bursts of ports ${this.#burst.uncounted.join(', ')} are not counted: too many ports`;
    }
    await this.#tryTrace(async () => {
      this.#feed = await BurstFeed.start(this.application.target, this.#burst!);
      for (const { portId, counters } of await this.application.target.listPorts()) {
        const before = this.#refused.get(portId) ?? 0;
        if (counters !== undefined) this.#bases.set(portId, { before, opackets: counters.opackets });
      }
    });
  }

  async #readQueues(): Promise<readonly QueueReading[]> {
    await this.#tryTrace(async () => {
      if (this.#feed === undefined) return;
      this.#queues = await this.#feed.read();
      const unplaced = this.#feed.unplacedCalls;
      if (unplaced > 0n) this.#problem = `${unplaced} calls of threads beyond those that fit are not counted`;
    });
    return this.#queues;
  }

  async #measureTime(): Promise<void> {
    // A replay has no polls that bring nothing.
    if (this.#feed === undefined || this.application.target.info.kind === 'replay') return;
    await this.#tryTrace(async () => {
      this.#times = addTimes(this.#times, await measureTime(this.application.target));
    });
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
   * Offered less sent is refused. The driver was asked after the programs, so that it has sent at least what it had when they
   * counted: the difference is never too large. It is too small by what was sent in between.
   */
  #countRefused(ports: readonly PortInfo[], queues: readonly QueueReading[]): void {
    for (const { portId, counters } of ports) {
      const base = this.#bases.get(portId);
      if (base === undefined || counters === undefined || counters.opackets < base.opackets) continue;
      const offered = queues
        .filter((queue) => queue.portId === portId && queue.direction === 'out')
        .reduce((sum, queue) => sum + packetsOf(queue), 0);
      const refused = base.before + offered - Number(counters.opackets - base.opackets);
      this.#refused.set(portId, Math.max(this.#refused.get(portId) ?? 0, refused));
    }
  }
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
