/**
 * A regular file as a source of bytes, read in place: what is asked for goes straight into the caller's memory. A long
 * piece is read by another thread, so that the caller can work on the one before.
 */
import * as fs from 'node:fs';
import { type ByteSource, readError } from './byte-source.ts';

/** Handing over to the other thread costs as much as reading some ten KiB. */
const LONG_BYTES = 512 << 10;

export class FileSource implements ByteSource {
  readonly name: string;
  readonly sizeBytes: number;
  takenBytes = 0;

  readonly #fd: number;
  #isOpen = true;
  #isReading = false;

  /** Takes over `fd`, which is read from where it stands. */
  constructor(name: string, fd: number, sizeBytes: number) {
    this.name = name;
    this.#fd = fd;
    this.sizeBytes = sizeBytes;
  }

  read(target: Uint8Array): number | Promise<number> {
    if (!this.#isOpen) return 0;
    if (target.length >= LONG_BYTES) return this.#readAside(target);
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
    // The number must not become another file's while the other thread reads.
    if (!this.#isReading) fs.closeSync(this.#fd);
  }

  #readAside(target: Uint8Array): Promise<number> {
    this.#isReading = true;
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, target, 0, target.length, null, (error, count) => {
        this.#isReading = false;
        if (!this.#isOpen) {
          fs.closeSync(this.#fd);
          resolve(0);
        } else if (error === null) {
          this.takenBytes += count;
          resolve(count);
        } else {
          reject(readError(this.name, error));
        }
      });
    });
  }
}
