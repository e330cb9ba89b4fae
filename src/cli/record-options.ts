/**
 * The options of `hone record`: events as lttng and perf select them, applications as hone trace, packets as hone capture. Only the
 * text is looked at here.
 */
import { type Command, Option } from 'commander';
import { UsageError } from '../base/index.ts';
import {
  type Condition,
  combineRecordingConditions,
  parseRecordingEnd,
  type RecordingConditions,
} from './capture-conditions.ts';
import { addPortOptions, type PortChoice, PortChoices } from './port-choices.ts';
import { parseRingMib } from './ring-size.ts';

/** Half a second of a million events a second. */
const DEFAULT_RING_MIB = 16;

export interface RecordOptions {
  /** `PATTERN /predicate/` each. */
  readonly events: readonly string[];
  /** Pid, file prefix or name; undefined for the only application. */
  readonly application: string | undefined;
  /** Where bursts and packets are recorded; undefined for everywhere. */
  readonly ports: readonly PortChoice[] | undefined;
  readonly hasPackets: boolean;
  /** With `hasPackets`, what is captured. */
  readonly choices: readonly PortChoice[];
  readonly folder: string;
  readonly conditions: RecordingConditions;
  readonly ringBytes: number;
  readonly isFlightRecorder: boolean;
  /** Hits of these ask for a snapshot. */
  readonly triggers: readonly string[];
  readonly ctf: '1.8' | '2';
  /** Patterns of DPDK's own trace points. */
  readonly rteTrace: readonly string[];
  readonly quiet: boolean;
}

interface Flags {
  readonly app?: string;
  readonly p?: string;
  readonly packets?: true;
  readonly output?: string;
  readonly bufferSize: number;
  readonly overwrite?: true;
  readonly ctf2?: true;
  readonly quiet?: true;
}

/** Adds the options to a command; `parse` is for its action, once. */
export function addRecordOptions(command: Command): () => RecordOptions {
  const ports = new PortChoices();
  const [events, triggers, rteTrace]: [string[], string[], string[]] = [[], [], []];
  const ends: Condition[] = [];
  command
    .option(
      '-e, --event <event>',
      "what is recorded: 'PATTERN' or 'PATTERN /predicate/'; repeatable",
      (text) => events.push(text),
    )
    .option('-o, --output <folder>', 'where it goes: a new folder, or an empty one')
    .option('-t, --app <app>', 'the application: its pid, file prefix or name')
    .option('-p <pid>', 'the same by its pid', parsePid);
  addPortOptions(command, ports)
    .option(
      '--packets',
      'the packets of these ports as well, into packets.pcapng; -f, --bpf and -s say which',
    )
    .option(
      '-a, --autostop <condition>',
      'stop at duration:S, events:N, size:KB, snapshots:N; repeatable',
      (text) => ends.push(parseRecordingEnd(text)),
    )
    .addOption(
      new Option('-B, --buffer-size <mib>', 'ring of each thread')
        .argParser(parseRingMib)
        .default(DEFAULT_RING_MIB),
    )
    .option(
      '--overwrite',
      'keep the last events in the rings, and write them as a snapshot: at SIGUSR1, --snapshot-on, the end',
    )
    .option('--snapshot-on <event>', "take a snapshot when this happens: 'PATTERN /predicate/'", (text) =>
      triggers.push(text),
    )
    .option('--ctf2', 'metadata of CTF 2 instead of 1.8')
    .option('--rte-trace <pattern>', "DPDK's own trace points as well, into rte-trace/; repeatable", (text) =>
      rteTrace.push(text),
    )
    .option('-q, --quiet', 'no running count, no summary at the end');
  return () => {
    const flags = command.opts<Flags>();
    if (flags.app !== undefined && flags.p !== undefined)
      throw new UsageError('got --app and -p: expected one of them');
    if (events.length === 0) {
      throw new UsageError("expected events by -e, like -e 'dpdk:rx_burst /args.nb_rx > 16/'");
    }
    if (flags.output === undefined) throw new UsageError('expected -o FOLDER: where the recording goes');
    const choices = ports.finish('');
    const options: RecordOptions = {
      events,
      application: flags.app ?? flags.p,
      ports: ports.isChosen ? choices : undefined,
      hasPackets: flags.packets ?? false,
      choices,
      folder: flags.output,
      conditions: combineRecordingConditions(ends),
      ringBytes: flags.bufferSize * 1_048_576,
      isFlightRecorder: flags.overwrite ?? false,
      triggers,
      ctf: flags.ctf2 ? '2' : '1.8',
      rteTrace,
      quiet: flags.quiet ?? false,
    };
    checkTogether(options, ports);
    return options;
  };
}

function checkTogether(options: RecordOptions, ports: PortChoices): void {
  const { hasPackets, isFlightRecorder, triggers, conditions, folder } = options;
  if (folder === '-') throw new UsageError('-o -: a recording is a folder, expected the name of one');
  if (!hasPackets && ports.isFiltered) {
    throw new UsageError('-f, --bpf and -s say which packets are captured: expected --packets, too');
  }
  if (!isFlightRecorder) {
    if (triggers.length > 0) throw new UsageError(`--snapshot-on ${triggers[0]}: expected --overwrite, too`);
    if (conditions.snapshots !== undefined) throw new UsageError('-a snapshots: expected --overwrite, too');
    return;
  }
  if (hasPackets) throw new UsageError('--packets: expected no --overwrite, which keeps events alone');
  if (conditions.events !== undefined) {
    throw new UsageError('-a events: expected no --overwrite, which counts no events; -a snapshots works');
  }
}

function parsePid(text: string): string {
  if (/^[1-9]\d*$/.test(text)) return text;
  throw new UsageError(`-p ${text}: expected the number of a process`);
}
