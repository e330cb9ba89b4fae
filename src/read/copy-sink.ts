/**
 * Records as they are, from one file into one of the same format: byte order, sections, options and blocks that nobody
 * knows stay what they are.
 */
import type { CaptureWalker } from '../bpf/classic.ts';
import type { OutputStream } from '../output/index.ts';
import type { RecordOrigin, RecordSink } from './record-sink.ts';

export class CopySink implements RecordSink {
  readonly #stream: OutputStream;

  /** Takes over `stream`. */
  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  putPacket(_packet: unknown, _number: number, origin: RecordOrigin): Promise<void> | undefined {
    return this.#stream.put(origin.borrowRecord());
  }

  putOther(_record: unknown, origin: RecordOrigin): Promise<void> | undefined {
    return this.#stream.put(origin.borrowRecord());
  }

  putMatches(walker: CaptureWalker): Promise<void> | undefined {
    return this.#stream.put(walker.takeRecords());
  }

  flush(): Promise<void> {
    return this.#stream.flush();
  }

  finish(): Promise<void> {
    return this.#stream.close();
  }
}
