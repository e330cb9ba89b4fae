/**
 * Frames that a terminal shows in the same place, one after another (ECMA-48: cursor up, erase). Lines are cut to the
 * width, so that none takes two rows, and to the height, so that the cursor can get back to the first one. Tabs and other
 * control characters are shown as a blank, characters count as one column each.
 */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export class Redraw {
  #lines = 0;

  /** What to write so that `frame` (lines, each with its newline) stands where the last frame stood. */
  draw(frame: string, size: TerminalSize): string {
    const lines = fit(frame.replace(/\n$/, '').split('\n'), size);
    const start = this.#start();
    this.#lines = lines.length;
    return `${start}${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`;
  }

  /** What to write so that `text` stands above the next frame and stays; `text` ends with a newline. */
  above(text: string): string {
    const start = this.#start();
    this.#lines = 0;
    return start === '' ? text : `${start}\x1b[J${text}`;
  }

  /** What removes the frame. */
  clear(): string {
    return this.above('');
  }

  #start(): string {
    return this.#lines === 0 ? '' : `\x1b[${this.#lines}A\r`;
  }
}

function fit(lines: readonly string[], { columns, rows }: TerminalSize): string[] {
  // The row below the frame is the cursor's.
  const most = Math.max(1, rows - 1);
  const shown =
    lines.length <= most ? lines : [...lines.slice(0, most - 1), `... ${lines.length - most + 1} more lines`];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach the terminal.
  return shown.map((line) => [...line.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ')].slice(0, columns).join(''));
}
