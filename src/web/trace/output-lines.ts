/** Lines that a trace prints, on their way to a page: bounded, and what is left out is counted. */

const MOST_BYTES = 256 << 10;

export class OutputLines {
  #lines: string[] = [];
  #bytes = 0;
  #leftOut = 0;

  add(line: string): void {
    if (this.#bytes + line.length > MOST_BYTES) {
      this.#leftOut++;
      return;
    }
    this.#lines.push(line);
    this.#bytes += line.length;
  }

  /** Gives what there is to `send`, which says whether it took it. */
  flush(send: (lines: string, leftOut: number) => boolean): void {
    if (this.#lines.length === 0 && this.#leftOut === 0) return;
    if (!send(this.#lines.join('\n'), this.#leftOut)) return;
    this.#lines = [];
    this.#bytes = this.#leftOut = 0;
  }
}
