/** What `hone convert` says on standard error: how far it is, when that is a terminal, and what became of the inputs. */
import type { Conversion } from '../convert/index.ts';

const PROGRESS_MS = 200;
const MEGABYTE = 1e6;

export class ConvertReport {
  readonly #conversion: Conversion;
  readonly #timer: NodeJS.Timeout | undefined;
  #isShown = false;

  /** @param progress keep it on the terminal */
  constructor(conversion: Conversion, progress: boolean) {
    this.#conversion = conversion;
    if (progress && process.stderr.isTTY) this.#timer = setInterval(() => this.#show(), PROGRESS_MS);
  }

  /** Takes the progress away. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#isShown) process.stderr.write('\r\x1b[K');
    this.#isShown = false;
  }

  /** @param ofOutput what the output has to say; the inputs speak for themselves */
  notes(ofOutput: readonly string[]): void {
    const ofInputs = this.#conversion.sources.flatMap(({ notes }) => notes);
    for (const note of new Set([...ofInputs, ...ofOutput])) process.stderr.write(`${note}\n`);
  }

  summary(): void {
    const { events, packets } = this.#conversion;
    process.stderr.write(`${events} events and ${packets} packets converted\n`);
  }

  #show(): void {
    const { sources, taken } = this.#conversion;
    let done = 0;
    let whole: number | undefined = 0;
    for (const { takenBytes, sizeBytes } of sources) {
      done += takenBytes;
      whole = whole === undefined || sizeBytes === undefined ? undefined : whole + sizeBytes;
    }
    const share = whole === undefined || whole === 0 ? '' : ` (${Math.floor((100 * done) / whole)} %)`;
    process.stderr.write(`\r${(done / MEGABYTE).toFixed(1)} MB${share}, ${taken} events and packets\x1b[K`);
    this.#isShown = true;
  }
}
