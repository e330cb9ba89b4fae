/** Opens where the records of a reading go. What a form of output needs is loaded when it is asked for. */

import type { Collect, RecordFormat } from '../bpf/classic.ts';
import { OutputStream, openOutput } from '../output/index.ts';
import { CopySink } from './copy-sink.ts';
import type { FieldsLayout } from './fields-layout.ts';
import type { LinesOptions } from './lines-sink.ts';
import { PcapSink } from './pcap-sink.ts';
import { PcapngSink } from './pcapng-sink.ts';
import type { RecordSink } from './record-sink.ts';
import { wholeBlocks, wholePcapRecords } from './whole-records.ts';

export type TextOutput =
  | { readonly kind: 'lines'; readonly lines: LinesOptions }
  | { readonly kind: 'fields'; readonly fields: readonly string[]; readonly layout: FieldsLayout }
  | { readonly kind: 'json' | 'ek'; readonly fields: readonly string[] }
  | { readonly kind: 'stats' };

export interface FileOutput {
  readonly kind: 'write';
  /** `-` is standard output. */
  readonly path: string;
  readonly format: 'pcapng' | 'pcap';
}

export interface FileFacts {
  /** The form of the only input; undefined when there are several. */
  readonly inputForm: RecordFormat | undefined;
  /** What a new section says that it was written by, and about itself. */
  readonly application: string;
  readonly comment: string | undefined;
  /** Asked while a slow reader is waited for: true gives up. */
  readonly givesUp: () => boolean;
}

/** The stream of a file that is cut to whole records when a write fails. */
async function openFileStream(
  { path, format }: FileOutput,
  { inputForm, givesUp }: FileFacts,
): Promise<OutputStream> {
  const { fd, isOwnFile, isShared } = await openOutput(path, givesUp);
  return new OutputStream({
    name: path === '-' ? 'standard output' : path,
    fd,
    isShared,
    givesUp,
    wholeBytes: isOwnFile ? (format === 'pcapng' ? wholeBlocks : wholePcapOf(inputForm)) : undefined,
  });
}

/** A file that is not a copy is little-endian, with headers of 16 bytes. */
function wholePcapOf(inputForm: RecordFormat | undefined) {
  const { littleEndian, recordHeaderBytes } =
    inputForm?.kind === 'pcap' ? inputForm : { littleEndian: true, recordHeaderBytes: 16 };
  return (chunk: Uint8Array, length: number, first: boolean): number =>
    wholePcapRecords(chunk, length, first, littleEndian, recordHeaderBytes);
}

/** Records of one file go into one of the same format as they are. */
function isCopy({ format }: FileOutput, { inputForm }: FileFacts): boolean {
  return inputForm?.kind === format;
}

/** How a walk gathers packets for a file. */
export function collectFor(format: 'pcapng' | 'pcap', input: RecordFormat | undefined): Collect {
  if (input?.kind === format) return 'records';
  return format === 'pcapng' ? 'blocks' : 'list';
}

export async function openFileSink(output: FileOutput, facts: FileFacts): Promise<RecordSink> {
  const stream = await openFileStream(output, facts);
  if (isCopy(output, facts)) return new CopySink(stream);
  if (output.format === 'pcap') return new PcapSink(stream);
  return new PcapngSink(stream, facts.application, facts.comment);
}

/** @throws UsageError for a field that there is not */
export async function openTextSink(output: TextOutput, givesUp: () => boolean): Promise<RecordSink> {
  const make = await textSinkMaker(output);
  const { fd, isShared } = await openOutput('-', givesUp);
  return make(new OutputStream({ name: 'standard output', fd, isShared, givesUp }));
}

async function textSinkMaker(output: TextOutput): Promise<(stream: OutputStream) => RecordSink> {
  switch (output.kind) {
    case 'lines': {
      const { LinesSink } = await import('./lines-sink.ts');
      return (stream) => new LinesSink(stream, output.lines);
    }
    case 'fields': {
      const { FieldsSink } = await import('./fields-sink.ts');
      const columns = await findColumns(output.fields);
      return (stream) => new FieldsSink(stream, columns, output.layout);
    }
    case 'json':
    case 'ek': {
      const { EK_FORM, JSON_FORM, JsonSink } = await import('./json-sink.ts');
      const columns = await findColumns(output.fields);
      return (stream) => new JsonSink(stream, output.kind === 'ek' ? EK_FORM : JSON_FORM, columns);
    }
    case 'stats': {
      const { StatsSink } = await import('./stats-sink.ts');
      return (stream) => new StatsSink(stream);
    }
  }
}

async function findColumns(names: readonly string[]) {
  const { FieldColumn } = await import('./field-column.ts');
  return names.map((name) => new FieldColumn(name));
}
