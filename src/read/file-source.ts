/**
 * A regular file as a source of bytes, read in place: what is asked for goes straight into the caller's memory. A long
 * piece is read by another thread, so that the caller can work on the one before; who is done earlier helps from the end.
 */
import * as fs from 'node:fs';
import { type ByteSource, readError } from './byte-source.ts';

/** Handing over to the other thread costs as much as reading some ten KiB. */
const LONG_BYTES = 512 << 10;

/** Of a long piece, in 32nds. */
const WHOLE_SHARE = 32;
const LEAST_SHARE = 8;
/** A helper that waits no longer was not early: that is what being told takes. */
const SHORT_WAIT_MS = 0.06;
const PAGE_BYTES = 4096;

export interface OpenFile {
  readonly sizeBytes: number;
  /** Where the file stands; undefined when that is not known. */
  readonly startBytes: number | undefined;
}

/** A piece that the other thread reads the first part of. */
interface PieceAside {
  readonly target: Uint8Array;
  /** Where the piece begins in the file. */
  readonly position: number | null;
  readonly partBytes: number;
  /** Read behind the part, by a helper, and when it was done. */
  helpedBytes: number;
  helpedMs: number | undefined;
}

export class FileSource implements ByteSource {
  readonly name: string;
  readonly sizeBytes: number;
  takenBytes = 0;

  readonly #fd: number;
  readonly #startBytes: number | undefined;
  #isOpen = true;
  #aside: PieceAside | undefined;
  /** What the other thread reads of a piece, found out by who waits for whom: all of it as long as nobody helps. */
  #share = WHOLE_SHARE;

  /** Takes over `fd`, which is read from where it stands. */
  constructor(name: string, fd: number, { sizeBytes, startBytes }: OpenFile) {
    this.name = name;
    this.#fd = fd;
    this.sizeBytes = sizeBytes;
    this.#startBytes = startBytes;
  }

  read(target: Uint8Array): number | Promise<number> {
    if (!this.#isOpen) return 0;
    if (target.length >= LONG_BYTES) return this.#readAside(target);
    try {
      const count = fs.readSync(this.#fd, target, { position: this.#position });
      this.takenBytes += count;
      return count;
    } catch (error) {
      throw readError(this.name, error);
    }
  }

  help(): void {
    const aside = this.#aside;
    if (aside === undefined || aside.position === null || !this.#isOpen) return;
    const rest = aside.target.subarray(aside.partBytes);
    try {
      if (rest.length > 0) {
        aside.helpedBytes = fs.readSync(this.#fd, rest, { position: aside.position + aside.partBytes });
      }
      aside.helpedMs = performance.now();
    } catch {
      // The next read is of this place, and says so.
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // The number must not become another file's while the other thread reads.
    if (this.#aside === undefined) fs.closeSync(this.#fd);
  }

  get #position(): number | null {
    return this.#startBytes === undefined ? null : this.#startBytes + this.takenBytes;
  }

  #readAside(target: Uint8Array): Promise<number> {
    const share = Math.ceil((target.length * this.#share) / WHOLE_SHARE / PAGE_BYTES) * PAGE_BYTES;
    const partBytes = Math.min(share, target.length);
    const aside: PieceAside = {
      ...{ target, position: this.#position, partBytes },
      ...{ helpedBytes: 0, helpedMs: undefined },
    };
    this.#aside = aside;
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, target, 0, partBytes, aside.position, (error, count) => {
        this.#aside = undefined;
        if (!this.#isOpen) {
          fs.closeSync(this.#fd);
          resolve(0);
        } else if (error === null) {
          const whole = count === partBytes ? count + aside.helpedBytes : count;
          this.#adapt(aside);
          this.takenBytes += whole;
          resolve(whole);
        } else {
          reject(readError(this.name, error));
        }
      });
    });
  }

  /** The other thread reads less when it was waited for, and more when it was not. */
  #adapt({ helpedMs }: PieceAside): void {
    if (helpedMs === undefined) return;
    const isLate = performance.now() - helpedMs > SHORT_WAIT_MS;
    this.#share = Math.min(WHOLE_SHARE, Math.max(LEAST_SHARE, this.#share + (isLate ? -1 : 1)));
  }
}
