/**
 * A timeline as a tool draws it: tracks, and on them slices, moments and values; flows join moments of one thing. Formats implement
 * this. A track is declared before anything lies on it, its parent before it.
 */
import type { StructureValue } from '../../ctf/index.ts';
import type { Process } from '../place.ts';

export interface Track {
  /** Counted from 1, unique in the timeline. */
  readonly number: number;
  readonly process: Process;
  /** Undefined for the track of a process itself. */
  readonly parent: Track | undefined;
  readonly kind: 'process' | 'thread' | 'row' | 'counter';
  readonly name: string;
  /** Of a thread. */
  readonly tid: number | undefined;
}

/** One thing's way: moments that carry its number belong together. */
export interface FlowMark {
  /** Counted from 1, never used again. */
  readonly flow: number;
  readonly part: 'first' | 'middle' | 'last';
}

export interface Moment {
  readonly timeNs: bigint;
  readonly name: string;
  /** The name is one of few: worth a table. */
  readonly isNameRepeated: boolean;
  readonly fields: StructureValue;
  readonly flows: readonly FlowMark[];
}

export interface TimelineSink {
  addTrack(track: Track): void;
  /** Slices of a track nest. */
  begin(track: Track, moment: Moment): void;
  end(track: Track, timeNs: bigint): void;
  instant(track: Track, moment: Moment): void;
  count(track: Track, timeNs: bigint, value: number | bigint): void;
}
