/** What `hone read` says on standard error: how far it is, when that is a terminal, and what became of a file. */
import type { ByteSource } from '../read/index.ts';

const PROGRESS_MS = 200;
const MEGABYTE = 1e6;

interface Counts {
  readonly seen: number;
  readonly passed: number;
}

export class ReadReport {
  readonly #session: Counts;
  readonly #sources: readonly ByteSource[];
  #timer: NodeJS.Timeout | undefined;
  #isShown = false;

  /** @param progress keep it on the terminal */
  constructor(session: Counts, sources: readonly ByteSource[], progress: boolean) {
    this.#session = session;
    this.#sources = sources;
    if (progress && process.stderr.isTTY) this.#timer = setInterval(() => this.#show(), PROGRESS_MS);
  }

  /** Takes the progress away. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#isShown) process.stderr.write('\r\x1b[K');
    this.#isShown = false;
  }

  summary(): void {
    const { seen, passed } = this.#session;
    process.stderr.write(`${passed} of ${seen} packets written\n`);
  }

  #show(): void {
    const taken = sum(this.#sources.map(({ takenBytes }) => takenBytes));
    const sizes = this.#sources.map(({ sizeBytes }) => sizeBytes);
    const whole = sizes.every((size) => size !== undefined) ? sum(sizes) : 0;
    const share = whole === 0 ? '' : ` (${Math.floor((100 * taken) / whole)} %)`;
    const { seen, passed } = this.#session;
    process.stderr.write(
      `\r${(taken / MEGABYTE).toFixed(1)} MB${share}, ${seen} packets, ${passed} passed\x1b[K`,
    );
    this.#isShown = true;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((before, value) => before + value, 0);
}
