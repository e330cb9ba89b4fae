/** A saturated dpdk-testpmd and its forwarding rate, as testpmd itself prints it once a second. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ApplicationMemory, removePages } from '../src/bench/hugepages.ts';
import { benchName } from '../src/bench/leftovers.ts';

const lines = /Rx-pps:\s+(\d+)/g;

export interface Forwarder {
  readonly pid: number;
  readonly prefix: string;
  /** For how long a rate is taken. */
  readonly rateSeconds: number;
  /** Packets a second received on port 0, one value for each of the next seconds. */
  rates(seconds: number): Promise<number[]>;
  stop(): Promise<void>;
}

let started = 0;

export interface ForwarderOptions {
  /** Goes before dpdk-testpmd: `hone run --`. */
  readonly below?: readonly string[];
  /** Else pages of 4 KiB. */
  readonly memory?: ApplicationMemory;
  readonly app?: readonly string[];
  readonly rateSeconds?: number;
  /** Packets for port 0 again and again, by net_pcap, which all go to port 1; else net_null's zeros go both ways. */
  readonly packets?: string;
}

export async function startForwarder(options: ForwarderOptions = {}): Promise<Forwarder> {
  const prefix = benchName(++started);
  const { packets, memory } = options;
  const vdevs =
    packets === undefined
      ? [0, 1].map((port) => `--vdev=net_null${port},size=64,copy=1`)
      : [`--vdev=net_pcap0,rx_pcap=${packets},infinite_rx=1,tx_pcap=/dev/null`, '--vdev=net_null1,no-rx=1'];
  const pages = memory?.ealOptions ?? ['--no-huge', '-m', '512'];
  const eal = ['-l', '0,1', ...pages, '--no-pci', '--file-prefix', prefix, ...vdevs];
  const forward = ['--total-num-mbufs=16384', '--forward-mode=io', '--auto-start', '--stats-period', '1'];
  const command = [
    ...(options.below ?? []),
    'dpdk-testpmd',
    ...eal,
    '--',
    ...forward,
    ...(options.app ?? []),
  ];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  let output = '';
  const take = (text: string) => {
    output = (output + text).slice(-65_536);
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const rates = (seconds: number) => nextRates(child, seconds, () => output.slice(-2000));
  // Until it forwards, and then past the first seconds.
  while ((await rates(1))[0] === 0);
  await rates(2);
  return {
    pid: child.pid!,
    prefix,
    rateSeconds: options.rateSeconds ?? 4,
    rates,
    async stop() {
      process.kill(-child.pid!, 'SIGINT');
      await once(child, 'close');
      if (memory !== undefined) removePages(memory, prefix);
    },
  };
}

/** Two ports print a value a second each; the first is port 0. */
function nextRates(child: ChildProcess, seconds: number, tail: () => string): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const seen: number[] = [];
    let text = '';
    const stop = () => {
      child.stdout?.off('data', onData);
      child.off('exit', onExit);
    };
    const onExit = () => {
      stop();
      reject(new Error(`dpdk-testpmd ended:\n${tail()}`));
    };
    const onData = (more: string) => {
      text += more;
      for (const [, value] of text.matchAll(lines)) seen.push(Number(value));
      text = text.slice(text.lastIndexOf('\n') + 1);
      if (seen.length < 2 * seconds) return;
      stop();
      resolve(seen.filter((_, index) => index % 2 === 0).slice(0, seconds));
    };
    child.stdout?.on('data', onData);
    child.on('exit', onExit);
  });
}
