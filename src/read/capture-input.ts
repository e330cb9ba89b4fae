/**
 * One capture file as records. What is damaged ends it: everything before is given, then `damage` says what and where.
 */
import { setImmediate } from 'node:timers/promises';
import { FormatError } from '../base/index.ts';
import { type CaptureReader, type CaptureRecord, createCaptureReader } from '../pcapng/index.ts';
import type { ByteSource } from './byte-source.ts';

const BUFFER_BYTES = 256 << 10;

export class CaptureInput {
  readonly source: ByteSource;
  /** Set when the file has ended before its time. */
  damage: FormatError | undefined;

  readonly #reader: CaptureReader = createCaptureReader();
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #isOver = false;

  /** Takes over `source`. */
  constructor(source: ByteSource) {
    this.source = source;
  }

  /** The next record; undefined when `fill` must be called first. Its bytes are borrowed until the next call. */
  read(): CaptureRecord | undefined {
    if (this.#isOver) return undefined;
    try {
      return this.#reader.read();
    } catch (error) {
      this.#end(error);
      return undefined;
    }
  }

  /** See CaptureReader.borrowBytes. */
  borrowRecord(): Uint8Array {
    return this.#reader.borrowBytes();
  }

  /**
   * Reads on, after `read` has given undefined; lets the process answer signals.
   * @returns false when nothing more will come
   * @throws SysError
   */
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

  /** Nothing more is read: what is open is closed, and a `fill` that waits ends. */
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
    if (!(error instanceof FormatError)) throw error;
    this.damage = new FormatError(`${this.source.name}: ${error.message}`, error.offsetBytes, {
      cause: error,
    });
  }
}
