/** `-T fields`: the values of chosen fields, a line a packet, laid out as tshark's -E says. */
import type { OutputStream } from '../output/index.ts';
import type { PacketRecord } from '../pcapng/index.ts';
import { dissectRecord } from './dissect-record.ts';
import type { FieldColumn } from './field-column.ts';
import type { FieldsLayout } from './fields-layout.ts';
import type { RecordSink } from './record-sink.ts';
import { TextStream } from './text-stream.ts';

export class FieldsSink implements RecordSink {
  readonly #text: TextStream;
  readonly #columns: readonly FieldColumn[];
  readonly #layout: FieldsLayout;

  /** Takes over `stream`. */
  constructor(stream: OutputStream, columns: readonly FieldColumn[], layout: FieldsLayout) {
    this.#text = new TextStream(stream);
    this.#columns = columns;
    this.#layout = layout;
    // Short enough never to wait.
    if (layout.bom) void this.#text.put('\ufeff');
    if (layout.header) void this.#text.put(`${columns.map(({ name }) => name).join(layout.separator)}\n`);
  }

  putPacket(record: PacketRecord, number: number): Promise<void> | undefined {
    const packet = dissectRecord(record, number);
    const { separator } = this.#layout;
    const cells = this.#columns.map((column) => this.#formatCell(column.read(packet)));
    return this.#text.put(`${cells.join(separator)}\n`);
  }

  flush(): Promise<void> {
    return this.#text.flush();
  }

  finish(): Promise<void> {
    return this.#text.close();
  }

  #formatCell(values: readonly string[]): string {
    const { occurrence, aggregator, quote } = this.#layout;
    if (values.length === 0) return '';
    const chosen = occurrence === 'a' ? values : [values.at(occurrence === 'f' ? 0 : -1)!];
    return `${quote}${chosen.join(aggregator)}${quote}`;
  }
}
