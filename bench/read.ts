/**
 * `hone read` beside tcpdump and tshark: a filter into a file, and a filter and a count, over 1 million packets of mixed
 * sizes and 10 million of 64 bytes. Files are in the page cache; rounds alternate, because the machine is noisy and drifts.
 * Rates are of whole processes, and once more without what the same command takes for a file of one packet.
 */
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { benchName } from '../src/bench/leftovers.ts';
import { hone } from './beside.ts';
import { measureProcess, type ProcessRun } from './process-run.ts';
import { formatSpread, median, printTable } from './statistics.ts';

const readQuietly = [...hone, 'read', '-q'];
const FILTER = 'tcp port 80';

/** As on a backbone: many small, many full, few between. */
const MIXED_SIZES = [64, 64, 64, 66, 78, 90, 128, 256, 350, 590, 590, 1024, 1400, 1514, 1514, 1514];
const TEMPLATES = 4096;

/** Ethernet, IPv4, and TCP or UDP; every eighth is of TCP port 80, the others of many ports and both protocols. */
function makeFrame(index: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const isWeb = index % 8 === 0;
  const isTcp = isWeb || index % 4 !== 1;
  bytes.set([2, 0, 0, 0, 0, index & 0xff, 2, 0, 0, 0, 1, index & 0x3f, 0x08, 0x00, 0x45]);
  view.setUint16(16, size - 14);
  bytes[22] = 64;
  bytes[23] = isTcp ? 6 : 17;
  view.setUint32(26, 0x0a000000 + (index & 0xfff));
  view.setUint32(30, 0xc0a80000 + ((index * 7) & 0xff));
  view.setUint16(34, 1024 + ((index * 31) % 60000));
  view.setUint16(36, isWeb ? 80 : 443 + (index % 97));
  if (isTcp) bytes.set([0x50, 0x10, 0xff, 0xff], 46);
  return bytes;
}

/** Written a megabyte at a time: a file of any length, in little memory. */
function writeCapture(path: string, packets: number, sizes: readonly number[]): void {
  const frames = Array.from({ length: TEMPLATES }, (_, index) =>
    makeFrame(index, sizes[(index * 5 + (index >> 4)) % sizes.length]!),
  );
  const chunk = new Uint8Array(1 << 20);
  const view = new DataView(chunk.buffer);
  const fd = openSync(path, 'w');
  // Little-endian, microseconds, version 2.4, Ethernet.
  writeSync(fd, Buffer.from('d4c3b2a1020004000000000000000000' + '00000400' + '01000000', 'hex'));
  let at = 0;
  for (let packet = 0; packet < packets; packet++) {
    const frame = frames[Math.imul(packet, 2_654_435_761) & (TEMPLATES - 1)]!;
    if (at + 16 + frame.length > chunk.length) {
      writeSync(fd, chunk, 0, at);
      at = 0;
    }
    const microseconds = packet * 3;
    view.setUint32(at, 1_700_000_000 + Math.floor(microseconds / 1e6), true);
    view.setUint32(at + 4, microseconds % 1e6, true);
    view.setUint32(at + 8, frame.length, true);
    view.setUint32(at + 12, frame.length, true);
    chunk.set(frame, at + 16);
    at += 16 + frame.length;
  }
  writeSync(fd, chunk, 0, at);
  closeSync(fd);
}

interface Contestant {
  readonly task: string;
  readonly name: string;
  readonly command: readonly string[];
  /** The same with a file of one packet. */
  readonly start: readonly string[];
  /** Too slow for every file and every round. */
  readonly once?: true;
}

interface Files {
  readonly pcap: string;
  readonly pcapng: string;
}

function contestants(files: Files, one: Files, out: string): Contestant[] {
  const contestant = (task: string, name: string, command: (files: Files) => string[]): Contestant => ({
    task,
    name,
    command: command(files),
    start: command(one),
  });
  return [
    contestant('into a file', 'tcpdump', ({ pcap }) => ['tcpdump', '-r', pcap, '-w', out, FILTER]),
    contestant('into a file', 'hone, pcap to pcapng', ({ pcap }) => [
      ...readQuietly,
      pcap,
      '-f',
      FILTER,
      '-w',
      out,
    ]),
    contestant('into a file', 'hone, pcapng to pcapng', ({ pcapng }) => [
      ...readQuietly,
      pcapng,
      '-f',
      FILTER,
      '-w',
      out,
    ]),
    contestant('into a file', 'hone, pcap to pcap', ({ pcap }) => [
      ...readQuietly,
      pcap,
      '-f',
      FILTER,
      '-P',
      '-w',
      out,
    ]),
    contestant('count', 'tcpdump --count', ({ pcap }) => ['tcpdump', '-r', pcap, '--count', FILTER]),
    contestant('count', 'hone --count', ({ pcap }) => [...readQuietly, pcap, '-f', FILTER, '--count']),
    {
      ...contestant('into a file', 'tshark -Y', ({ pcap }) => [
        ...['tshark', '-n', '-r', pcap, '-Y', 'tcp.port==80', '-w', out],
      ]),
      once: true,
    },
  ];
}

export async function benchRead(rounds = 5): Promise<void> {
  const folder = mkdtempSync(`/dev/shm/${benchName('read')}`);
  try {
    const rows = [
      ...benchFile(rounds, folder, '1 M packets, mixed sizes', 1_000_000, MIXED_SIZES, true),
      ...benchFile(rounds, folder, '10 M packets of 64 bytes', 10_000_000, [64], false),
    ];
    const header = [
      'file',
      'task',
      'program',
      'Mpackets/s',
      'times tcpdump',
      'without start: Mpackets/s',
      'times tcpdump',
      'peak memory, MiB',
    ];
    printTable(header, rows);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function benchFile(
  rounds: number,
  folder: string,
  title: string,
  packets: number,
  sizes: readonly number[],
  withTshark: boolean,
): string[][] {
  const filesOf = (name: string): Files => ({
    pcap: join(folder, `${name}.pcap`),
    pcapng: join(folder, `${name}.pcapng`),
  });
  const [files, one, out] = [filesOf('in'), filesOf('one'), join(folder, 'out')];
  writeCapture(files.pcap, packets, sizes);
  writeCapture(one.pcap, 1, sizes);
  for (const { pcap, pcapng } of [files, one]) measureProcess([...readQuietly, pcap, '-w', pcapng]);
  console.error(`${title}: ${(statSync(files.pcap).size / 1e6).toFixed(0)} MB`);
  const all = contestants(files, one, out).filter(({ once }) => withTshark || !once);
  const runs = new Map<Contestant, ProcessRun[]>(all.map((one) => [one, []]));
  const starts = new Map<Contestant, number[]>(all.map((one) => [one, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contestant of all) {
      if (contestant.once && round > 0) continue;
      rmSync(out, { force: true });
      runs.get(contestant)!.push(measureProcess(contestant.command));
      rmSync(out, { force: true });
      starts.get(contestant)!.push(measureProcess(contestant.start).seconds);
    }
  }
  const rates = (one: Contestant, start = 0) =>
    runs.get(one)!.map(({ seconds }) => packets / (seconds - start) / 1e6);
  const walking = (one: Contestant) => rates(one, median(starts.get(one)!));
  return all.map((one) => {
    const reference = all.find(({ task, name }) => task === one.task && name.startsWith('tcpdump'))!;
    const times = (of: (one: Contestant) => number[]) => (median(of(one)) / median(of(reference))).toFixed(2);
    const peak = Math.max(...runs.get(one)!.map(({ peakMiB }) => peakMiB));
    return [
      title,
      one.task,
      one.name,
      formatSpread(rates(one), 2),
      times(rates),
      formatSpread(walking(one), 2),
      times(walking),
      peak.toFixed(0),
    ];
  });
}
