/**
 * Where things happen: processes, their threads, processors, ports. Each place exists once, however many streams and files name it,
 * so that what happened there lies on one line of a timeline.
 */
import { EnumerationValue, type FieldValue, type StructureValue } from '../ctf/index.ts';

export interface Process {
  /** Counted from 1, in the order of their appearance. */
  readonly number: number;
  readonly pid: number | undefined;
  readonly name: string;
}

export type PlaceKind = 'thread' | 'processor' | 'interface' | 'process';

export interface Place {
  /** Counted from 1, over all kinds. */
  readonly number: number;
  readonly kind: PlaceKind;
  readonly process: Process;
  /** For people: `lcore 1`, `eal-intr-thread`, `cpu 3`, `port 0`. */
  readonly name: string;
  readonly tid: number | undefined;
  readonly lcore: number | undefined;
  readonly cpu: number | undefined;
  /** As the system knows it. */
  readonly threadName: string | undefined;
}

/** What a trace says of a thread, in the contexts of packets and events. */
interface ThreadFacts {
  readonly tid: number | undefined;
  readonly lcore: number | undefined;
  readonly cpu: number | undefined;
  readonly threadName: string | undefined;
}

/** Places of a hostile trace that names more: they are one. */
const MOST_PLACES = 1 << 16;
const NO_LCORE = 0xffff_ffff;

export class Places {
  readonly #processes = new Map<string, Process>();
  readonly #places = new Map<string, Place>();

  /** @param name what it is called when nobody knows it by its pid */
  process(pid: number | undefined, name: string): Process {
    const key = pid === undefined ? `name ${name}` : `pid ${pid}`;
    const known = this.#processes.get(key);
    if (known !== undefined) return known;
    const made = { number: this.#processes.size + 1, pid, name };
    if (this.#processes.size < MOST_PLACES) this.#processes.set(key, made);
    return made;
  }

  /** The thread or the processor that contexts tell of; the process itself when they tell nothing. */
  ofContext(process: Process, context: StructureValue): Place {
    const { tid, lcore, cpu, threadName } = threadFacts(context);
    if (tid === undefined && lcore === undefined && threadName === undefined) {
      if (cpu === undefined) return this.ofProcess(process);
      return this.#place('processor', process, `cpu ${cpu}`, `cpu ${cpu}`, { cpu });
    }
    const key = tid === undefined ? `${threadName ?? ''} ${lcore ?? ''}` : String(tid);
    const name = lcore === undefined ? (threadName ?? `thread ${tid}`) : `lcore ${lcore}`;
    return this.#place('thread', process, key, name, { tid, lcore, cpu, threadName });
  }

  ofProcess(process: Process): Place {
    return this.#place('process', process, '', process.name, {});
  }

  ofInterface(process: Process, key: string, name: string): Place {
    return this.#place('interface', process, key, name, {});
  }

  #place(kind: PlaceKind, process: Process, key: string, name: string, facts: Partial<ThreadFacts>): Place {
    const whole = `${process.number} ${kind} ${key}`;
    const known = this.#places.get(whole);
    if (known !== undefined) return known;
    if (this.#places.size >= MOST_PLACES && kind !== 'process') return this.ofProcess(process);
    const { tid, lcore, cpu, threadName } = facts;
    const made = { number: this.#places.size + 1, kind, process, name, tid, lcore, cpu, threadName };
    this.#places.set(whole, made);
    return made;
  }
}

/** Names as hone's recordings, LTTng and rte_trace have them. */
function threadFacts(context: StructureValue): ThreadFacts {
  const lcore = integer(context.lcore_id);
  const name = text(context.thread_name) ?? text(context.procname) ?? text(context.name);
  return {
    // No thread has the number 0: hone writes it where it does not know one.
    tid: (integer(context.tid) ?? integer(context.vtid)) || undefined,
    lcore: lcore === NO_LCORE ? undefined : lcore,
    cpu: integer(context.cpu_id),
    threadName: name === '' ? undefined : name,
  };
}

/** A field as a number, where it is an integer that fits into one. */
export function integer(value: FieldValue): number | undefined {
  const bare = value instanceof EnumerationValue ? value.value : value;
  if (typeof bare === 'number') return Number.isInteger(bare) ? bare : undefined;
  if (typeof bare !== 'bigint') return undefined;
  const number = Number(bare);
  return Number.isSafeInteger(number) ? number : undefined;
}

export function text(value: FieldValue): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof EnumerationValue ? (value.labels[0] ?? String(value.value)) : undefined;
}
