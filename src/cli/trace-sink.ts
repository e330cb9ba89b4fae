/** Where a trace is printed: a file, a pipe, or a terminal, on which snapshots stand in one place. */
import { OutputStream, openOutput } from '../output/index.ts';
import { Redraw } from '../script/index.ts';
import type { TraceSink } from '../trace/index.ts';

export class OutputSink implements TraceSink {
  readonly #stream: OutputStream;
  readonly #redraw: Redraw | undefined;
  readonly #encoder = new TextEncoder();
  #text = '';

  /** @param redraw undefined where nothing can be taken back */
  private constructor(stream: OutputStream, redraw: Redraw | undefined) {
    this.#stream = stream;
    this.#redraw = redraw;
  }

  /** @param path or `-`. @throws SysError, ReaderGoneError */
  static async open(path: string, givesUp: () => boolean): Promise<OutputSink> {
    const { fd, isShared } = await openOutput(path, givesUp);
    const name = path === '-' ? 'standard output' : path;
    const isTerminal = path === '-' && process.stdout.isTTY;
    return new OutputSink(
      new OutputStream({ name, fd, isShared, givesUp }),
      isTerminal ? new Redraw() : undefined,
    );
  }

  write(text: string): void {
    if (text === '') return;
    this.#text += this.#redraw?.above(text) ?? text;
  }

  frame(text: string): void {
    if (this.#redraw === undefined) {
      this.#text += text;
      return;
    }
    const { columns = 80, rows = 24 } = process.stdout;
    this.#text += this.#redraw.draw(text, { columns, rows });
  }

  async flush(): Promise<void> {
    const bytes = this.#encoder.encode(this.#text);
    this.#text = '';
    await this.#stream.put(bytes);
    await this.#stream.flush();
  }

  async close(): Promise<void> {
    await this.#stream.close();
  }
}
