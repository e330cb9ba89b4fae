/** A file, read where it is asked for: a stream of a trace, or its metadata. */
import * as fs from 'node:fs';
import { SysError } from '../base/index.ts';
import type { ByteSource } from '../ctf/index.ts';
import { reasonOf } from '../output/index.ts';

export class FileBytes implements ByteSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly #fd: number;
  #isOpen = true;

  /** @throws SysError */
  constructor(path: string) {
    this.name = path;
    try {
      this.#fd = fs.openSync(path, fs.constants.O_RDONLY);
      this.sizeBytes = fs.fstatSync(this.#fd).size;
    } catch (error) {
      throw readError(path, error);
    }
  }

  /** Nothing after `close`. @throws SysError */
  read(into: Uint8Array, offset: number): number {
    let done = 0;
    try {
      while (this.#isOpen && done < into.length) {
        const count = fs.readSync(this.#fd, into, done, into.length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
    } catch (error) {
      throw readError(this.name, error);
    }
    return done;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    fs.closeSync(this.#fd);
  }
}

function readError(path: string, error: unknown): SysError {
  const system = error as NodeJS.ErrnoException;
  return new SysError('read', -(system.errno ?? 0), `cannot read ${path}: ${reasonOf(system)}`);
}
