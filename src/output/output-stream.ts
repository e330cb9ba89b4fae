/**
 * Bytes to a file descriptor in large writes: short pieces are gathered, long ones go out straight from where they
 * lie. A pipe that is full is waited for without blocking the process. What it does not know is what the
 * bytes mean: a format tells it where whole records end, so that a file can be cut there when a write fails.
 */
import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';
import { HoneError, SysError } from '../base/index.ts';

/** Room for what is gathered. */
export const STAGING_BYTES: number = 1 << 20;
/** From this length on copying costs more than a write of its own. */
const DIRECT_BYTES = 256 << 10;
const FULL_PIPE_PAUSE_MS = 1;

/** Whoever read our pipe or socket has gone: not a fault, the end. */
export class ReaderGoneError extends HoneError {
  constructor(name: string) {
    super('READER_GONE', `nobody reads ${name} any more`);
  }
}

/** An error of where the bytes go, not of where they come from: then there is nothing to complete. */
export function isOfOutput(error: unknown): boolean {
  return error instanceof ReaderGoneError || (error instanceof SysError && error.syscall === 'write');
}

export interface OutputStreamOptions {
  /** For messages. */
  readonly name: string;
  readonly fd: number;
  /** `STAGING_BYTES`, lent until the stream is closed. */
  readonly staging?: Uint8Array;
  /** The descriptor is not ours to close. */
  readonly isShared?: boolean;
  /**
   * How much of the first `length` bytes of `chunk` is whole records. Chunks begin with a record. A file is cut
   * there when a write fails; undefined for what is not ours to cut.
   * @param first nothing was written before this chunk
   */
  readonly wholeBytes?: ((chunk: Uint8Array, length: number, first: boolean) => number) | undefined;
  /** Called when a write has failed, with taken records that are not in the file. */
  readonly onLost?: ((records: Uint8Array, first: boolean) => void) | undefined;
  /** Asked while a full pipe is waited for: true gives up, as though the reader had gone. */
  readonly givesUp?: (() => boolean) | undefined;
  /** `fs.writeSync`, or what a test puts in its place. */
  readonly write?: ((fd: number, bytes: Uint8Array, offset: number, length: number) => number) | undefined;
}

export class OutputStream {
  /** Until it is closed, or a write has failed. */
  isOpen = true;

  readonly #options: OutputStreamOptions;
  readonly #write: NonNullable<OutputStreamOptions['write']>;
  readonly #staging: Uint8Array;
  #staged = 0;
  #written = 0;

  constructor(options: OutputStreamOptions) {
    this.#options = options;
    this.#staging = options.staging ?? new Uint8Array(STAGING_BYTES);
    this.#write = options.write ?? fs.writeSync;
  }

  /** Bytes taken so far: written, or gathered to be written. */
  get length(): number {
    return this.#written + this.#staged;
  }

  /**
   * Takes whole records, copied or written when this returns or resolves: the caller may then reuse the memory.
   * Undefined when there is nothing to wait for.
   * @throws ReaderGoneError when the other end of a pipe was closed
   * @throws SysError when a write fails; a file then ends with the last whole record that was written
   */
  put(records: Uint8Array): Promise<void> | undefined {
    if (records.length >= DIRECT_BYTES || this.#staged + records.length > STAGING_BYTES) {
      return this.#putLarge(records);
    }
    this.#staging.set(records, this.#staged);
    this.#staged += records.length;
    return undefined;
  }

  async flush(): Promise<void> {
    if (this.#staged === 0) return;
    const chunk = this.#staging.subarray(0, this.#staged);
    this.#staged = 0;
    await this.#writeChunk(chunk);
  }

  /** Writes what was gathered and closes the descriptor, also when that write fails. */
  async close(): Promise<void> {
    if (!this.isOpen) return;
    try {
      await this.flush();
    } finally {
      this.#closeDescriptor();
    }
  }

  async #putLarge(records: Uint8Array): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      this.#options.onLost?.(records, false);
      throw error;
    }
    if (records.length >= DIRECT_BYTES) await this.#writeChunk(records);
    else this.put(records);
  }

  async #writeChunk(chunk: Uint8Array): Promise<void> {
    const { fd, givesUp } = this.#options;
    if (!this.isOpen) throw new Error(`write to ${this.#options.name} after its end`);
    let done = 0;
    while (done < chunk.length) {
      try {
        done += this.#write(fd, chunk, done, chunk.length - done);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EINTR') continue;
        if (code !== 'EAGAIN') this.#fail(chunk, done, error as NodeJS.ErrnoException);
        if (givesUp?.()) this.#leave();
        await sleep(FULL_PIPE_PAUSE_MS);
      }
    }
    this.#written += chunk.length;
  }

  #fail(chunk: Uint8Array, done: number, error: NodeJS.ErrnoException): never {
    if (error.code === 'EPIPE' || error.code === 'ECONNRESET') this.#leave();
    const { wholeBytes, onLost } = this.#options;
    const first = this.#written === 0;
    const whole = wholeBytes?.(chunk, done, first) ?? done;
    onLost?.(chunk.subarray(whole), first && whole === 0);
    const note = wholeBytes === undefined ? '' : this.#cutTo(this.#written + whole);
    this.#closeDescriptor();
    throw this.#error(error, note);
  }

  /** Gives what there is to say about it. */
  #cutTo(length: number): string {
    const { fd } = this.#options;
    try {
      if (!fs.fstatSync(fd).isFile()) return '';
      fs.ftruncateSync(fd, length);
      return '; the file is whole up to its last packet';
    } catch {
      return '; its last packet may be cut';
    }
  }

  #error(error: NodeJS.ErrnoException, note = ''): SysError {
    const message = `cannot write ${this.#options.name}: ${reasonOf(error)}${note}`;
    return new SysError('write', -(error.errno ?? 0), message);
  }

  #leave(): never {
    this.#closeDescriptor();
    throw new ReaderGoneError(this.#options.name);
  }

  #closeDescriptor(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#staged = 0;
    try {
      if (!this.#options.isShared) fs.closeSync(this.#options.fd);
    } catch (error) {
      throw this.#error(error as NodeJS.ErrnoException);
    }
  }
}

/** What the system says, for people: "no space left on device (ENOSPC)". */
export function reasonOf(error: NodeJS.ErrnoException): string {
  const text = error.errno === undefined ? undefined : getSystemErrorMap().get(error.errno)?.[1];
  return text === undefined ? error.message : `${text} (${error.code})`;
}
