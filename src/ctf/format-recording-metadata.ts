import { formatCtf2Metadata } from './format-ctf2-metadata.ts';
import { formatTsdl } from './format-tsdl.ts';
import type { RecordingShape } from './recording-shape.ts';

/**
 * The text of a recording's `metadata` file, to be written as UTF-8. Both versions describe the same bytes of packets and events.
 * 1.8 is what babeltrace2 reads in every version; 2 needs its version 2.1.
 */
export function formatRecordingMetadata(shape: RecordingShape, version: '1.8' | '2'): string {
  return version === '2' ? formatCtf2Metadata(shape) : formatTsdl(shape);
}
