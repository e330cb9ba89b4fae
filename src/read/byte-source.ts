/**
 * Where the bytes of a capture come from: a file, a pipe, something compressed. A reader pulls; it decides how much is
 * in memory. What the bytes mean is not known here.
 */
import { SysError } from '../base/index.ts';
import { reasonOf } from '../output/index.ts';

export interface ByteSource {
  /** For messages. */
  readonly name: string;
  /** Bytes of the input taken so far, as they are stored: those of the compressed file. */
  readonly takenBytes: number;
  /** The same of the whole input; undefined for what has no size beforehand. */
  readonly sizeBytes: number | undefined;
  /**
   * Puts bytes at the start of `target`, which is not empty; not always as many as there is room for. A read that waits
   * has `target` to itself, and there is one at a time.
   * @returns how many; 0 is the end, also after `close`
   * @throws SysError; FormatError where compressed data are damaged, after everything before was given
   */
  read(target: Uint8Array): number | Promise<number>;
  /** From who has nothing to do but wait for a `read`: takes over a part of it, when that ends it sooner. Never throws. */
  help?(): void;
  /** May be called at any time, more than once; a `read` that waits gives 0. */
  close(): void;
}

export function readError(name: string, error: unknown): SysError {
  const { errno = 0 } = error as NodeJS.ErrnoException;
  return new SysError('read', -errno, `cannot read ${name}: ${reasonOf(error as NodeJS.ErrnoException)}`);
}
