/** Text to an output stream: gathered to a size that is worth encoding. */
import type { OutputStream } from '../output/index.ts';

/** Longer text only makes work for the garbage collector. */
const GATHERED_LENGTH = 64 << 10;

export class TextStream {
  readonly #stream: OutputStream;
  readonly #encoder = new TextEncoder();
  #text = '';

  /** Takes over `stream`. */
  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** Undefined when there is nothing to wait for. */
  put(text: string): Promise<void> | undefined {
    this.#text += text;
    return this.#text.length < GATHERED_LENGTH ? undefined : this.#pass();
  }

  async flush(): Promise<void> {
    await this.#pass();
    await this.#stream.flush();
  }

  async close(): Promise<void> {
    await this.#pass();
    await this.#stream.close();
  }

  #pass(): Promise<void> | undefined {
    const bytes = this.#encoder.encode(this.#text);
    this.#text = '';
    return this.#stream.put(bytes);
  }
}
