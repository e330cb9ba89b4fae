/**
 * The options of `hone capture`, as dumpcap and tshark have them. What is peculiar to them: -f, -s, --ifname and --ifdescr
 * belong to the -i before them, and before any -i they are the default. Only the text is looked at here.
 */
import { type Command, Option } from 'commander';
import { UsageError } from '../base/index.ts';
import type { TimeStyle } from '../packet/index.ts';
import type { Direction } from '../target/index.ts';
import {
  type CaptureConditions,
  type Condition,
  combineConditions,
  parseAutostop,
  parsePacketCount,
  parseRingBuffer,
} from './capture-conditions.ts';
import { describeTimeStyles, parseTimeStyle } from './time-styles.ts';

const MAXIMUM_SNAPLEN = 262_144;
const DEFAULT_RING_MIB = 64;
const MAXIMUM_RING_MIB = 1024;

/** What one -i asks for, defaults filled in. */
export interface PortChoice {
  readonly selector: string;
  readonly filter: string;
  /** FILE or FILE:PROGRAM, instead of a filter. */
  readonly bpf: string | undefined;
  readonly snaplen: number;
  /** The name and the description in the file; undefined for the port's own. */
  readonly name: string | undefined;
  readonly description: string | undefined;
}

export interface CaptureOptions extends CaptureConditions {
  /** Without any -i: all ports of the one application. */
  readonly choices: readonly PortChoice[];
  readonly directions: readonly Direction[];
  readonly ringBytes: number;
  readonly meta: boolean;
  readonly hostClock: boolean;
  /** -w: a path, `-`, or undefined for text. */
  readonly path: string | undefined;
  readonly format: 'pcapng' | 'pcap';
  readonly comments: readonly string[];
  readonly quiet: boolean;
  readonly time: TimeStyle;
  readonly hexDump: boolean;
}

/** What the command is asked to do. */
export type CaptureRequest =
  | { readonly kind: 'capture'; readonly options: CaptureOptions }
  | { readonly kind: 'list-ports' }
  | { readonly kind: 'statistics'; readonly options: CaptureOptions };

interface Flags {
  readonly write?: string;
  readonly quiet?: true;
  readonly pcap?: true;
  readonly statistics?: true;
  readonly listInterfaces?: true;
  readonly direction: keyof typeof DIRECTIONS;
  readonly bufferSize: number;
  readonly meta?: true;
  readonly timeStampType: 'host' | 'adapter';
  readonly time: TimeStyle;
  readonly hex?: true;
}

const DIRECTIONS = { in: ['in'], out: ['out'], inout: ['in', 'out'] } as const;

/** Adds the options to a command; `parse` is for its action, once. */
export function addCaptureOptions(command: Command): (words: readonly string[]) => CaptureRequest {
  const ports = new PortChoices();
  const autostop: Condition[] = [];
  const ringBuffer: Condition[] = [];
  const comments: string[] = [];
  command
    .argument('[filter...]', 'the default capture filter, in words')
    .option(
      '-i, --interface <port>',
      'port NAME, ID or "all", of one application: APP/PORT; repeatable',
      (text) => ports.add(text),
    )
    .option('-f <filter>', 'capture filter of the -i before, or the default', (text) =>
      ports.set('-f', { filter: text }),
    )
    .option(
      '--bpf <file>',
      'program in C, an ELF object, in the place of -f; FILE:PROGRAM of several',
      (text) => ports.set('--bpf', { bpf: text }),
    )
    .option('-s, --snapshot-length <bytes>', 'bytes kept of a packet (default: 262144; 0 as well)', (text) =>
      ports.set('-s', { snaplen: parseSnaplen(text) }),
    )
    .option('--ifname <name>', 'name in the file of the -i before', (text) =>
      ports.setOwn('--ifname', { name: text }),
    )
    .option('--ifdescr <text>', 'description in the file of the -i before', (text) =>
      ports.setOwn('--ifdescr', { description: text }),
    )
    .addOption(
      new Option('-Q, --direction <way>', 'which way packets go')
        .choices(Object.keys(DIRECTIONS))
        .default('inout'),
    )
    .option('-w, --write <file>', 'pcapng file; "-" is standard output (default: a line a packet)')
    .option('-P, --pcap', 'write pcap with nanoseconds instead: no interfaces, no options')
    .option('-c <packets>', 'stop after as many', (text) => autostop.push(parsePacketCount(text)))
    .option('-a, --autostop <condition>', 'stop at duration:S, filesize:KB, packets:N, files:N', (text) =>
      autostop.push(parseAutostop(text)),
    )
    .option(
      '-b, --ring-buffer <condition>',
      'next file at filesize:KB, duration:S, packets:N, interval:S; files:N keeps the last N',
      (text) => ringBuffer.push(parseRingBuffer(text)),
    )
    .option('-q, --quiet', 'no running count')
    .option('-S, --statistics', "print the ports' counters each second, capture nothing")
    .option('-D, --list-interfaces', 'print what can be captured and exit')
    .addOption(
      new Option('-B, --buffer-size <mib>', 'ring of each polling thread')
        .argParser(parseRingMib)
        .default(DEFAULT_RING_MIB),
    )
    .option('--meta', 'add what pcapng has no field for, as comments')
    .addOption(
      new Option('--time-stamp-type <type>', "whose clock: the adapter's when a packet has its time")
        .choices(['host', 'adapter'])
        .default('adapter'),
    )
    .option('--capture-comment <text>', 'comment for the file; repeatable', (text) => comments.push(text))
    .addOption(
      new Option('-t, --time <style>', `time in lines: ${describeTimeStyles()}`)
        .argParser((text: string) => parseTimeStyle(text))
        .default('a', 'a'),
    )
    .option('-x, --hex', 'the bytes below each line')
    .option('-n', 'names are never resolved; accepted for habit');

  return (words) => {
    const flags = command.opts<Flags>();
    if (flags.listInterfaces) return { kind: 'list-ports' };
    const options: CaptureOptions = {
      ...combineConditions(autostop, ringBuffer),
      choices: ports.finish(words.join(' ')),
      directions: DIRECTIONS[flags.direction],
      ringBytes: flags.bufferSize * 1_048_576,
      meta: flags.meta ?? false,
      hostClock: flags.timeStampType === 'host',
      path: flags.write,
      format: flags.pcap ? 'pcap' : 'pcapng',
      comments,
      quiet: flags.quiet ?? false,
      time: flags.time,
      hexDump: flags.hex ?? false,
    };
    checkTogether(options, flags.statistics ?? false);
    return { kind: flags.statistics ? 'statistics' : 'capture', options };
  };
}

function checkTogether(options: CaptureOptions, statistics: boolean): void {
  const { path, rotate, stop, format } = options;
  if (statistics && path !== undefined) {
    throw new UsageError('-S: captures nothing, so that -w has nothing to write; give one of them');
  }
  if (rotate !== undefined && (path === undefined || path === '-')) {
    throw new UsageError(`-b: expected -w FILE, got ${path === undefined ? 'no -w' : '-w -'}`);
  }
  if (path === undefined && stop.bytes !== undefined) {
    throw new UsageError('-a filesize: expected -w, got no file whose size counts');
  }
  if (path === undefined && format === 'pcap') throw new UsageError('-P: expected -w, got no file to write');
}

/** What stands behind one -i, or before all of them. */
interface PortSettings {
  filter?: string;
  bpf?: string;
  snaplen?: number;
  name?: string;
  description?: string;
}

/** The -i options and what stands between them. */
class PortChoices {
  readonly #choices: { readonly selector: string; readonly own: PortSettings }[] = [];
  readonly #defaults: PortSettings = {};

  add(selector: string): void {
    if (selector === '') throw new UsageError('-i: expected a port, got an empty text');
    this.#choices.push({ selector, own: {} });
  }

  /** For the last -i, or for all without their own. */
  set(option: string, settings: PortSettings): void {
    this.#put(option, this.#choices.at(-1)?.own ?? this.#defaults, settings);
  }

  /** For the last -i only. */
  setOwn(option: string, settings: PortSettings): void {
    const last = this.#choices.at(-1);
    if (last === undefined) throw new UsageError(`${option}: expected after the -i that it belongs to`);
    this.#put(option, last.own, settings);
  }

  /** @param words the filter at the end of the command line: a default, too */
  finish(words: string): PortChoice[] {
    if (words !== '') {
      if (this.#defaults.filter !== undefined) {
        throw new UsageError(`got two default filters, "${this.#defaults.filter}" by -f and "${words}"`);
      }
      if (this.#defaults.bpf !== undefined) {
        throw new UsageError(`got two default filters, --bpf ${this.#defaults.bpf} and "${words}"`);
      }
      this.#defaults.filter = words;
    }
    const choices = this.#choices.length > 0 ? this.#choices : [{ selector: 'all', own: {} }];
    return choices.map(({ selector, own }) => ({
      selector,
      ...chosenFilter(own.filter === undefined && own.bpf === undefined ? this.#defaults : own),
      snaplen: own.snaplen ?? this.#defaults.snaplen ?? MAXIMUM_SNAPLEN,
      name: own.name,
      description: own.description,
    }));
  }

  #put(option: string, into: PortSettings, settings: PortSettings): void {
    const last = this.#choices.at(-1);
    const where = last === undefined ? 'the default' : `-i ${last.selector}`;
    for (const key of Object.keys(settings)) {
      if (Object.hasOwn(into, key)) throw new UsageError(`${option}: got two for ${where}, expected one`);
    }
    Object.assign(into, settings);
    if (into.filter !== undefined && into.bpf !== undefined) {
      throw new UsageError(`${option}: got -f and --bpf for ${where}, expected one`);
    }
  }
}

function chosenFilter({ filter, bpf }: PortSettings): Pick<PortChoice, 'filter' | 'bpf'> {
  return { filter: filter ?? '', bpf };
}

function parseSnaplen(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= MAXIMUM_SNAPLEN) return value === 0 ? MAXIMUM_SNAPLEN : value;
  throw new UsageError(`-s ${text}: expected a number of bytes from 0 to ${MAXIMUM_SNAPLEN}`);
}

/** Rings have a power of two. */
function parseRingMib(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > MAXIMUM_RING_MIB) {
    throw new UsageError(`-B ${text}: expected a whole number of MiB from 1 to ${MAXIMUM_RING_MIB}`);
  }
  return 2 ** Math.ceil(Math.log2(value));
}
