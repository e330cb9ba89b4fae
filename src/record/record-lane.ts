/**
 * A writer of the application and its ring, as a recording sees them: what the heads of its packets say of it, and how many
 * events it lost.
 */
import { readFileSync } from 'node:fs';
import type { PacketHead } from '../ctf/index.ts';
import type { RecordRing, TraceFeed, TraceWriter } from '../target/index.ts';

/** cpu_id of a thread of which nobody knows where it runs. */
const NO_CPU = 0xffff_ffff;
/** A thread of a data plane is bound to its processor. */
const CPU_LOOK_MS = 1000;
/** In /proc/PID/task/TID/stat, counted behind the name and its parenthesis. */
const PROCESSOR_FIELD = 36;

/** What is known of a writer at a look. */
type WriterContext = Pick<PacketHead, 'streamInstance' | 'cpu' | 'lcore' | 'tid' | 'threadName'>;

export class RecordLane {
  readonly ring: RecordRing;
  readonly #feed: TraceFeed;
  readonly #pid: number;
  #writer: TraceWriter | undefined;
  #cpu = NO_CPU;
  #cpuTid = -1;
  #cpuMs = Number.NEGATIVE_INFINITY;

  constructor(ring: RecordRing, feed: TraceFeed, pid: number) {
    this.ring = ring;
    this.#feed = feed;
    this.#pid = pid;
  }

  /** Events that found no room since the start. */
  get lostEvents(): bigint {
    return this.#findWriter()?.lostEvents ?? 0n;
  }

  context(): WriterContext {
    const { tid = 0, lcore, name = '' } = this.#findWriter() ?? {};
    return { streamInstance: this.ring.ringId, cpu: this.#lookUpCpu(tid), lcore, tid, threadName: name };
  }

  /** Whoever wrote here stays known. */
  #findWriter(): TraceWriter | undefined {
    this.#writer ??= this.#feed.writers.find(({ number }) => number === this.ring.ringId);
    return this.#writer;
  }

  /** The processor that the thread was on last. */
  #lookUpCpu(tid: number): number {
    const nowMs = performance.now();
    const isSame = tid === this.#cpuTid;
    if (isSame && nowMs - this.#cpuMs < CPU_LOOK_MS) return this.#cpu;
    this.#cpuTid = tid;
    this.#cpuMs = nowMs;
    this.#cpu = readProcessor(this.#pid, tid) ?? (isSame ? this.#cpu : NO_CPU);
    return this.#cpu;
  }
}

function readProcessor(pid: number, tid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1');
    const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[PROCESSOR_FIELD];
    return field === undefined ? undefined : Number(field);
  } catch {
    // It has ended, or is another user's.
    return undefined;
  }
}
