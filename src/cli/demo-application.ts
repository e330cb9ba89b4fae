/**
 * The application of the demonstration: dpdk-testpmd with the agent, or a replay, as a process group of its own that is
 * ended with it.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PeerError, SysError, UnsupportedError } from '../base/index.ts';
import { sampleTraffic } from '../packet/index.ts';
import { encodePcapFileHeader, writePcapRecordHeader } from '../pcapng/index.ts';
import { ealFolder, findProgram, ProcessGroup, usableProcessors } from '../processes/index.ts';
import { connectTarget, listApplications } from '../target/index.ts';

const SAMPLE_PACKETS = 2000;
const RECORD_HEADER = 16;
/** Some work for each packet: millions a second would only fill the disk. */
const SLOW = ['--forward-mode=noisy', '--noisy-lkup-memory=64', '--noisy-lkup-num-reads=1000'];
const NS_PER_SECOND = 1_000_000_000n;
const START_MS = 60_000;
const END_MS = 3000;

export interface DemoApplication {
  /** For -i. */
  readonly port: string;
  stop(): Promise<void>;
}

/** @throws HoneError when it is not installed, or does not start: why */
export async function startTestpmd(folder: string, signal: AbortSignal): Promise<DemoApplication> {
  if (findProgram('dpdk-testpmd') === undefined)
    throw new UnsupportedError('it is not installed', 'apt-get install dpdk');
  const prefix = `hone-demo-${process.pid}`;
  const sample = join(folder, 'sample.pcap');
  writeSample(sample);
  const processors = usableProcessors();
  const [first, last] = [processors[0], processors.at(-1)];
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
  const group = startHone(['run', '--', 'dpdk-testpmd', ...eal, ...vdevs, '--', ...test]);
  const testpmd = await untilReady(group, signal, async () => {
    const found = (await listApplications()).find(({ filePrefix }) => filePrefix === prefix);
    if (found?.agent !== 'yes') return undefined;
    return (await hasPorts(found.pid, 2)) ? `${prefix}/net_pcap0` : undefined;
  });
  const stop = async () => {
    await testpmd.stop();
    rmSync(ealFolder(prefix), { recursive: true, force: true });
  };
  return { ...testpmd, stop };
}

export async function startReplay(signal: AbortSignal): Promise<DemoApplication> {
  const group = startHone(['replay', '--sample', '--loop', '--rate', '20000']);
  return untilReady(group, signal, async () =>
    (await hasPorts(group.pid!, 1)) ? `${group.pid}/all` : undefined,
  );
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

/** A command of ours. */
function startHone(args: readonly string[]): ProcessGroup {
  return new ProcessGroup([process.execPath, process.argv[1]!, ...args]);
}

async function untilReady(
  group: ProcessGroup,
  signal: AbortSignal,
  look: () => Promise<string | undefined>,
): Promise<DemoApplication> {
  const stop = () => group.end('SIGTERM', END_MS);
  try {
    return { port: await group.until(look, START_MS, signal), stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
