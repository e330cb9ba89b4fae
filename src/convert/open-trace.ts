/** A folder with a trace becomes cursors, one for each stream file. */
import { UnsupportedError } from '../base/index.ts';
import type { EventCursor } from '../ctf/index.ts';

export interface OpenTrace {
  readonly environment: Readonly<Record<string, unknown>>;
  readonly streams: readonly TraceStream[];
}

export interface TraceStream {
  readonly cursor: EventCursor;
  readonly sizeBytes: number;
  readonly close: () => void;
}

export function openTrace(_folder: string): OpenTrace {
  throw new UnsupportedError('traces cannot be read yet', 'a capture');
}
