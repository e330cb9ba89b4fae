/**
 * `hone demo`: a capture of some seconds, from dpdk-testpmd when it is installed and starts, else from a replay of made-up
 * traffic. It shows the commands that it runs, and runs them as anybody would.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { HoneError } from '../base/index.ts';
import { type DemoApplication, startReplay, startTestpmd } from './demo-application.ts';

const FILTER = 'tcp port 80';
const LINES = 8;
const SECONDS = 3;

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .summary('a capture of a few seconds, to see how it goes')
    .description(
      'Starts an application with packets to capture, captures for a few seconds, and says what it did.',
    )
    .action(demo);
}

async function demo(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hone-demo-'));
  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  let application: DemoApplication | undefined;
  try {
    application = await startApplication(folder, interrupted.signal);
    await show(application, join(folder, 'demo.pcapng'), interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
  } finally {
    await application?.stop();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function startApplication(folder: string, signal: AbortSignal): Promise<DemoApplication> {
  try {
    const testpmd = await startTestpmd(folder, signal);
    say(
      'capturing from dpdk-testpmd, which forwards made-up traffic, started with: hone run -- dpdk-testpmd ...',
    );
    return testpmd;
  } catch (error) {
    if (!(error instanceof HoneError) || signal.aborted) throw error;
    say(`without dpdk-testpmd: ${error.message}`);
  }
  const replay = await startReplay(signal);
  say('capturing from a replay of made-up traffic, started with: hone replay --sample --loop');
  return replay;
}

async function show({ port }: DemoApplication, file: string, signal: AbortSignal): Promise<void> {
  say(`\nthe first ${LINES} packets of "${FILTER}" as lines:\n`);
  await hone(['capture', '-i', port, '-c', `${LINES}`, FILTER], signal);
  say(`\n${SECONDS} seconds of them into a file:\n`);
  await hone(['capture', '-i', port, '-a', `duration:${SECONDS}`, '-w', file, FILTER], signal);
  if (signal.aborted) return;
  say(
    [
      '',
      `${file} has them. What to do next:`,
      `  wireshark ${file}        look at it (or: tshark -r ${file})`,
      '  hone apps                  DPDK applications that are running here',
      '  hone attach PID            put the agent into one of them',
      '  hone capture -i all -w FILE',
      '                             capture what passes its ports; hone capture --help has the options',
    ].join('\n'),
  );
}

/** Runs a command of ours and shows it. */
async function hone(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const words = args.map((word) => (word.includes(' ') ? `'${word}'` : word));
  say(`$ hone ${words.join(' ')}`);
  const child = spawn(process.execPath, [process.argv[1]!, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const onAbort = () => child.kill('SIGINT');
  signal.addEventListener('abort', onAbort);
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', onAbort);
  if (code !== 0 && !signal.aborted)
    throw new HoneError('DEMO', `hone ${args[0]} ended with exit code ${code}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
