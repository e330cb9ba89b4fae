/**
 * A Zstandard file (RFC 8878), unpacked as it is read: frame after frame, checksums not compared. Windows are limited as
 * the zstd tool limits them, so that no file can ask for more memory than it deserves.
 */
import { Decompress } from 'fzstd';
import { FormatError } from '../base/index.ts';
import { ByteBacklog } from './byte-backlog.ts';
import type { ByteSource } from './byte-source.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** What is read at once ... */
const CHUNK_BYTES = 64 << 10;
/** ... and what is unpacked at once: each 4 bytes of it can become 128 KiB. */
const PIECE_BYTES = 1 << 10;

export class ZstdSource implements ByteSource {
  readonly #packed: ByteSource;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  readonly #backlog = new ByteBacklog();
  readonly #frames = new ZstdFrames();
  readonly #unpacker = new Decompress((bytes) => this.#backlog.add(bytes));
  #left: Uint8Array = new Uint8Array(0);
  #unpackedBytes = 0;
  #isOver = false;
  #error: FormatError | undefined;

  constructor(packed: ByteSource) {
    this.#packed = packed;
  }

  get name(): string {
    return this.#packed.name;
  }

  get takenBytes(): number {
    return this.#packed.takenBytes;
  }

  get sizeBytes(): number | undefined {
    return this.#packed.sizeBytes;
  }

  async read(target: Uint8Array): Promise<number> {
    while (this.#backlog.isEmpty && !this.#isOver) {
      if (this.#left.length > 0) this.#unpack();
      else await this.#refill();
    }
    if (!this.#backlog.isEmpty) return this.#backlog.take(target);
    if (this.#error !== undefined) throw this.#error;
    return 0;
  }

  close(): void {
    this.#isOver = true;
    this.#packed.close();
  }

  async #refill(): Promise<void> {
    const count = await this.#packed.read(this.#chunk);
    this.#left = this.#chunk.subarray(0, count);
    if (count > 0) return;
    this.#isOver = true;
    if (this.#frames.isBetween) this.#push(new Uint8Array(0), true);
    else this.#fail('unexpected end of file');
  }

  #unpack(): void {
    // A copy: the unpacker keeps what it cannot use yet.
    const piece = this.#left.slice(0, PIECE_BYTES);
    this.#left = this.#left.subarray(piece.length);
    this.#push(piece, false);
    this.#unpackedBytes += piece.length;
  }

  #push(piece: Uint8Array, isLast: boolean): void {
    try {
      this.#frames.check(piece);
      this.#unpacker.push(piece, isLast);
    } catch (error) {
      this.#isOver = true;
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  #fail(reason: string): void {
    const near = this.#unpackedBytes;
    this.#error = new FormatError(`damaged zstd data after byte ${near}: ${reason}`, near);
  }
}
