/**
 * `hone extcap`: what Wireshark and tshark call to show the ports of applications as interfaces, and what puts it where they
 * find it. Each call does one thing, as the options say (extcap(4)); it loads no more than that.
 */
import { type Command, Option } from 'commander';
import { CompileError, UsageError } from '../base/index.ts';
import {
  ALL_QUEUES,
  formatInterfaces,
  formatLinkTypes,
  formatOptions,
  formatQueues,
} from './extcap-sentences.ts';
import { honeVersion } from './version.ts';

interface ExtcapFlags {
  readonly extcapInterfaces?: true;
  readonly extcapInterface?: string;
  readonly extcapDlts?: true;
  readonly extcapConfig?: true;
  readonly extcapReloadOption?: string;
  readonly extcapCaptureFilter?: string;
  readonly extcapVersion?: string | true;
  readonly capture?: true;
  readonly fifo?: string;
  readonly snaplen: number;
  readonly direction: keyof typeof DIRECTIONS;
  readonly queue?: number;
  readonly meta?: true;
}

const DIRECTIONS = { in: ['in'], out: ['out'], inout: ['in', 'out'] } as const;
const MAXIMUM_SNAPLEN = 262_144;

export function registerExtcap(program: Command): void {
  program
    .command('extcap')
    .summary("ports as Wireshark's interfaces: install, uninstall")
    .description(
      'Shows the ports of running applications in Wireshark and tshark as interfaces. "install" puts a script where the ' +
        'installed Wireshark finds it, for everybody as root, else for you; "uninstall" removes it. The options are for ' +
        'Wireshark.',
    )
    .argument('[action]', 'install or uninstall')
    .allowExcessArguments()
    // Later versions of Wireshark may pass more.
    .allowUnknownOption()
    .option('--extcap-interfaces', 'list the ports')
    .option('--extcap-version [version]', "Wireshark's own version")
    .option('--extcap-interface <interface>', 'the port that the others are about')
    .option('--extcap-dlts', 'list link types')
    .option('--extcap-config', 'list the fields of the dialog')
    .option('--extcap-reload-option <option>', 'list what a field offers')
    .option('--extcap-capture-filter <filter>', 'capture filter; without --capture it is only checked')
    .option('--capture', 'capture')
    .option('--fifo <path>', 'where to')
    .addOption(
      new Option('--snaplen <bytes>', 'bytes kept of a packet')
        .argParser(parseSnaplen)
        .default(MAXIMUM_SNAPLEN),
    )
    .addOption(
      new Option('--direction <way>', 'which way packets go')
        .choices(Object.keys(DIRECTIONS))
        .default('inout'),
    )
    .option('--queue <queue>', `only packets of one queue, or "${ALL_QUEUES}"`, parseQueue)
    .option('--meta', 'what pcapng has no field for, as comments')
    .action((action: string | undefined, flags: ExtcapFlags) => run(action, flags));
}

function parseSnaplen(text: string): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : -1;
  if (value === 0) return MAXIMUM_SNAPLEN;
  if (value > 0 && value <= MAXIMUM_SNAPLEN) return value;
  throw new UsageError(`--snaplen ${text}: expected 1 to ${MAXIMUM_SNAPLEN}`);
}

function parseQueue(text: string): number | undefined {
  if (text === ALL_QUEUES || text === '') return undefined;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageError(`--queue ${text}: expected a number, or "${ALL_QUEUES}"`);
}

async function run(action: string | undefined, flags: ExtcapFlags): Promise<void> {
  if (action === 'install' || action === 'uninstall') {
    const { installExtcap, uninstallExtcap } = await import('./extcap-install.ts');
    say(`${action === 'install' ? installExtcap(process.argv[1]!) : uninstallExtcap()}\n`);
  } else if (flags.extcapInterfaces) {
    const { listPorts } = await import('./extcap-interfaces.ts');
    say(formatInterfaces(honeVersion(), await listPorts()));
  } else if (flags.extcapDlts) {
    say(formatLinkTypes());
  } else if (flags.extcapConfig) {
    say(flags.extcapReloadOption === undefined ? formatOptions() : await offer(flags));
  } else if (flags.capture) {
    await capture(flags);
  } else if (flags.extcapCaptureFilter !== undefined) {
    say(await faultOf(flags.extcapCaptureFilter, flags.direction));
  } else {
    const expected = 'expected install, uninstall, or what Wireshark passes: --extcap-interfaces and so on';
    throw new UsageError(action === undefined ? expected : `${action}: ${expected}`);
  }
}

function say(text: string): void {
  process.stdout.write(text);
}

async function offer({ extcapReloadOption, extcapInterface }: ExtcapFlags): Promise<string> {
  if (!/^-*queue$/.test(extcapReloadOption ?? '')) return '';
  const { queues } = await findPort(extcapInterface);
  return formatQueues(Array.from({ length: queues }, (_, queue) => queue));
}

async function findPort(wanted: string | undefined) {
  if (wanted === undefined) throw new UsageError('expected --extcap-interface');
  const { listPorts } = await import('./extcap-interfaces.ts');
  const ports = await listPorts();
  const found = ports.find(({ value }) => value === wanted);
  if (found !== undefined) return found;
  throw new UsageError(`no interface ${wanted}: there are ${ports.map(({ value }) => value).join(', ')}`);
}

/** Empty for a filter that is right: whatever is printed is a fault to Wireshark, which shows its first line. */
async function faultOf(filter: string, direction: ExtcapFlags['direction']): Promise<string> {
  const { compileFilter } = await import('../filter/index.ts');
  try {
    for (const way of DIRECTIONS[direction]) compileFilter(filter, { direction: way });
    return '';
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return `${error.message}\n`;
  }
}

async function capture(flags: ExtcapFlags): Promise<void> {
  const { extcapInterface, extcapCaptureFilter = '', fifo, snaplen, direction, queue, meta = false } = flags;
  if (fifo === undefined) throw new UsageError('--capture: expected --fifo');
  const { captureToPipe, endPipe } = await import('./extcap-capture.ts');
  try {
    const { selector, reason } = await findPort(extcapInterface);
    if (selector === undefined) throw new UsageError(reason ?? `${extcapInterface} cannot be captured`);
    await captureToPipe({
      selector,
      fifo,
      filter: extcapCaptureFilter,
      snaplen,
      directions: DIRECTIONS[direction],
      queue,
      meta,
    });
  } catch (error) {
    await endPipe(fifo);
    throw error;
  }
}
