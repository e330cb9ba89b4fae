/**
 * A whole trace: its metadata and a cursor for each of its streams. Where the files come from is the caller's; which of a folder's
 * files belong to which trace is told by their paths.
 */
import { FormatError } from '../base/index.ts';
import type { ByteSource } from './byte-source.ts';
import { parseCtf2Metadata } from './ctf2-metadata.ts';
import type { EventCursor } from './event-cursor.ts';
import { metadataText } from './metadata-text.ts';
import { StreamCursor } from './stream-cursor.ts';
import { TraceDecoder } from './stream-decoder.ts';
import type { TraceClass } from './trace-class.ts';
import { parseTsdl } from './tsdl-parser.ts';

export interface Trace {
  readonly traceClass: TraceClass;
  /** One a stream file, in the order given. */
  readonly cursors: readonly EventCursor[];
}

const RECORD_SEPARATOR = '\x1e';
/** Larger metadata is taken for damage: 64 MiB. */
const MAXIMUM_METADATA_BYTES = 1 << 26;

/**
 * @param metadata in TSDL (CTF 1.8), plain or in packets, or as JSON (CTF 2)
 * @param streams each is read as its cursor goes on
 * @throws FormatError when the metadata is wrong; what is wrong in a stream is its cursor's `damage`
 */
export function openTrace(metadata: ByteSource, streams: readonly ByteSource[]): Trace {
  const decoder = readMetadata(metadata);
  return {
    traceClass: decoder.trace,
    cursors: streams.map((stream) => new StreamCursor(decoder, stream)),
  };
}

function readMetadata(metadata: ByteSource): TraceDecoder {
  const { sizeBytes, name } = metadata;
  if (sizeBytes > MAXIMUM_METADATA_BYTES) {
    throw new FormatError(
      `${name}: got ${sizeBytes} bytes of metadata, expected at most ${MAXIMUM_METADATA_BYTES}`,
      0,
    );
  }
  const bytes = new Uint8Array(sizeBytes);
  const length = metadata.read(bytes, 0);
  try {
    return new TraceDecoder(parseMetadata(metadataText(bytes.subarray(0, length))));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`${name}: ${error.message}`, error.offsetBytes, { cause: error });
  }
}

/** @throws FormatError with line and column */
function parseMetadata(text: string): TraceClass {
  const first = text.trimStart()[0];
  return first === RECORD_SEPARATOR || first === '{' ? parseCtf2Metadata(text) : parseTsdl(text);
}
