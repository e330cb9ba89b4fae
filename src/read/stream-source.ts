/** A pipe or a socket as a source of bytes: waiting for it does not keep the process from answering signals. */
import type { Readable } from 'node:stream';
import { type ByteSource, readError } from './byte-source.ts';

export class StreamSource implements ByteSource {
  readonly name: string;
  readonly sizeBytes = undefined;
  takenBytes = 0;

  readonly #stream: Readable;
  #left: Uint8Array = new Uint8Array(0);
  #error: unknown;
  #isOver = false;
  #wake: () => void = () => {};

  /** Takes over `stream`, which nobody has read from. */
  constructor(name: string, stream: Readable) {
    this.name = name;
    this.#stream = stream;
    const end = () => {
      this.#isOver = true;
      this.#wake();
    };
    stream.on('readable', () => this.#wake());
    stream.on('end', end);
    stream.on('close', end);
    stream.on('error', (error) => {
      this.#error = error;
      end();
    });
  }

  async read(target: Uint8Array): Promise<number> {
    while (this.#left.length === 0) {
      const chunk: Uint8Array | null = this.#stream.read();
      if (chunk !== null) this.#left = chunk;
      else if (this.#error !== undefined) throw readError(this.name, this.#error);
      else if (this.#isOver) return 0;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    const taken = this.#left.subarray(0, target.length);
    target.set(taken);
    this.#left = this.#left.subarray(taken.length);
    this.takenBytes += taken.length;
    return taken.length;
  }

  close(): void {
    this.#stream.destroy();
  }
}
