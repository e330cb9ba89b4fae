/** What `hone read` says on standard error: how far it is, when that is a terminal, and what became of a file. */
import type { CaptureInput, ReadSession } from '../read/index.ts';

const PROGRESS_MS = 200;
const MEGABYTE = 1e6;

export class ReadReport {
  readonly #session: ReadSession;
  readonly #inputs: readonly CaptureInput[];
  #timer: NodeJS.Timeout | undefined;
  #isShown = false;

  /** @param progress keep it on the terminal */
  constructor(session: ReadSession, inputs: readonly CaptureInput[], progress: boolean) {
    this.#session = session;
    this.#inputs = inputs;
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
    const taken = sum(this.#inputs.map(({ source }) => source.takenBytes));
    const sizes = this.#inputs.map(({ source }) => source.sizeBytes);
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
