/** The options of `hone capture`, as dumpcap and tshark have them. Only the text is looked at here. */
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
import { addPortOptions, type PortChoice, PortChoices } from './port-choices.ts';
import { parseRingMib } from './ring-size.ts';
import { describeTimeStyles, parseTimeStyle } from './time-styles.ts';

const DEFAULT_RING_MIB = 64;

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
  addPortOptions(command.argument('[filter...]', 'the default capture filter, in words'), ports)
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
