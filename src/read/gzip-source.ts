/** A gzip file, unpacked as it is read. Several members, one after another, are one file (RFC 1952, section 2.2). */
import { createGunzip, type Gunzip } from 'node:zlib';
import { FormatError } from '../base/index.ts';
import { ByteBacklog } from './byte-backlog.ts';
import type { ByteSource } from './byte-source.ts';

/** What is unpacked at once. It can become a thousand times as much. */
const PIECE_BYTES = 32 << 10;

export class GzipSource implements ByteSource {
  readonly #packed: ByteSource;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  readonly #backlog = new ByteBacklog();
  readonly #gunzip: Gunzip = createGunzip();
  #isOver = false;
  #wake: () => void = () => {};
  #error: Error | undefined;

  constructor(packed: ByteSource) {
    this.#packed = packed;
    this.#gunzip.on('data', (bytes: Uint8Array) => this.#backlog.add(bytes));
    this.#gunzip.on('error', (error) => {
      this.#error = error;
    });
    this.#gunzip.on('close', () => {
      this.#isOver = true;
      this.#wake();
    });
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
    while (this.#backlog.isEmpty && !this.#isOver) await this.#unpack();
    if (!this.#backlog.isEmpty) return this.#backlog.take(target);
    if (this.#error === undefined) return 0;
    throw new FormatError(
      `damaged gzip data before byte ${this.takenBytes}: ${this.#error.message}`,
      this.takenBytes,
    );
  }

  close(): void {
    this.#packed.close();
    this.#gunzip.destroy();
  }

  async #unpack(): Promise<void> {
    const count = await this.#packed.read(this.#piece);
    if (this.#isOver) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (count === 0) this.#gunzip.end();
      else this.#gunzip.write(this.#piece.subarray(0, count), () => resolve());
    });
  }
}
