/**
 * Packets of all captures into one pcapng file, as `hone read -w` makes it of them. Events have no place there: they are left out,
 * and counted.
 */
import type { CaptureRecord, PacketRecord } from '../pcapng/index.ts';
import type { RecordSink } from '../read/index.ts';
import type { CaptureSource } from './capture-source.ts';
import type { Item } from './item.ts';
import type { ItemSink } from './item-sink.ts';

interface Pending {
  readonly record: Exclude<CaptureRecord, PacketRecord>;
  readonly inputIndex: number;
  /** A copy. */
  readonly bytes: Uint8Array;
}

export class PcapngItemSink implements ItemSink {
  readonly #sink: RecordSink;
  readonly #captures: readonly CaptureSource[];
  /** Interfaces and what else is no packet, in front of the next packet. */
  #pending: Pending[] = [];
  #leftOut = 0;

  /**
   * Takes over `sink`.
   * @param captures all of the conversion, none of which was read from
   */
  constructor(sink: RecordSink, captures: readonly CaptureSource[]) {
    this.#sink = sink;
    this.#captures = captures;
    captures.forEach((capture, inputIndex) => {
      capture.onOther = (record) => {
        this.#pending.push({ record, inputIndex, bytes: capture.input.borrowRecord().slice() });
      };
    });
  }

  get notes(): readonly string[] {
    return this.#leftOut === 0 ? [] : [`${this.#leftOut} events left out: pcapng holds packets`];
  }

  put(item: Item): Promise<void> | undefined {
    if (item.kind === 'event') {
      this.#leftOut++;
      return undefined;
    }
    const { packet, number } = item;
    const inputIndex = this.#captures.findIndex((capture) => capture.item === item);
    const put = () =>
      this.#sink.putPacket(packet, number, {
        inputIndex,
        borrowRecord: () => this.#captures[inputIndex]!.input.borrowRecord(),
      });
    return this.#pending.length === 0 ? put() : this.#putPending().then(put);
  }

  async flush(): Promise<void> {
    await this.#putPending();
    await this.#sink.flush();
  }

  async finish(): Promise<void> {
    await this.#putPending();
    await this.#sink.finish();
  }

  async #putPending(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    for (const { record, inputIndex, bytes } of pending) {
      await this.#sink.putOther?.(record, { inputIndex, borrowRecord: () => bytes });
    }
  }
}
