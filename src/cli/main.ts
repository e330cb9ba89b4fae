#!/usr/bin/env node
/**
 * The command line: finds the command, loads only that, and turns what it throws into a message and an exit code.
 * Nothing else in hone prints errors.
 */
import { Command, CommanderError } from 'commander';
import { HoneError, nearest } from '../base/index.ts';
import { exitCodeOf } from './exit-codes.ts';
import { honeVersion } from './version.ts';

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<(program: Command) => void>;
}

/** In the order of `hone --help`. */
const COMMANDS: readonly Entry[] = [
  {
    name: 'capture',
    summary: 'packets of running applications into a file, or as lines',
    load: async () => (await import('./capture.ts')).registerCapture,
  },
  {
    name: 'read',
    summary: 'recorded files: filter, merge, convert, print, count',
    load: async () => (await import('./read.ts')).registerRead,
  },
  {
    name: 'convert',
    summary: 'captures and traces merged, for Perfetto and other tools',
    load: async () => (await import('./convert.ts')).registerConvert,
  },
  {
    name: 'trace',
    summary: "bpftrace's language inside the application, or on recorded files",
    load: async () => (await import('./trace.ts')).registerTrace,
  },
  {
    name: 'record',
    summary: 'events of a running application as a CTF trace, with its packets beside it',
    load: async () => (await import('./record.ts')).registerRecord,
  },
  {
    name: 'top',
    summary: 'live table of ports, queues and lcores: rates, bursts, utilisation, drops',
    load: async () => (await import('./top.ts')).registerTop,
  },
  {
    name: 'report',
    summary: 'what looks wrong with an application, and what to do next',
    load: async () => (await import('./report.ts')).registerReport,
  },
  {
    name: 'filter',
    summary: 'what a filter compiles to',
    load: async () => (await import('./filter.ts')).registerFilter,
  },
  {
    name: 'apps',
    summary: 'DPDK applications that are running',
    load: async () => (await import('./apps.ts')).registerApps,
  },
  {
    name: 'ports',
    summary: 'what can be captured',
    load: async () => (await import('./ports.ts')).registerPorts,
  },
  {
    name: 'tracepoints',
    summary: 'what programs can be put on',
    load: async () => (await import('./tracepoints.ts')).registerTracepoints,
  },
  {
    name: 'run',
    summary: 'start a DPDK application with the agent inside',
    load: async () => (await import('./run.ts')).registerRun,
  },
  {
    name: 'attach',
    summary: 'put the agent into a running DPDK application',
    load: async () => (await import('./attach.ts')).registerAttach,
  },
  {
    name: 'agent',
    summary: 'compile the agent for the installed DPDK',
    load: async () => (await import('./agent.ts')).registerAgent,
  },
  {
    name: 'replay',
    summary: 'serve a recorded file as a target',
    load: async () => (await import('./replay.ts')).registerReplay,
  },
  {
    name: 'web',
    summary: 'a page for a browser: overview, capture, trace, timeline',
    load: async () => (await import('./web.ts')).registerWeb,
  },
  {
    name: 'extcap',
    summary: "ports as Wireshark's interfaces: install, uninstall",
    load: async () => (await import('./extcap.ts')).registerExtcap,
  },
  {
    name: 'bench',
    summary: 'what hone and other tools cost, measured on this machine',
    load: async () => (await import('./bench.ts')).registerBench,
  },
  {
    name: 'doctor',
    summary: 'what this machine lacks, and the command that mends it',
    load: async () => (await import('./doctor.ts')).registerDoctor,
  },
  {
    name: 'demo',
    summary: 'a capture of a few seconds, to see how it goes',
    load: async () => (await import('./demo.ts')).registerDemo,
  },
];

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('hone')
    .description('Shows what goes in and out of a running DPDK application.')
    .version(honeVersion(), '-v, --version')
    .enablePositionalOptions()
    .exitOverride()
    // What commander finds wrong is said as everything else is: see report(). Commands inherit this.
    .configureOutput({ outputError: () => {} });
  const wanted = commandName(argv);
  for (const { name, summary, load } of COMMANDS) {
    if (name !== wanted) program.command(name).description(summary);
    else (await load())(program);
  }
  await program.parseAsync(argv, { from: 'user' });
}

/** @throws CommanderError for a word that is no command */
function commandName(argv: readonly string[]): string | undefined {
  const [first, second] = argv;
  const word = first === 'help' ? second : first;
  if (word === undefined || word.startsWith('-') || COMMANDS.some(({ name }) => name === word)) return word;
  const near = nearest(
    word,
    COMMANDS.map(({ name }) => name),
  );
  const hint = near === undefined ? '; see "hone --help"' : `, did you mean "${near}"?`;
  throw new CommanderError(1, 'hone.unknownCommand', `no command "${word}"${hint}`);
}

function report(error: unknown, argv: readonly string[]): number {
  const command = COMMANDS.find(({ name }) => name === argv[0]);
  const head = command === undefined ? 'hone' : `hone ${command.name}`;
  if (error instanceof CommanderError) {
    // Help and version have been printed.
    if (error.exitCode === 0 || error.code === 'commander.help') return error.exitCode;
    say(`${head}: ${error.message.replace(/^error: /, '')}`);
    return 1;
  }
  if (error instanceof HoneError) {
    say(`${head}: ${error.message}`);
    return exitCodeOf(error);
  }
  if (process.env.HONE_DEBUG === '1' && error instanceof Error) say(`${error.stack}`);
  const text = error instanceof Error ? error.message : String(error);
  say(`${head}: a defect of hone, please report it (HONE_DEBUG=1 shows where): ${text}`);
  return 1;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

// Whoever read what we print has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// The files of commands are minified: traces are to be of the sources.
if (process.env.HONE_DEBUG === '1') process.setSourceMapsEnabled(true);
const argv = process.argv.slice(2);
// What is thrown where nobody waits for it: in a timer, in a signal's handler.
process.on('uncaughtException', (error) => process.exit(report(error, argv)));
main(argv).catch((error: unknown) => {
  process.exitCode = report(error, argv);
});
