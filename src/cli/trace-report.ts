/** What `hone trace` says on standard error: notes, the price of the probes, and what did not come through. */
import type { ProbeCost, TraceLosses, TraceResult, TraceSource } from '../trace/index.ts';
import { formatTable } from './text-table.ts';

const PRICE_MS = 1000;
const HEADS: Parameters<typeof formatTable>[0] = [
  { title: 'probe', align: 'left' },
  { title: 'hits', align: 'right' },
  { title: 'ns a hit', align: 'right' },
  { title: 'of the threads', align: 'right' },
];

export class TraceReport {
  readonly #source: TraceSource;
  readonly #startMs: number = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(source: TraceSource) {
    this.#source = source;
  }

  /** The price, every second. */
  showPrice(): void {
    this.#timer = setInterval(() => this.#price(this.#source.costs(), this.#source.threads), PRICE_MS);
  }

  /** Stops what showPrice began. */
  end(): void {
    clearInterval(this.#timer);
  }

  /** @param isPriced also what was not timed */
  summary({ losses, costs, threads }: TraceResult, isPriced: boolean): void {
    for (const line of formatLosses(losses)) process.stderr.write(`${line}\n`);
    if (isPriced || costs.some(({ nsPerHit }) => nsPerHit !== undefined)) this.#price(costs, threads);
  }

  #price(costs: readonly ProbeCost[], threads: number): void {
    const elapsedNs = (performance.now() - this.#startMs) * 1e6;
    process.stderr.write(formatCosts(costs, elapsedNs * threads));
  }
}

/** @param threadNs the time of all threads that could have hit probes */
export function formatCosts(costs: readonly ProbeCost[], threadNs: number): string {
  const rows = costs.map(({ probe, hits, nsPerHit }) => {
    if (nsPerHit === undefined) return [probe, `${hits}`, '', ''];
    const share = threadNs > 0 ? (100 * Number(hits) * nsPerHit) / threadNs : 0;
    return [probe, `${hits}`, nsPerHit.toFixed(1), `${share.toFixed(2)} %`];
  });
  return formatTable(HEADS, rows);
}

export function formatLosses({ events, withoutRoom, unplacedHits }: TraceLosses): string[] {
  const lines = withoutRoom.map(
    ({ map, updates }) => `${map}: ${updates} updates found no room for their key`,
  );
  if (events > 0n) lines.push(`${events} events were lost: more came than could be printed`);
  if (unplacedHits > 0n) lines.push(`${unplacedHits} hits in threads that had no place were not counted`);
  return lines;
}
