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
export function parseMetadata(text: string): TraceClass {
  const first = text.trimStart()[0];
  return first === RECORD_SEPARATOR || first === '{' ? parseCtf2Metadata(text) : parseTsdl(text);
}

/**
 * Which of a folder's files make traces: each folder with a file called `metadata` is one, and the files beside it are its streams. LTTng's
 * `index` folders and hidden files are none.
 * @param paths with `/` between folders, in any order
 */
export function groupTraceFiles(
  paths: readonly string[],
): { readonly folder: string; readonly metadata: string; readonly streams: readonly string[] }[] {
  const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
  const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  return paths
    .filter((path) => nameOf(path) === 'metadata')
    .map((metadata) => {
      const folder = folderOf(metadata);
      const streams = paths.filter((path) => {
        const name = nameOf(path);
        return folderOf(path) === folder && name !== 'metadata' && !name.startsWith('.');
      });
      return { folder, metadata, streams: streams.sort() };
    });
}
