/**
 * The terminal as a full screen: its other screen buffer, keys one by one, and everything as it was on every way out.
 * ECMA-48, and xterm's private modes 1049 (other screen) and 25 (cursor). Frames go out in one write, each line
 * erased behind its end and not before, so that nothing flickers.
 */
import { writeSync } from 'node:fs';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const ESCAPE = '\x1b';
/** A lone Escape is one when nothing has followed it for so long. */
const ESCAPE_MS = 30;

const SEQUENCES: Readonly<Record<string, string>> = {
  '\x1b[A': 'up',
  '\x1b[B': 'down',
  '\x1bOA': 'up',
  '\x1bOB': 'down',
  '\r': 'enter',
  '\n': 'enter',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x03': 'ctrl-c',
};

export class Terminal {
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  readonly #restore = () => this.close();
  #isOpen = false;
  #pending = '';
  #escapeTimer: NodeJS.Timeout | undefined;

  /** @param onKey a character, or a name: up, down, enter, escape, backspace, ctrl-c */
  constructor(onKey: (key: string) => void, onResize: () => void) {
    this.#onKey = onKey;
    this.#onResize = onResize;
  }

  /** Keys can be pressed. */
  get hasKeys(): boolean {
    return process.stdin.isTTY === true;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = process.stdout;
    return { columns: columns || 80, rows: rows || 24 };
  }

  open(): void {
    this.#isOpen = true;
    // Whatever ends the process: an error that nobody waits for as well.
    process.on('exit', this.#restore);
    process.stdout.on('resize', this.#onResize);
    if (this.hasKeys) {
      process.stdin.setRawMode(true);
      process.stdin.setEncoding('utf8').on('data', this.#takeInput).resume();
    }
    this.#write(ENTER);
  }

  /** Lines that fit the size, without newlines. */
  show(lines: readonly string[]): void {
    if (this.#isOpen) this.#write(`\x1b[H${lines.join('\x1b[K\r\n')}\x1b[K\x1b[J`);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#escapeTimer);
    process.off('exit', this.#restore);
    process.stdout.off('resize', this.#onResize);
    if (this.hasKeys) {
      process.stdin.off('data', this.#takeInput).pause();
      process.stdin.setRawMode(false);
    }
    this.#write(LEAVE);
  }

  /** At once: on the way out nobody waits for a stream. A terminal that is gone takes nothing. */
  #write(text: string): void {
    let rest = Buffer.from(text);
    const endMs = Date.now() + 1000;
    while (rest.length > 0 && Date.now() < endMs) {
      try {
        rest = rest.subarray(writeSync(process.stdout.fd, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      }
    }
  }

  readonly #takeInput = (text: string | Buffer): void => {
    clearTimeout(this.#escapeTimer);
    this.#pending += text;
    while (this.#pending !== '') {
      // The beginning of a sequence, perhaps.
      if (this.#pending.startsWith(ESCAPE) && /^.(?:[[O][\d;]*)?$/s.test(this.#pending)) {
        this.#escapeTimer = setTimeout(() => this.#takeEscape(), ESCAPE_MS);
        return;
      }
      this.#takeOne();
    }
  };

  #takeOne(): void {
    const sequence = this.#pending.startsWith(ESCAPE)
      ? /^.[[O][\d;]*[A-Za-z~]/s.exec(this.#pending)?.[0]
      : undefined;
    const taken = sequence ?? [...this.#pending][0]!;
    this.#pending = this.#pending.slice(taken.length);
    const key = SEQUENCES[taken] ?? (taken === ESCAPE ? 'escape' : taken);
    // Sequences and control characters that mean nothing here.
    if (SEQUENCES[taken] === undefined && key !== 'escape' && /^\p{Cc}/u.test(key)) return;
    this.#onKey(key);
  }

  #takeEscape(): void {
    const rest = this.#pending.slice(1);
    this.#pending = '';
    this.#onKey('escape');
    if (rest !== '') this.#takeInput(rest);
  }
}
