/** The options of `hone trace`, as bpftrace has them where it has them. Only the text is looked at here. */
import { type Command, Option } from 'commander';
import { UsageError } from '../base/index.ts';
import type { MapOrder, SortBy } from '../script/index.ts';

export interface TraceOptions {
  readonly script:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'file'; readonly path: string };
  /** `$1`, `$2`, ... */
  readonly positional: readonly string[];
  /** Pid, file prefix or name; undefined for the only application. */
  readonly application: string | undefined;
  /** A recorded file in place of an application. */
  readonly read: string | undefined;
  readonly format: 'text' | 'json' | 'prometheus';
  readonly order: MapOrder;
  /** Show what the programs are, run nothing. */
  readonly isDump: boolean;
  readonly cost: boolean;
  readonly durationMs: number | undefined;
  readonly snapshotMs: number | undefined;
  /** A path, or `-` for standard output. */
  readonly output: string;
  readonly quiet: boolean;
  /** Do not ask before something hot is probed. */
  readonly isSure: boolean;
}

interface Flags {
  readonly e?: string;
  readonly app?: string;
  readonly p?: string;
  readonly read?: string;
  readonly format: TraceOptions['format'];
  readonly sort?: Pick<MapOrder, 'sort' | 'isDescending'>;
  readonly top?: number;
  readonly d?: true;
  readonly cost?: true;
  readonly duration?: number;
  readonly live?: number | true;
  readonly output: string;
  readonly quiet?: true;
  readonly yes?: true;
}

const SORTS: readonly string[] = ['key', 'value', 'name'] satisfies SortBy[];
const DEFAULT_SNAPSHOT_S = 1;

/** Adds the options to a command; `parse` is for its action, once. */
export function addTraceOptions(command: Command): (words: readonly string[]) => TraceOptions {
  command
    .argument('[file]', 'a script, unless -e brings one')
    .argument('[parameters...]', 'what $1, $2, ... are in the script')
    .option('-e <script>', 'the script itself')
    .option('-t, --app <app>', 'the application: its pid, file prefix or name')
    .option('-p <pid>', 'the same by its pid; of probes in the kernel: only this process', parsePid)
    .option('--read <file>', 'a recorded file, or the folder of a recording')
    .addOption(
      new Option('-f, --format <format>', 'how it is printed')
        .choices(['text', 'json', 'prometheus'])
        .default('text'),
    )
    .option(
      '--sort <order>',
      'order of map entries: key, value or name; -key and so on from the largest',
      parseSort,
    )
    .option('--top <n>', 'only the n entries of each map with the largest values', parseTop)
    .option(
      '--live [seconds]',
      'show all maps again and again, in place on a terminal',
      parseSeconds('--live'),
    )
    .option('--duration <seconds>', 'end after this time', parseSeconds('--duration'))
    .option('--cost', 'say every second what the probes cost')
    .option('-d', 'print the eBPF of each probe and run nothing')
    .option('-o, --output <file>', 'where it is printed', '-')
    .option('-q, --quiet', 'no summary at the end')
    .option('-y, --yes', 'do not ask before probes of the kernel that will cost much');
  return (words) => {
    const flags = command.opts<Flags>();
    if (flags.app !== undefined && flags.p !== undefined)
      throw new UsageError('got --app and -p: expected one of them');
    const application = flags.app ?? flags.p;
    if (flags.read !== undefined && application !== undefined) {
      throw new UsageError(`got --read ${flags.read} and application ${application}: expected one of them`);
    }
    const [path, ...rest] = words;
    if (flags.e === undefined && path === undefined) {
      throw new UsageError(
        "expected a script: a file, or by -e, like -e 'dpdk:rx_burst { @ = hist(args.nb_rx); }'",
      );
    }
    const liveS = flags.live === true ? DEFAULT_SNAPSHOT_S : flags.live;
    return {
      script: flags.e === undefined ? { kind: 'file', path: path! } : { kind: 'text', text: flags.e },
      positional: flags.e === undefined ? rest : words,
      application,
      read: flags.read,
      format: flags.format,
      order: { sort: flags.sort?.sort, isDescending: flags.sort?.isDescending ?? false, top: flags.top },
      isDump: flags.d ?? false,
      cost: flags.cost ?? false,
      durationMs: flags.duration === undefined ? undefined : flags.duration * 1000,
      snapshotMs: liveS === undefined ? undefined : liveS * 1000,
      output: flags.output,
      quiet: flags.quiet ?? false,
      isSure: flags.yes ?? false,
    };
  };
}

function parsePid(text: string): string {
  if (/^[1-9]\d*$/.test(text)) return text;
  throw new UsageError(`-p ${text}: expected the number of a process`);
}

function parseSort(text: string): Pick<MapOrder, 'sort' | 'isDescending'> {
  const isDescending = text.startsWith('-');
  const word = isDescending ? text.slice(1) : text;
  if (!SORTS.includes(word)) {
    throw new UsageError(`--sort ${text}: expected key, value or name, or one of them after "-"`);
  }
  return { sort: word as SortBy, isDescending };
}

function parseTop(text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new UsageError(`--top ${text}: expected a whole number above 0`);
}

function parseSeconds(option: string): (text: string) => number {
  return (text) => {
    const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : 0;
    if (value > 0 && Number.isFinite(value)) return value;
    throw new UsageError(`${option} ${text}: expected seconds above 0, like 0.5`);
  };
}
