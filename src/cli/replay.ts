/** `hone replay`: a target made of a recorded file. */
import type { Command } from 'commander';
import { UsageError } from '../base/index.ts';
import type { ReplayPace } from '../target/index.ts';
import { openFileTraffic, openSampleTraffic, runReplay } from '../target/index.ts';

interface ReplayFlags {
  readonly rate?: ReplayPace;
  readonly loop?: boolean;
  readonly sample?: boolean;
  readonly wait?: number;
}

export function registerReplay(program: Command): void {
  program
    .command('replay')
    .summary('serve a recorded file as a target')
    .description(
      'Plays a pcap or pcapng file as the traffic of an application, so that everything works without DPDK: its ' +
        'interfaces are the ports. Playing begins with the first capture or trace.',
    )
    .argument('[file]', 'pcap or pcapng')
    .option(
      '--rate <pps>',
      'packets a second, evenly; 0 or "max": as fast as it goes (default: as recorded)',
      parseRate,
    )
    .option('--loop', 'begin again at the end, until interrupted')
    .option('--sample', 'play generated traffic instead of a file')
    .option(
      '--wait <seconds>',
      'begin after this time, capture or not (default: wait for the first capture or trace)',
      parseWait,
    )
    .action(replay);
}

function parseRate(text: string): ReplayPace {
  if (text === 'max') return 'max';
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(rate)) throw new UsageError(`--rate ${text}: expected packets a second, 0 or "max"`);
  return rate === 0 ? 'max' : { packetsPerSecond: rate };
}

function parseWait(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(seconds)) throw new UsageError(`--wait ${text}: expected seconds`);
  return seconds;
}

async function replay(file: string | undefined, flags: ReplayFlags): Promise<void> {
  if ((file === undefined) === (flags.sample === undefined)) {
    throw new UsageError(
      file === undefined ? 'expected a FILE, or --sample' : 'got a FILE and --sample, expected one',
    );
  }
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const traffic = file === undefined ? openSampleTraffic() : openFileTraffic(file);
  try {
    const names = traffic.ports.map(({ name }) => name).join(', ');
    const packets = await runReplay(traffic, {
      pace: flags.rate ?? 'recorded',
      loop: flags.loop ?? false,
      waitMs: flags.wait === undefined ? Number.POSITIVE_INFINITY : flags.wait * 1_000,
      signal: stop.signal,
      onReady: () =>
        say(`replay ${process.pid} of ${traffic.path}: ports ${names}; capture with: hone capture -i all`),
      onPlay: () => say('playing'),
    });
    say(`${packets} packets played`);
  } finally {
    traffic.close();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
