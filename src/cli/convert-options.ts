/** The options of `hone convert`, in the words of `hone read`. Only the text is looked at here, not the files. */
import { type Command, Option } from 'commander';
import { UsageError } from '../base/index.ts';
import { FORMATS, type Format, type InputOffset, type ItemSelection, parseOffset } from '../convert/index.ts';
import type { TimeStyle } from '../packet/index.ts';
import { parseTime } from '../read/index.ts';
import { describeTimeStyles, parseTimeStyle } from './time-styles.ts';

export interface ConvertOptions {
  readonly inputs: readonly string[];
  readonly offsets: readonly InputOffset[];
  readonly format: Format;
  /** `-` is standard output. */
  readonly path: string;
  readonly columns: readonly string[];
  readonly time: TimeStyle;
  readonly selection: ItemSelection;
  readonly quiet: boolean;
}

interface Flags {
  readonly to?: string;
  readonly write?: string;
  readonly time?: TimeStyle;
  readonly after?: bigint;
  readonly before?: bigint;
  readonly c?: number;
  readonly quiet?: true;
}

/** Formats for people and pipes: what is not said goes to standard output. */
const TEXTS: readonly Format[] = ['json', 'text', 'csv', 'chrome'];

/** Adds the options to a command; `parse` is for its action, once. */
export function addConvertOptions(command: Command): (inputs: readonly string[]) => ConvertOptions {
  const fields: string[] = [];
  const offsets: InputOffset[] = [];
  command
    .argument('[inputs...]', 'captures ("-" is standard input), traces, folders with both')
    .option('--to <format>', `what it becomes: ${FORMATS.join(', ')}`)
    .option('-w, --write <file>', 'where to: a file, "-" for standard output; with ctf a new folder')
    .option(
      '-e, --field <field>',
      'a column of csv, a member of json; repeatable (default: everything)',
      (name) => fields.push(name),
    )
    .option('-A, --after <time>', 'only what is of this time or later', (text) => parseTime('-A', text))
    .option('-B, --before <time>', 'only what is earlier than this', (text) => parseTime('-B', text))
    .option('-c <number>', 'stop after as many packets and events', parseCount)
    .option('--offset <input=ns>', 'added to the times of an input; repeatable', (text) =>
      offsets.push(parseOffset(text)),
    )
    .addOption(
      new Option('-t, --time <style>', `time in lines of text: ${describeTimeStyles()}`).argParser(
        (text: string) => parseTimeStyle(text),
      ),
    )
    .option('-q, --quiet', 'no progress, no counts at the end');

  return (inputs) => {
    const { to, write, time, after, before, c, quiet } = command.opts<Flags>();
    const format = parseFormat(to);
    if (inputs.length === 0)
      throw new UsageError('expected an input: a capture, a trace, or "-" for standard input');
    const twice = inputs.find((path, index) => inputs.indexOf(path) !== index);
    if (twice !== undefined) throw new UsageError(`got ${twice} twice`);
    if (fields.length > 0 && format !== 'csv' && format !== 'json') {
      throw new UsageError(`-e ${fields[0]}: expected with --to csv or json`);
    }
    if (time !== undefined && format !== 'text') throw new UsageError('-t: expected with --to text');
    if (format === 'pcapng' && offsets.length > 0) {
      throw new UsageError('--offset: packets are copied into pcapng as they are');
    }
    if (write === undefined && !TEXTS.includes(format)) {
      throw new UsageError(`--to ${format}: expected -w ${format === 'ctf' ? 'FOLDER' : 'FILE'}`);
    }
    if (format === 'ctf' && write === '-') throw new UsageError('-w -: a CTF trace is a folder');
    return {
      inputs,
      offsets,
      format,
      path: write ?? '-',
      columns: fields,
      time: time ?? 'a',
      selection: { fromNs: after, beforeNs: before, items: c },
      quiet: quiet ?? false,
    };
  };
}

/** @throws UsageError */
function parseFormat(text: string | undefined): Format {
  const formats = FORMATS.join(', ');
  if (text === undefined) throw new UsageError(`expected --to with one of ${formats}`);
  const found = FORMATS.find((format) => format === text);
  if (found !== undefined) return found;
  throw new UsageError(`--to ${text}: expected one of ${formats}`);
}

function parseCount(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value > 0 && Number.isSafeInteger(value)) return value;
  throw new UsageError(`-c ${text}: expected a whole number above 0`);
}
