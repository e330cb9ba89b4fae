/**
 * The application of the demonstration: dpdk-testpmd with the agent, or a replay, as a process group of its own that is
 * ended with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoneError, PeerError, SysError, UnsupportedError } from '../base/index.ts';
import { sampleTraffic } from '../packet/index.ts';
import { encodePcapFileHeader, writePcapRecordHeader } from '../pcapng/index.ts';
import { connectTarget, listApplications } from '../target/index.ts';

const SAMPLE_PACKETS = 2000;
const RECORD_HEADER = 16;
/** Some work for each packet: millions a second would only fill the disk. */
const SLOW = ['--forward-mode=noisy', '--noisy-lkup-memory=64', '--noisy-lkup-num-reads=1000'];
const NS_PER_SECOND = 1_000_000_000n;
const START_MS = 60_000;
const END_MS = 3000;
const LOOK_MS = 100;

export interface DemoApplication {
  /** For -i. */
  readonly port: string;
  stop(): Promise<void>;
}

/** @throws HoneError when it is not installed, or does not start: why */
export async function startTestpmd(folder: string, signal: AbortSignal): Promise<DemoApplication> {
  if (!isInstalled('dpdk-testpmd')) throw new UnsupportedError('it is not installed', 'apt-get install dpdk');
  const prefix = `hone-demo-${process.pid}`;
  const sample = join(folder, 'sample.pcap');
  writeSample(sample);
  const [first, last] = usableProcessors();
  const eal = [
    '--lcores',
    `0@${first},1@${last}`,
    '--no-huge',
    '-m',
    '256',
    '--no-pci',
    '--file-prefix',
    prefix,
  ];
  const vdevs = ['--vdev', `net_pcap0,rx_pcap=${sample},infinite_rx=1`, '--vdev', 'net_null0,no-rx=1'];
  const test = ['--total-num-mbufs=16384', '--auto-start', '--stats-period=1', ...SLOW];
  const group = startGroup(['run', '--', 'dpdk-testpmd', ...eal, ...vdevs, '--', ...test]);
  const testpmd = await untilReady(group, signal, async () => {
    const found = (await listApplications()).find(({ filePrefix }) => filePrefix === prefix);
    if (found?.agent !== 'yes') return undefined;
    return (await hasPorts(found.pid, 2)) ? `${prefix}/net_pcap0` : undefined;
  });
  const stop = async () => {
    await testpmd.stop();
    rmSync(runtimeFolder(prefix), { recursive: true, force: true });
  };
  return { ...testpmd, stop };
}

/** Where the EAL keeps what belongs to a --file-prefix; it leaves that behind. */
function runtimeFolder(prefix: string): string {
  const base = process.getuid?.() === 0 ? '/var/run' : (process.env.XDG_RUNTIME_DIR ?? tmpdir());
  return join(base, 'dpdk', prefix);
}

export async function startReplay(signal: AbortSignal): Promise<DemoApplication> {
  const group = startGroup(['replay', '--sample', '--loop', '--rate', '20000']);
  const { pid } = group.process;
  return untilReady(group, signal, async () => ((await hasPorts(pid!, 1)) ? `${pid}/all` : undefined));
}

async function hasPorts(pid: number, count: number): Promise<boolean> {
  try {
    const target = await connectTarget(pid);
    try {
      const ports = await target.listPorts();
      return ports.filter(({ rxQueues }) => rxQueues > 0).length >= count;
    } finally {
      target.close();
    }
  } catch (error) {
    if (error instanceof PeerError) return false;
    throw error;
  }
}

interface Group {
  readonly process: ChildProcess;
  /** What it said, for when it does not start. */
  output: string;
  ended: boolean;
  readonly closed: Promise<unknown>;
}

/** A command of ours in a process group of its own, so that all that it starts ends with it. */
function startGroup(args: readonly string[]): Group {
  const child = spawn(process.execPath, [process.argv[1]!, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const group: Group = { process: child, output: '', ended: false, closed: once(child, 'close') };
  void group.closed.then(() => {
    group.ended = true;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      group.output = (group.output + text).slice(-10_000);
    });
  }
  return group;
}

async function untilReady(
  group: Group,
  signal: AbortSignal,
  look: () => Promise<string | undefined>,
): Promise<DemoApplication> {
  const stop = () => endGroup(group);
  try {
    for (const end = performance.now() + START_MS; performance.now() < end && !group.ended; ) {
      signal.throwIfAborted();
      const port = await look();
      if (port !== undefined) return { port, stop };
      await sleep(LOOK_MS);
    }
    throw new HoneError('DEMO', `it did not start: ${lastLine(group.output)}`);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function endGroup(group: Group): Promise<void> {
  if (!group.ended) {
    signalGroup(group, 'SIGTERM');
    await Promise.race([group.closed, sleep(END_MS, undefined, { ref: false })]);
  }
  // Also what a leader that has ended left behind.
  signalGroup(group, 'SIGKILL');
  await group.closed;
}

function signalGroup({ process: { pid } }: Group, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid!, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function isInstalled(command: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The first and the last processor that this process may use. */
function usableProcessors(): [string, string] {
  const list = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const numbers = list.split(/[,-]/);
  return [numbers[0]!, numbers.at(-1)!];
}

function writeSample(path: string): void {
  const parts = [encodePcapFileHeader(1, 0)];
  for (const { timestampNs, frame } of sampleTraffic({ packets: SAMPLE_PACKETS })) {
    const header = new Uint8Array(RECORD_HEADER);
    const seconds = Number(timestampNs / NS_PER_SECOND);
    const nanoseconds = Number(timestampNs % NS_PER_SECOND);
    writePcapRecordHeader(new DataView(header.buffer), 0, seconds, nanoseconds, frame.length, frame.length);
    parts.push(header, frame);
  }
  try {
    writeFileSync(path, Buffer.concat(parts));
  } catch (error) {
    const { errno, message } = error as NodeJS.ErrnoException;
    throw new SysError('open', -(errno ?? 0), message);
  }
}
