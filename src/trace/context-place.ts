/** Whose event a hit is, into a trace context: what `tid`, `pid`, `lcore` and `comm` are for a script that reads a recording. */
import { type TraceMachine, traceContext } from '../bpf/index.ts';
import type { Place } from '../convert/index.ts';

const NO_LCORE = 0xffff_ffff;
const { tid, lcore, pid, comm, commBytes } = traceContext;
/** Where the words are that depend on the place. */
const OFFSETS: readonly number[] = [
  ...[tid, lcore, pid],
  ...Array.from({ length: commBytes / 4 }, (_, word) => comm + 4 * word),
];

export class ContextPlace {
  readonly #machine: TraceMachine;
  /** By the place's number: events of several streams alternate. */
  readonly #words: Uint32Array<ArrayBuffer>[] = [];
  #place: Place | undefined;

  constructor(machine: TraceMachine) {
    this.#machine = machine;
  }

  enter(place: Place): void {
    if (place === this.#place) return;
    this.#place = place;
    const words = this.wordsOf(place);
    const { view } = this.#machine;
    for (let index = 0; index < words.length; index++) view.setUint32(OFFSETS[index]!, words[index]!, true);
  }

  /** tid, lcore, pid and comm, as they lie in the context one after another. Borrowed. */
  wordsOf(place: Place): Uint32Array<ArrayBuffer> {
    const words = this.#words[place.number] ?? wordsOf(place);
    this.#words[place.number] = words;
    return words;
  }

  /** Somebody else has put places into the context. */
  forget(): void {
    this.#place = undefined;
  }
}

function wordsOf({ name, threadName = name, process, ...place }: Place): Uint32Array<ArrayBuffer> {
  const text = new Uint8Array(commBytes);
  new TextEncoder().encodeInto(threadName, text.subarray(0, -1));
  const view = new DataView(text.buffer);
  return Uint32Array.from(OFFSETS, (at, index) => {
    if (index > 2) return view.getUint32(at - comm, true);
    return [place.tid ?? 0, place.lcore ?? NO_LCORE, process.pid ?? 0][index]!;
  });
}
