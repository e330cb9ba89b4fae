/**
 * Several captures as one: their packets in time order, as mergecap has it. It never sorts: the order within a file
 * stays, and of packets with the same time that of the file named first comes first. A packet without a time goes
 * before all others. In append order the files come one after another.
 */
import { Heap } from '../base/index.ts';
import type { CaptureRecord, PacketRecord } from '../pcapng/index.ts';
import type { RecordInput } from './record-input.ts';

const NO_TIME = -1n;

interface Lane {
  readonly input: RecordInput;
  readonly index: number;
  /** What comes next of this file; its bytes are borrowed from it. */
  head: PacketRecord | undefined;
}

export class RecordFeed {
  /** Of the record that was given last: the place of its file among the inputs. */
  inputIndex = 0;

  readonly #inputs: readonly RecordInput[];
  readonly #inTimeOrder: boolean;
  /** Those that have a head, the next packet first. */
  readonly #heap = new Heap<Lane>(isBefore);
  /** Those that have none yet, the one to read from last. */
  readonly #hungry: Lane[];

  constructor(inputs: readonly RecordInput[], order: 'time' | 'append') {
    this.#inputs = inputs;
    this.#inTimeOrder = order === 'time' && inputs.length > 1;
    this.#hungry = inputs.map((input, index) => ({ input, index, head: undefined })).reverse();
  }

  /** The next record; undefined when `fill` must be called first. Its bytes are borrowed until the next call. */
  read(): CaptureRecord | undefined {
    const lane = this.#hungry.at(-1);
    if (lane === undefined) return this.#giveHead();
    const record = lane.input.read();
    this.inputIndex = lane.index;
    if (record?.type !== 'packet' || !this.#inTimeOrder) return record;
    lane.head = record;
    this.#hungry.pop();
    this.#heap.push(lane);
    return this.read();
  }

  /** @returns false when everything was read */
  async fill(): Promise<boolean> {
    const lane = this.#hungry.at(-1);
    if (lane === undefined) return this.#heap.size > 0;
    if (await lane.input.fill()) return true;
    this.#hungry.pop();
    return this.#hungry.length > 0 || this.#heap.size > 0;
  }

  /** See CaptureReader.borrowBytes. */
  borrowRecord(): Uint8Array {
    return this.#inputs[this.inputIndex]!.borrowRecord();
  }

  #giveHead(): CaptureRecord | undefined {
    const lane = this.#heap.pop();
    if (lane === undefined) return undefined;
    const record = lane.head;
    lane.head = undefined;
    this.#hungry.push(lane);
    this.inputIndex = lane.index;
    return record;
  }
}

function isBefore(a: Lane, b: Lane): boolean {
  const time = a.head?.timestampNs ?? NO_TIME;
  const other = b.head?.timestampNs ?? NO_TIME;
  return time === other ? a.index < b.index : time < other;
}
