/** Opens where the items of a conversion go. What a format needs is loaded when it is asked for. */
import { UsageError } from '../base/index.ts';
import { OutputStream, openOutput } from '../output/index.ts';
import type { TimeStyle } from '../packet/index.ts';
import { openFileSink, TextStream } from '../read/index.ts';
import { CaptureSource } from './capture-source.ts';
import type { ItemSink } from './item-sink.ts';
import type { ItemSource } from './item-source.ts';

export const FORMATS = ['ctf', 'perfetto', 'chrome', 'json', 'text', 'pcapng', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export interface ConversionOutput {
  readonly format: Format;
  /** A file, or `-` for standard output; of ctf the folder. */
  readonly path: string;
  /** Of csv and json: the columns, none for everything. */
  readonly columns: readonly string[];
  /** Of text. */
  readonly time: TimeStyle;
  /** What a capture says that it was written by. */
  readonly application: string;
  /** Asked while a slow reader is waited for: true gives up. */
  readonly givesUp: () => boolean;
}

/**
 * @param sources none of which was read from
 * @throws SysError; UsageError
 */
export async function openItemSink(
  output: ConversionOutput,
  sources: readonly ItemSource[],
): Promise<ItemSink> {
  const { format, path, columns, time, application, givesUp } = output;
  switch (format) {
    case 'perfetto': {
      const { PerfettoSink } = await import('./perfetto/perfetto-sink.ts');
      const { TimelineItemSink } = await import('./timeline-item-sink.ts');
      return new TimelineItemSink(new PerfettoSink(await openStream(output)));
    }
    case 'chrome': {
      const { ChromeSink } = await import('./chrome-sink.ts');
      const { TimelineItemSink } = await import('./timeline-item-sink.ts');
      return new TimelineItemSink(new ChromeSink(await openText(output)));
    }
    case 'json': {
      const { JsonSink } = await import('./json-sink.ts');
      return new JsonSink(await openText(output), await chooseColumns(columns));
    }
    case 'csv': {
      const { CsvSink } = await import('./csv-sink.ts');
      return new CsvSink(await openText(output), await chooseColumns(columns));
    }
    case 'text': {
      const { TextSink } = await import('./text-sink.ts');
      return new TextSink(await openText(output), time);
    }
    case 'pcapng': {
      const { PcapngItemSink } = await import('./pcapng-sink.ts');
      const captures = sources.filter((source) => source instanceof CaptureSource);
      if (captures.length === 0) throw new UsageError('--to pcapng: expected a capture among the inputs');
      const comment =
        captures.length > 1 ? `merged from ${captures.map(({ name }) => name).join(', ')}` : undefined;
      const facts = { inputForm: undefined, application, comment, givesUp };
      const sink = await openFileSink({ kind: 'write', path, format: 'pcapng' }, facts);
      return new PcapngItemSink(sink, captures);
    }
    case 'ctf': {
      const { CtfSink } = await import('./ctf-sink.ts');
      return new CtfSink(path, application);
    }
  }
}

async function chooseColumns(names: readonly string[]) {
  const { Columns } = await import('./columns.ts');
  return names.length === 0 ? undefined : new Columns(names);
}

async function openText(output: ConversionOutput): Promise<TextStream> {
  return new TextStream(await openStream(output));
}

async function openStream({ path, givesUp }: ConversionOutput): Promise<OutputStream> {
  const { fd, isShared } = await openOutput(path, givesUp);
  return new OutputStream({ name: path === '-' ? 'standard output' : path, fd, isShared, givesUp });
}
