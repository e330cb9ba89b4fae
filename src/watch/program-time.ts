/** What the programs of a trace took since its start, by the hits that were timed, of all threads together. */
import type { TraceFeed } from '../target/index.ts';

export function programNs(feed: Pick<TraceFeed, 'costs'>): number {
  return feed
    .costs()
    .reduce(
      (sum, { hits, sampledHits, sampledNs }) =>
        sampledHits === 0n ? sum : sum + (Number(hits) * Number(sampledNs)) / Number(sampledHits),
      0,
    );
}
