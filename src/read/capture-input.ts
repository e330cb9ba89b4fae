/**
 * One capture file as records. What is damaged ends it: everything before is given, then `damage` says what and where.
 */
import { setImmediate } from 'node:timers/promises';
import type { FormatError } from '../base/index.ts';
import { type CaptureReader, type CaptureRecord, createCaptureReader } from '../pcapng/index.ts';
import type { ByteSource } from './byte-source.ts';
import { damageOf } from './damage.ts';
import type { RecordInput } from './record-input.ts';

const BUFFER_BYTES = 256 << 10;

export class CaptureInput implements RecordInput {
  readonly passedOver = 0;
  readonly source: ByteSource;
  damage: FormatError | undefined;

  readonly #reader: CaptureReader = createCaptureReader();
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #isOver = false;

  /** Takes over `source`. */
  constructor(source: ByteSource) {
    this.source = source;
  }

  read(): CaptureRecord | undefined {
    if (this.#isOver) return undefined;
    try {
      return this.#reader.read();
    } catch (error) {
      this.#end(error);
      return undefined;
    }
  }

  borrowRecord(): Uint8Array {
    return this.#reader.borrowBytes();
  }

  async fill(): Promise<boolean> {
    if (this.#isOver) return false;
    try {
      const count = await this.source.read(this.#buffer);
      await setImmediate();
      if (count === 0) this.#finish();
      else this.#reader.push(this.#buffer.subarray(0, count));
    } catch (error) {
      this.#end(error);
    }
    return !this.#isOver;
  }

  close(): void {
    this.#isOver = true;
    this.source.close();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#reader.end();
    this.#isOver = true;
  }

  #end(error: unknown): void {
    this.#isOver = true;
    this.damage = damageOf(this.source, error);
  }
}
