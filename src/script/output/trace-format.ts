/** What a form of output makes of what a trace does: text, to be written as it is. */
import type { MapContents } from '../merge/map-contents.ts';
import type { ValueType } from '../plan.ts';

export interface PrintRequest {
  /** Of print(@x, top): 0 for all. */
  readonly top: number;
  /** Of print(@x, top, div): 1 for none. */
  readonly divisor: bigint;
}

export interface TraceFormat {
  attached(probes: number): string;
  printf(text: string): string;
  time(text: string): string;
  join(text: string): string;
  /** print() of what is no map. @param bytes begins with the value */
  value(type: ValueType, bytes: Uint8Array): string;
  map(contents: MapContents, request: PrintRequest): string;
  lost(events: bigint): string;
  /** Between what came from probes and the maps that are printed at the end. */
  end(): string;
}
