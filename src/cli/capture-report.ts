/** What `hone capture` says on standard error while it runs and at its end. Nothing of it goes to standard output. */
import { type CaptureSession, formatSummary } from '../capture/index.ts';

const COUNT_MS = 200;

export class CaptureReport {
  readonly files: string[] = [];
  readonly #counts: boolean;
  #timer: NodeJS.Timeout | undefined;
  #counted = false;

  /** @param counts keep a running count on the terminal */
  constructor(counts: boolean) {
    this.#counts = counts && process.stderr.isTTY;
  }

  begin(session: CaptureSession): void {
    const names = session.interfaces.all.map(({ captured }) => `'${captured.name}'`);
    this.note(`Capturing on ${new Intl.ListFormat('en').format(names)}`);
    if (this.#counts) this.#timer = setInterval(() => this.#count(session.packets), COUNT_MS);
  }

  file(path: string): void {
    this.files.push(path);
    this.note(`File: ${path}`);
  }

  /** A line of its own, whatever the count is doing. */
  note(text: string): void {
    process.stderr.write(this.#counted ? `\n${text}\n` : `${text}\n`);
    this.#counted = false;
  }

  /** The counts as of now. */
  summary(session: CaptureSession): void {
    // Over the running count, as dumpcap does.
    process.stderr.write(`${this.#counted ? '\r' : ''}${formatSummary(session.interfaces.all)}\n`);
    this.#counted = false;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #count(packets: number): void {
    process.stderr.write(`\rPackets: ${packets} `);
    this.#counted = true;
  }
}
