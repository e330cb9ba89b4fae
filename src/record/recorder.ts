/** What a recording does with what its rings hold: writes it out as it comes, or keeps it until somebody asks. */
import type { TraceFeed } from '../target/index.ts';
import { RecordLane } from './record-lane.ts';

export interface Recorder {
  /**
   * Looks at every ring once.
   * @returns whether much has come: then the next look should be soon
   * @throws SysError, PeerError
   */
  look(): boolean;
  /** Nothing comes any more: what the rings hold is recorded. @throws as `look` does */
  finish(): void;
  /** Completes the files, whatever has gone wrong before. @throws SysError */
  close(): void;
  /** Of all streams in files. */
  readonly bytes: number;
  /** Nothing more is to be recorded. */
  readonly isFull: boolean;
  /** Events that were lost because a ring was full. */
  readonly lostEvents: bigint;
}

/** Adds the rings that the target has announced since the last time. */
export function adoptRings<T extends { readonly lane: RecordLane }>(
  lanes: T[],
  feed: TraceFeed,
  pid: number,
  make: (lane: RecordLane) => T,
): void {
  const { recordRings } = feed;
  while (lanes.length < recordRings.length) {
    lanes.push(make(new RecordLane(recordRings[lanes.length]!, feed, pid)));
  }
}

export function sumOfLost(lanes: readonly { readonly lane: RecordLane }[]): bigint {
  return lanes.reduce((sum, { lane }) => sum + lane.lostEvents, 0n);
}
