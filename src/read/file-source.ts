/** A regular file as a source of bytes, read in place: what is asked for goes straight into the caller's memory. */
import * as fs from 'node:fs';
import { type ByteSource, readError } from './byte-source.ts';

export class FileSource implements ByteSource {
  readonly name: string;
  readonly sizeBytes: number;
  takenBytes = 0;

  readonly #fd: number;
  #isOpen = true;

  /** Takes over `fd`, which is read from where it stands. */
  constructor(name: string, fd: number, sizeBytes: number) {
    this.name = name;
    this.#fd = fd;
    this.sizeBytes = sizeBytes;
  }

  read(target: Uint8Array): number {
    if (!this.#isOpen) return 0;
    try {
      const count = fs.readSync(this.#fd, target);
      this.takenBytes += count;
      return count;
    } catch (error) {
      throw readError(this.name, error);
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    fs.closeSync(this.#fd);
  }
}
