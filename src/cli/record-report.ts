/** What `hone record` says on standard error while it runs and at its end. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HoneError } from '../base/index.ts';
import { type RecordingPlan, type RecordResult, type RecordSession, recordedOf } from '../record/index.ts';
import { formatTable } from './text-table.ts';

const COUNT_MS = 200;
const HEADS: Parameters<typeof formatTable>[0] = [
  { title: 'trace point', align: 'left' },
  { title: 'event', align: 'left' },
  { title: 'hits', align: 'right' },
  { title: 'matched', align: 'right' },
  { title: 'ns a hit', align: 'right' },
  { title: 'of the threads', align: 'right' },
];

export class RecordReport {
  readonly #counts: boolean;
  #timer: NodeJS.Timeout | undefined;
  #counted = false;

  /** @param counts keep a running count on the terminal */
  constructor(counts: boolean) {
    this.#counts = counts && process.stderr.isTTY;
  }

  begin(session: RecordSession): void {
    if (this.#counts) this.#timer = setInterval(() => this.#count(session), COUNT_MS);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** A line of its own, whatever the count is doing. */
  note(text: string): void {
    process.stderr.write(this.#counted ? `\n${text}\n` : `${text}\n`);
    this.#counted = false;
  }

  /** The counts as of now. */
  progress(session: RecordSession): void {
    const text = formatProgress(session);
    if (text !== undefined) this.note(text);
  }

  /** @param isFlightRecorder what matched was in the rings, and some of it in snapshots */
  summary(plan: RecordingPlan, result: RecordResult, isFlightRecorder: boolean): void {
    const text = formatResult(plan, result, isFlightRecorder ? 'kept for snapshots' : 'recorded');
    process.stderr.write(`${this.#counted ? '\n' : ''}${text}`);
    this.#counted = false;
  }

  #count(session: RecordSession): void {
    const text = formatProgress(session);
    if (text === undefined) return;
    process.stderr.write(`\r${text} `);
    this.#counted = true;
  }
}

/** Undefined when the target does not say: the session tells why. */
function formatProgress(session: RecordSession): string | undefined {
  try {
    const { recorded, lost } = session.progress();
    return `Events: ${recorded}${lost === 0n ? '' : `, discarded: ${lost}`}`;
  } catch (error) {
    if (!(error instanceof HoneError)) throw error;
    return undefined;
  }
}

/** A table of what was asked for, and what came of it. */
export function formatResult({ attachments }: RecordingPlan, result: RecordResult, done: string): string {
  const { costs, lostEvents, unplacedHits, threads, elapsedMs } = result;
  const threadNs = elapsedMs * 1e6 * threads;
  const rows = costs.map(({ hits, matched, sampledHits, sampledNs }, n) => {
    const { name, recordedAs, event } = attachments[n]!;
    const row = [name, event === undefined ? '(snapshot)' : recordedAs, `${hits}`, `${matched}`];
    if (sampledHits === 0n) return [...row, '', ''];
    const nsPerHit = Number(sampledNs) / Number(sampledHits);
    const share = threadNs > 0 ? (100 * Number(hits) * nsPerHit) / threadNs : 0;
    return [...row, nsPerHit.toFixed(1), `${share.toFixed(2)} %`];
  });
  const recorded = recordedOf(attachments, costs, lostEvents);
  const lines = [`Events ${done}: ${recorded}, discarded: ${lostEvents}`];
  if (unplacedHits > 0n) lines.push(`${unplacedHits} hits in threads that had no place were not recorded`);
  return `${rows.length === 0 ? '' : formatTable(HEADS, rows)}${lines.join('\n')}\n`;
}

/** What a trace on the disk is made of: `out/events: 2 streams, 3.4 MB`. */
export function formatFolder(path: string): string {
  const names = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = names.reduce((sum, { name }) => sum + statSync(join(path, name)).size, 0);
  const streams = names.filter(({ name }) => name !== 'metadata').length;
  return `${path}: ${streams} ${streams === 1 ? 'stream' : 'streams'}, ${formatBytes(bytes)}`;
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
