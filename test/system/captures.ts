/** Capture files as tests make and read them; tshark is who reads. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type SamplePacket, sampleTraffic } from '../../src/packet/index.ts';
import { encodePcapFileHeader, writePcapRecordHeader } from '../../src/pcapng/index.ts';

export const folder: string = mkdtempSync(join(tmpdir(), 'hone-system-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A pcap file of sample traffic, times cut to microseconds: what DPDK's pcap driver can say. */
export function writeSample(
  name: string,
  packets: number,
  seed = 1,
): { file: string; packets: SamplePacket[] } {
  const all = [...sampleTraffic({ packets, seed })].map(({ timestampNs, frame }) => ({
    timestampNs: (timestampNs / 1000n) * 1000n,
    frame,
  }));
  const parts = [encodePcapFileHeader(1, 262_144)];
  for (const { timestampNs, frame } of all) {
    const header = new Uint8Array(16);
    const seconds = Number(timestampNs / 1_000_000_000n);
    const nanoseconds = Number(timestampNs % 1_000_000_000n);
    writePcapRecordHeader(new DataView(header.buffer), 0, seconds, nanoseconds, frame.length, frame.length);
    parts.push(header, frame);
  }
  const file = join(folder, name);
  writeFileSync(file, Buffer.concat(parts));
  return { file, packets: all };
}

export interface ReadPacket {
  readonly timestampNs: bigint;
  readonly length: number;
  readonly captured: number;
  readonly interfaceName: string;
  readonly direction: 'in' | 'out' | undefined;
  readonly hex: string;
}

/** All packets of a file through tshark; a warning or an error of tshark's is a failure. */
export function readPackets(file: string, filter?: string): ReadPacket[] {
  const fields = [
    'frame.time_epoch',
    'frame.len',
    'frame.cap_len',
    'frame.interface_name',
    'frame.packet_flags_direction',
  ];
  const shown = filter === undefined ? [] : ['-Y', filter];
  const args = ['-n', '-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  const text = quiet('tshark', [...args, ...shown]);
  const frames = quiet('tshark', ['-n', '-r', file, '-T', 'jsonraw', '-j', 'frame', ...shown]);
  const hex = [...frames.matchAll(/"frame_raw": \[\s*"([0-9a-f]*)"/g)].map(([, bytes]) => bytes!);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const [time, length, captured, interfaceName, direction] = line.split('\t');
      const [seconds, fraction = ''] = time!.split('.');
      return {
        timestampNs: BigInt(seconds!) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0')),
        length: Number(length),
        captured: Number(captured),
        interfaceName: interfaceName ?? '',
        direction: Number(direction) === 1 ? 'in' : Number(direction) === 2 ? 'out' : undefined,
        hex: hex[index] ?? '',
      };
    });
}

/** Packets that a capture filter lets through, by tcpdump. */
export function countWithTcpdump(file: string, filter: string): number {
  return execFileSync('tcpdump', ['-n', '-r', file, filter], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .split('\n')
    .filter((line) => /^\d/.test(line)).length;
}

/** What capinfos says, by its labels; a warning of its is a failure. */
export function capinfos(file: string): Map<string, string> {
  const lines = quiet('capinfos', ['-M', file]).split('\n');
  return new Map(lines.map((line) => [line.split(':')[0]!.trim(), line.slice(line.indexOf(':') + 1).trim()]));
}

/** Options of all packets, in their order; packets without one have no entry. */
export function packetOptions(file: string): { dropCounts: number[]; comments: string[]; queues: number[] } {
  const column = (field: string) =>
    quiet('tshark', ['-n', '-r', file, '-T', 'fields', '-e', field])
      .split('\n')
      .filter((value) => value !== '');
  return {
    dropCounts: column('frame.drop_count').map(Number),
    comments: column('frame.comment'),
    queues: column('frame.interface_queue').map(Number),
  };
}

/** Of all packets, in their order: when, and how many were dropped before it. */
export function readDrops(file: string): { time: string; dropCount: number }[] {
  const fields = ['-e', 'frame.time_epoch', '-e', 'frame.drop_count'];
  const lines = quiet('tshark', ['-n', '-r', file, '-T', 'fields', ...fields]).split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
    .map(([time, dropCount]) => ({ time: time!, dropCount: Number(dropCount) }));
}

function quiet(command: string, args: readonly string[]): string {
  const errors = join(folder, 'stderr');
  const shell = ['-c', `"$0" "$@" 2>'${errors}'`, command, ...args];
  const text = execFileSync('sh', shell, { encoding: 'utf8', maxBuffer: 1 << 30 });
  const said = execFileSync('cat', [errors], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '' && !line.includes('Running as user "root"'));
  if (said.length > 0) throw new Error(`${command} ${args.join(' ')} said:\n${said.join('\n')}`);
  return text;
}
