/** A folder with a trace becomes cursors, one a stream file, and what its metadata say of its events. */

import { type EventCursor, type FieldClass, openTrace, type TraceClass } from '../ctf/index.ts';
import type { ArgumentType } from '../tracepoints/index.ts';
import { FileBytes } from './file-bytes.ts';
import { findStreams } from './find-inputs.ts';

export interface OpenTrace {
  readonly environment: TraceClass['environment'];
  readonly streams: readonly TraceStream[];
  readonly kinds: readonly EventKind[];
}

export interface TraceStream {
  readonly cursor: EventCursor;
  readonly sizeBytes: number;
  readonly close: () => void;
}

/** Events that can be in a trace. */
export interface EventKind {
  /** The folder of the trace. */
  readonly trace: string;
  readonly id: number;
  readonly name: string;
  /** Of the payload, in order; without a type where it is neither an integer nor a text. */
  readonly fields: readonly { readonly name: string; readonly type: ArgumentType | undefined }[];
}

/** What a point of an application can have. */
const TEXT_BYTES = 64;

/** @throws SysError; FormatError for metadata that are wrong */
export function openTraceFolder(folder: string): OpenTrace {
  const metadata = new FileBytes(`${folder}/metadata`);
  const files: FileBytes[] = [];
  try {
    for (const path of findStreams(folder)) files.push(new FileBytes(path));
    const { traceClass, cursors } = openTrace(metadata, files);
    return {
      environment: traceClass.environment,
      streams: cursors.map((cursor, index) => {
        const file = files[index]!;
        return { cursor, sizeBytes: file.sizeBytes, close: () => file.close() };
      }),
      kinds: kindsOf(folder, traceClass),
    };
  } catch (error) {
    for (const file of files) file.close();
    throw error;
  } finally {
    metadata.close();
  }
}

function kindsOf(trace: string, { streams }: TraceClass): readonly EventKind[] {
  return [...streams.values()].flatMap(({ events }) =>
    [...events.values()].map(({ id, name, payload }) => ({
      trace,
      id,
      name,
      fields: (payload?.members ?? []).map((member) => ({
        name: member.name,
        type: typeOf(member.fieldClass),
      })),
    })),
  );
}

function typeOf(of: FieldClass): ArgumentType | undefined {
  if (of.kind === 'text') return { kind: 'text', bytes: TEXT_BYTES };
  if (of.kind === 'boolean') return { kind: 'integer', bytes: 1, isSigned: false };
  if (of.kind === 'variable-integer') return { kind: 'integer', bytes: 8, isSigned: of.isSigned };
  if (of.kind !== 'integer') return undefined;
  const bytes = ([1, 2, 4, 8] as const).find((size) => 8 * size >= of.sizeBits);
  return bytes === undefined ? undefined : { kind: 'integer', bytes, isSigned: of.isSigned };
}
