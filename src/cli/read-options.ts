/**
 * The options of `hone read`, in the words of tcpdump, tshark and editcap. Only the text is looked at here, not the files.
 */
import { type Command, Option } from 'commander';
import { nearest, UsageError } from '../base/index.ts';
import type { TimeStyle } from '../packet/index.ts';
import {
  DEFAULT_FIELDS_LAYOUT,
  type FieldsLayout,
  type FileOutput,
  type LinesOptions,
  parsePacketRanges,
  parseTime,
  type Selection,
  type TextOutput,
} from '../read/index.ts';
import { splitWords } from './read-words.ts';
import { describeTimeStyles, parseTimeStyle } from './time-styles.ts';

type ReadOutput = TextOutput | FileOutput | { readonly kind: 'count' };

export interface ReadOptions {
  readonly files: readonly string[];
  readonly order: 'time' | 'append';
  readonly filter: string;
  /** FILE or FILE:PROGRAM, instead of a filter. */
  readonly bpf: string | undefined;
  readonly selection: Selection;
  readonly output: ReadOutput;
  readonly quiet: boolean;
}

interface Flags {
  readonly f?: string;
  readonly bpf?: string;
  readonly write?: string;
  readonly pcap?: true;
  readonly c?: number;
  readonly after?: bigint;
  readonly before?: bigint;
  readonly packets?: Selection['ranges'];
  readonly append?: true;
  readonly output?: 'text' | 'fields' | 'json' | 'ek';
  readonly linkHeader?: true;
  readonly time?: TimeStyle | 'none';
  readonly x: number;
  readonly X: number;
  readonly stats?: true;
  readonly count?: true;
  readonly quiet?: true;
}

/** Adds the options to a command; `parse` is for its action, once. */
export function addReadOptions(command: Command): (words: readonly string[]) => ReadOptions {
  const files: string[] = [];
  const fields: string[] = [];
  const layout: string[] = [];
  command
    .argument('[words...]', 'files ("-" is standard input), then a filter')
    .option('-r <file>', 'a file, as in tcpdump; repeatable', (path) => files.push(path))
    .option('-f <filter>', 'only packets that match')
    .option('--bpf <file>', 'program in C, an ELF object, in the place of a filter; FILE:PROGRAM of several')
    .option('-c <packets>', 'stop after as many that pass', parseCount)
    .option('-A, --after <time>', 'only packets of this time or later', (text) => parseTime('-A', text))
    .option('-B, --before <time>', 'only packets earlier than this', (text) => parseTime('-B', text))
    .option('--packets <ranges>', 'only packets with these numbers, like 1-100,205,300-', parsePacketRanges)
    .option('-a, --append', 'files one after another (default: merged in time order)')
    .option('-w, --write <file>', 'write pcapng; "-" is standard output')
    .option('-P, --pcap', 'write pcap instead: no interfaces, no options')
    .addOption(
      new Option('-T, --output <form>', 'form of what is printed (default: text, a line a packet)').choices([
        'text',
        'fields',
        'json',
        'ek',
      ]),
    )
    .option('-e, --field <field>', 'a field to print, with -T fields, json or ek; repeatable', (name) =>
      fields.push(name),
    )
    .option(
      '-E <option>',
      'layout of -T fields: header=y, separator=/t, occurrence=f ...; repeatable',
      (text) => layout.push(text),
    )
    .option('--link-header', 'the link-layer header in each line; with text also -e, as in tcpdump')
    .addOption(
      new Option(
        '-t, --time <style>',
        `time in lines: ${describeTimeStyles()}; or tcpdump's -t to -ttttt`,
      ).argParser((text: string) => parseTimeStyle(text, ['none'])),
    )
    .option('-x', 'bytes below each line; -xx with the link-layer header', (_, times: number) => times + 1, 0)
    .option('-X', 'the same with characters; -XX', (_, times: number) => times + 1, 0)
    .option('-n', 'names are never resolved; accepted for habit')
    .option('--stats', 'print counts, sizes, rates and who sends most')
    .option('--count', 'print the number of packets that pass')
    .option('-q, --quiet', 'no progress, no counts at the end');

  return (words) => {
    const flags = command.opts<Flags>();
    const split = splitWords(words, files.length > 0);
    if (flags.f !== undefined && split.filter !== '') {
      const file = fileLike(split.filter);
      if (file !== undefined) throw new UsageError(`cannot read ${file}: no such file`);
      throw new UsageError(`got two filters, "${flags.f}" by -f and "${split.filter}"`);
    }
    const filter = flags.f ?? split.filter;
    if (flags.bpf !== undefined && filter !== '') {
      throw new UsageError(`got a filter, "${filter}", and --bpf ${flags.bpf}: expected one of them`);
    }
    const inputs = [...files, ...split.files];
    if (inputs.length === 0) throw new UsageError('expected a file to read, or "-" for standard input');
    if (inputs.filter((path) => path === '-').length > 1) {
      throw new UsageError('got standard input twice: it can be read once');
    }
    return {
      files: inputs,
      order: flags.append ? 'append' : 'time',
      filter,
      bpf: flags.bpf,
      selection: {
        ranges: flags.packets,
        fromNs: flags.after,
        beforeNs: flags.before,
        packets: flags.c,
      },
      output: chooseOutput(flags, fields, layout),
      quiet: flags.quiet ?? false,
    };
  };
}

/** The first word of what was taken for a filter, when it looks like a file. */
export function fileLike(filter: string): string | undefined {
  const [word = ''] = filter.split(' ');
  return /[/]|\.(pcap|pcapng|cap|ntar|gz|zst)$/.test(word) ? word : undefined;
}

function chooseOutput(flags: Flags, fields: readonly string[], layout: readonly string[]): ReadOutput {
  const { output, write, stats, count } = flags;
  const asked = [
    ['-w', write],
    ['-T', output],
    ['--stats', stats],
    ['--count', count],
  ].filter(([, value]) => value !== undefined);
  if (asked.length > 1) {
    throw new UsageError(`got ${asked.map(([name]) => name).join(' and ')}: expected one of them`);
  }
  if (flags.pcap && write === undefined) throw new UsageError('-P: expected -w FILE, got nothing to write');
  const isText = asked.length === 0 || output === 'text';
  if (!isText) forbidLineOptions(flags);
  if (output !== 'fields' && layout.length > 0)
    throw new UsageError(`-E ${layout[0]}: expected with -T fields`);
  if (fields.length > 0 && (output === undefined || output === 'text')) {
    throw new UsageError(`-e ${fields[0]}: expected with -T fields, json or ek`);
  }
  if (write !== undefined) return { kind: 'write', path: write, format: flags.pcap ? 'pcap' : 'pcapng' };
  if (stats) return { kind: 'stats' };
  if (count) return { kind: 'count' };
  switch (output) {
    case 'fields':
      if (fields.length === 0) throw new UsageError('-T fields: expected fields by -e, like -e ip.src');
      return { kind: 'fields', fields, layout: parseLayout(layout) };
    case 'json':
    case 'ek':
      return { kind: output, fields };
    default:
      return { kind: 'lines', lines: lineOptions(flags) };
  }
}

function forbidLineOptions({ linkHeader, time, x, X }: Flags): void {
  const got = [linkHeader && '--link-header', time && '-t', x > 0 && '-x', X > 0 && '-X'].filter(Boolean);
  if (got.length > 0) throw new UsageError(`${got[0]}: for lines of text only`);
}

function lineOptions({ linkHeader, time, x, X }: Flags): LinesOptions {
  const times = Math.max(x, X);
  return {
    time: time ?? 'a',
    linkHeader: linkHeader ?? false,
    hexDump: times === 0 ? undefined : { withLinkHeader: times > 1, characters: X > 0 },
  };
}

const YES_NO: Readonly<Record<string, boolean>> = { y: true, n: false };
const QUOTES = { d: '"', s: "'", n: '' } as const;
const OCCURRENCES = { f: 'f', l: 'l', a: 'a' } as const;
const WHITESPACE: Readonly<Record<string, string>> = { '/t': '\t', '/s': ' ' };
const LAYOUT_KEYS: readonly string[] = ['bom', 'header', 'separator', 'occurrence', 'aggregator', 'quote'];

/** The values of -E, as tshark has them. @throws UsageError */
function parseLayout(options: readonly string[]): FieldsLayout {
  let layout = DEFAULT_FIELDS_LAYOUT;
  for (const option of options) {
    const [key = '', ...rest] = option.split('=');
    const value = rest.join('=');
    if (!LAYOUT_KEYS.includes(key) || rest.length === 0) {
      const near = nearest(key, LAYOUT_KEYS);
      const hint = near === undefined || near === key ? '' : `, did you mean ${near}=?`;
      throw new UsageError(
        `-E ${option}: expected KEY=VALUE with KEY one of ${LAYOUT_KEYS.join(', ')}${hint}`,
      );
    }
    layout = { ...layout, [key]: parseLayoutValue(option, key, value) };
  }
  return layout;
}

function parseLayoutValue(option: string, key: string, value: string): string | boolean {
  switch (key) {
    case 'bom':
    case 'header':
      return choose(option, value, YES_NO);
    case 'occurrence':
      return choose(option, value, OCCURRENCES);
    case 'quote':
      return choose(option, value, QUOTES);
    default: {
      const character = WHITESPACE[value] ?? value;
      if (character.length !== 1) {
        throw new UsageError(`-E ${option}: expected one character, /t for a tab or /s for a space`);
      }
      return character;
    }
  }
}

function choose<T>(option: string, value: string, values: Readonly<Record<string, T>>): T {
  const found = Object.hasOwn(values, value) ? values[value] : undefined;
  if (found !== undefined) return found;
  throw new UsageError(`-E ${option}: expected one of ${Object.keys(values).join(', ')}`);
}

function parseCount(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value > 0 && Number.isSafeInteger(value)) return value;
  throw new UsageError(`-c ${text}: expected a whole number above 0`);
}
