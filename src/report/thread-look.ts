/**
 * Time of the threads that poll, busy or idle as watch/burst-script.ts has it, and how the times between polls spread; for a part
 * of each second.
 */
import { readFileSync } from 'node:fs';
import type { LcoreObservation } from '../findings/index.ts';
import type { CompiledScript } from '../script/index.ts';
import type { Target } from '../target/index.ts';
import { compileProbes, numbersOf, pollTimes, type WriterContents } from '../watch/index.ts';
import { lookFor, numberOf, numbersByKey } from './look.ts';

const SCRIPT = pollTimes('@gaps = hist($gap); @longest = max($gap);');
const ASKED = 'dpdk:rx_poll { @asked[args.port, args.queue] = max(args.max); }';
const ASKED_MS = 20;
const MOST_QUEUES = 4096;

/** Sums of several looks. */
export class ThreadLooks {
  readonly #target: Target;
  readonly #pid: number;
  readonly #threads = new Map<number, LcoreObservation>();
  readonly #switchesBefore = new Map<number, number | undefined>();
  #script: CompiledScript | undefined;
  programNs = 0;
  /** Of the busiest thread in the last look, 0 to 1. */
  busyShare: number | undefined;

  constructor(target: Target, pid: number) {
    this.#target = target;
    this.#pid = pid;
  }

  /** @throws PeerError */
  async look(ms: number): Promise<void> {
    this.#script ??= compileProbes(SCRIPT);
    const { writers, seconds, programNs } = await lookFor(this.#target, this.#script, ms);
    this.programNs += programNs;
    const shares: number[] = [];
    for (const writer of writers) {
      const [busyNs, idleNs] = ['@busy', '@idle'].map((map) => numberOf(writer, map) ?? 0) as [
        number,
        number,
      ];
      // No thread has more time than there was, whatever its memory says.
      if (busyNs + idleNs === 0 || busyNs + idleNs > 2e9 * seconds + 1e9) continue;
      shares.push(busyNs / (busyNs + idleNs));
      this.#add(writer, seconds, busyNs, idleNs);
    }
    this.busyShare = shares.length === 0 ? undefined : Math.max(...shares);
  }

  observe(): LcoreObservation[] {
    return [...this.#threads.values()]
      .map((thread) => ({ ...thread, involuntarySwitches: this.#switchesSince(thread.tid) }))
      .sort((a, b) => (a.lcore ?? 1e9) - (b.lcore ?? 1e9) || a.tid - b.tid);
  }

  #add(writer: WriterContents, seconds: number, busyNs: number, idleNs: number): void {
    const { tid, lcore, name } = writer;
    if (!this.#switchesBefore.has(tid)) this.#switchesBefore.set(tid, involuntarySwitches(this.#pid, tid));
    const known = this.#threads.get(tid);
    const gaps = gapsOf(writer);
    this.#threads.set(tid, {
      ...{ tid, lcore, name },
      measuredSeconds: (known?.measuredSeconds ?? 0) + seconds,
      busyNs: (known?.busyNs ?? 0) + busyNs,
      idleNs: (known?.idleNs ?? 0) + idleNs,
      packets: (known?.packets ?? 0) + (numberOf(writer, '@packets') ?? 0),
      pollGaps: gaps.map((count, n) => count + (known?.pollGaps?.[n] ?? 0)),
      longestGapNs: Math.max(known?.longestGapNs ?? 0, numberOf(writer, '@longest') ?? 0),
      involuntarySwitches: undefined,
    });
  }

  #switchesSince(tid: number): number | undefined {
    const [before, now] = [this.#switchesBefore.get(tid), involuntarySwitches(this.#pid, tid)];
    return before === undefined || now === undefined ? undefined : Math.max(0, now - before);
  }
}

/** The largest burst that is asked for at each queue, by `PORT QUEUE`. @throws PeerError */
export async function lookForAskedBursts(target: Target): Promise<Map<string, number>> {
  const script = compileProbes(ASKED, { mostKeys: MOST_QUEUES });
  const { writers } = await lookFor(target, script, ASKED_MS);
  const asked = new Map<string, number>();
  for (const writer of writers) {
    for (const [place, burst] of numbersByKey(script, writer, '@asked')) {
      asked.set(place, Math.max(burst, asked.get(place) ?? 0));
    }
  }
  return asked;
}

/** Index n: 2^n to 2^(n+1) - 1 ns. The map's first buckets are: below 0, 0, 1, 2 and 3 ... */
function gapsOf({ contents }: WriterContents): number[] {
  const [, none = 0, one = 0, ...others] = numbersOf(contents('@gaps')[0]?.value ?? new Uint8Array(0));
  return [none + one, ...others];
}

/** proc_pid_status(5); undefined when it cannot be read. */
function involuntarySwitches(pid: number, tid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8');
    const count = /^nonvoluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}
