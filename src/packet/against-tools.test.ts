/** Packets as tcpdump and tshark see them: our lines equal tcpdump's, and tshark finds no fault in our frames. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  composeArp,
  composeEthernet,
  composeIcmp,
  composeIcmpv6,
  composeIpv4,
  composeIpv6,
  composeTcp,
  composeUdp,
  composeVxlan,
  type Ipv4Fields,
  type NetworkPacket,
  type Segment,
  type TcpFields,
} from './compose.ts';
import { formatPacketLine } from './packet-line.ts';
import { Random } from './random.ts';
import { sampleTraffic } from './sample.ts';
import { formatEpoch, formatTimeOfDay } from './time-text.ts';

// Long for a machine that does other things as well.
vi.setConfig({ testTimeout: 30_000 });

const TCPDUMP = 'tcpdump';
const TSHARK = 'tshark';
const haveTcpdump = spawnSync(TCPDUMP, ['--version']).status === 0;
const haveTshark = spawnSync(TSHARK, ['--version']).status === 0;
const corpora =
  process.env.HONE_CORPORA ?? fileURLToPath(new URL('../../../shared/corpora', import.meta.url));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-packet-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Captured {
  readonly frame: Uint8Array;
  readonly originalLength: number;
  readonly timestampNs?: bigint;
}

function whole(frame: Uint8Array): Captured {
  return { frame, originalLength: frame.length };
}

/** Writes a nanosecond pcap file and gives its name. */
function writeCapture(packets: Iterable<Captured>, linkType = 1): string {
  const header = Buffer.alloc(24);
  for (const [i, word] of [0xa1b23c4d, 0x00040002, 0, 0, 262_144, linkType].entries())
    header.writeUInt32LE(word, 4 * i);
  const pieces = [header];
  for (const { frame, originalLength, timestampNs = 0n } of packets) {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Number(timestampNs / 1_000_000_000n), 0);
    record.writeUInt32LE(Number(timestampNs % 1_000_000_000n), 4);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(originalLength, 12);
    pieces.push(record, Buffer.from(frame));
  }
  const file = join(folder, `${Math.random()}.pcap`);
  writeFileSync(file, Buffer.concat(pieces));
  return file;
}

/** tcpdump's lines, one a packet: what it prints below a packet (a dump of bytes) is left out. */
function tcpdumpLines(file: string, ...flags: string[]): string[] {
  const { stdout } = spawnSync(TCPDUMP, ['-nn', '-S', '-#', ...flags, '-r', file], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const numbered = stdout.split('\n').map((line) => /^ *\d+ {2}(.*)$/.exec(line)?.[1]);
  return numbered.filter((line) => line !== undefined).map((line) => line.trim());
}

const MACS = { source: '02:00:00:00:00:01', destination: '02:00:00:00:00:02' };
const PORTS = { sourcePort: 1_234, destinationPort: 20_200 };
const random = new Random(11);

function ethernet(packet: NetworkPacket): Uint8Array {
  return composeEthernet(MACS, packet);
}

function over4(segment: Segment, fields: Partial<Ipv4Fields> = {}): Uint8Array {
  return ethernet(composeIpv4({ source: '10.0.0.1', destination: '192.0.2.200', ...fields }, segment));
}

function over6(segment: Segment, source = '2001:db8::1'): Uint8Array {
  return ethernet(composeIpv6({ source, destination: 'fe80::1:0:0:2' }, segment));
}

function tcp(fields: Partial<TcpFields>, payloadLength = 0): Segment {
  const numbers = { sequence: random.u32(), acknowledgement: random.u32(), window: random.below(65_536) };
  return composeTcp({ ...PORTS, ...numbers, flags: '.', ...fields }, random.bytes(payloadLength));
}

function segment(protocol: number, ...bytes: readonly (number | Uint8Array)[]): Segment {
  return { protocol, bytes: bytesOf(...bytes) };
}

function etherType(type: number, ...bytes: readonly (number | Uint8Array)[]): Uint8Array {
  return ethernet({ etherType: type, bytes: bytesOf(...bytes) });
}

function bytesOf(...pieces: readonly (number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => (typeof piece === 'number' ? [piece] : [...piece])));
}

const udp = composeUdp(PORTS, new Uint8Array(18));
const ipv4 = composeIpv4({ source: '10.0.0.1', destination: '10.0.0.2' }, udp).bytes;
const ipv4Tcp = composeIpv4({ source: '10.0.0.1', destination: '10.0.0.2' }, tcp({ flags: 'S' })).bytes;
const ipv6 = composeIpv6({ source: '2001:db8::1', destination: '2001:db8::2' }, udp).bytes;
const ipv6Tcp = composeIpv6({ source: '2001:db8::1', destination: '2001:db8::2' }, tcp({ flags: 'S' })).bytes;
const ping = over4(composeIcmp({ type: 8, rest: 0x0007_0001 }, new Uint8Array(56)));

const ESP = segment(50, 0, 0, 1, 1, 0, 0, 0, 7, new Uint8Array(32));
/** An Authentication Header before UDP, with 12 bytes of integrity check value. */
const AH_UDP = bytesOf(17, 4, 0, 0, 0x80, 0, 1, 1, 0, 0, 0, 7, ...Array.from({ length: 12 }, (_, i) => i));

function geneve(
  flags: number,
  type: number,
  subtype: number,
  options: number[],
  payload: Uint8Array,
): Segment {
  const header = [options.length / 4, flags, type, subtype, 0xab, 0xcd, 0xef, 0, ...options];
  return composeUdp({ sourcePort: 40_000, destinationPort: 6_081 }, bytesOf(...header, payload));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

const FLAG_SETS = range(256).map((bits) => [...'FSRP.UEW'].filter((_, i) => (bits >> i) & 1).join(''));

const TCP_OPTIONS: readonly (() => readonly number[])[] = [
  () => [1],
  () => [2, 4, ...random.bytes(2)],
  () => [3, 3, random.below(15)],
  () => [4, 2],
  () => [5, 10, ...random.bytes(8)],
  () => [5, 18, ...random.bytes(16)],
  () => [8, 10, ...random.bytes(8)],
  () => [77, 5, ...random.bytes(3)],
];

function randomOptions(): number[] {
  const options: number[] = [];
  for (let tries = random.below(6); tries > 0; tries--) {
    const next = random.pick(TCP_OPTIONS)();
    if (options.length + next.length <= 40) options.push(...next);
  }
  return options;
}

const ADDRESSES = [
  '::',
  '::1',
  '::ffff:a00:1',
  '::a00:1',
  'fe80::',
  '1:0:0:2:0:0:0:3',
  '1:0:0:2:0:0:3:4',
  '1:0:2:3:4:5:6:7',
  '2001:db8:1:2:3:4:5:6',
];

const ARP = {
  senderMac: '02:00:00:00:00:01',
  senderIp: '10.0.0.1',
  targetMac: '02:00:00:00:00:02',
  targetIp: '10.0.0.2',
};
const arpRequest = composeArp({ ...ARP, operation: 'request' });

function arpOperation(operation: number): Uint8Array {
  const bytes = arpRequest.bytes.slice();
  bytes[7] = operation;
  return ethernet({ ...arpRequest, bytes });
}

const ICMP_CASES = [
  [0, 1],
  [3, 16],
  [4, 1],
  [5, 6],
  [8, 1],
  [10, 1],
  [11, 4],
  [12, 3],
  [13, 1],
  [17, 1],
  [42, 1],
] as const;
const ICMPV6_CASES = [
  [2, 1],
  [3, 3],
  [4, 4],
  [128, 1],
  [129, 1],
  [130, 1],
  [133, 1],
  [134, 1],
  [135, 1],
  [136, 1],
  [137, 1],
  [143, 1],
] as const;

/** Frames whose line must be tcpdump's, byte for byte. */
const EQUAL: Readonly<Record<string, () => Uint8Array[]>> = {
  'TCP flags, with and without payload': () =>
    FLAG_SETS.flatMap((flags) => [
      over4(tcp({ flags, urgentPointer: 9 })),
      over4(tcp({ flags, urgentPointer: 9 }, 100)),
    ]),
  'TCP options': () =>
    range(1_000).map((i) =>
      (i % 2 === 0 ? over4 : over6)(tcp({ flags: 'S', options: randomOptions() }, random.below(30))),
    ),
  'a TCP sequence number that wraps': () => [over4(tcp({ sequence: 0xffff_fff0 }, 100))],
  'UDP on ports of no known protocol': () => [over4(udp), over6(udp), over4(composeUdp(PORTS))],
  'UDP whose length is wrong': () => [
    over4(segment(17, 4, 210, 78, 232, 0, 7, 0, 0)),
    over4(segment(17, 4, 210, 78, 232, 1, 0, 0, 0, 1, 2)),
    over4(segment(17, 4, 210, 78, 232, 0, 9, 0, 0, 1, 2)),
    over4(segment(17, 4, 210, 78, 232)),
    over4(segment(17, 4, 210, 78, 232, 1, 0, 0, 0, 1, 2), { moreFragments: true }),
  ],
  'IPv6 addresses': () => ADDRESSES.map((source) => over6(udp, source)),
  'ICMP messages': () =>
    ICMP_CASES.flatMap(([type, codes]) =>
      range(codes).flatMap((code) => [
        over4(composeIcmp({ type, code, rest: 0x1234_5678 }, ipv4)),
        over4(composeIcmp({ type, code, rest: 0 }, ipv4Tcp)),
      ]),
    ),
  'ICMPv6 messages': () =>
    ICMPV6_CASES.flatMap(([type, codes]) =>
      range(codes).map((code) => over6(composeIcmpv6({ type, code, rest: 0x1234_5678 }, ipv6))),
    ),
  'ICMPv6 unreachables': () =>
    [0, 2, 3, 4].flatMap((code) =>
      [ipv6, ipv6Tcp].map((quoted) => over6(composeIcmpv6({ type: 1, code }, quoted))),
    ),
  ARP: () => [
    ...[1, 2, 3, 4, 8, 9].map(arpOperation),
    ethernet(composeArp({ ...ARP, operation: 'request', targetMac: '00:00:00:00:00:00' })),
    etherType(0x0806, 0, 1, 8, 0, 0, 4, 0, 1, 10, 0, 0, 1, 10, 0, 0, 2),
    etherType(0x0806, 0, 1, 0x86, 0xdd, 6, 16, 0, 1, new Uint8Array(44)),
  ],
  'IPv4 fragments and options': () => [
    over4(udp, { moreFragments: true }),
    over4(segment(17, new Uint8Array(16)), { fragmentOffset: 1_480 }),
    over4(segment(6, new Uint8Array(16)), { fragmentOffset: 8, moreFragments: true }),
    over4(composeUdp(PORTS, new Uint8Array(1_400)), { options: new Uint8Array(40).fill(1) }),
  ],
  'IPv6 extension headers': () => [
    over6(segment(0, 17, 0, 1, 4, 0, 0, 0, 0, udp.bytes)),
    over6(segment(60, 17, 0, 1, 4, 0, 0, 0, 0, udp.bytes)),
    over6(segment(0, 60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0, tcp({}).bytes)),
    over6(segment(44, 17, 0, 0, 1, 0, 0, 0, 5, udp.bytes)),
    over6(segment(44, 17, 0, 0x05, 0xa8, 0, 0, 0, 5, udp.bytes)),
    over6(segment(44, 6, 0, 0x05, 0xa9, 0, 0, 0, 5, udp.bytes)),
    over6(segment(59)),
  ],
  'packets in packets': () => [
    over4(segment(4, ipv4)),
    over4(segment(41, ipv6)),
    over6(segment(4, ipv4)),
    over6(segment(41, ipv6Tcp)),
    over4(segment(47, 0, 0, 8, 0, ipv4)),
    over4(segment(47, 0x30, 0, 0x86, 0xdd, 0, 0, 0, 9, 0, 0, 0, 5, ipv6)),
    over4(segment(47, 0x20, 0, 0x65, 0x58, 0, 0, 0, 9, ping)),
    over4(segment(47, 0, 0, 0x22, 0xeb, 1, 2)),
    over4(segment(47, 0xb0, 0, 0x08, 0, 1, 2, 0, 3, 0, 0, 0, 9, 0, 0, 0, 5, ipv4)),
  ],
  GENEVE: () => [
    over4(geneve(0, 0x65, 0x58, [], ping)),
    over6(geneve(0x80, 0x86, 0xdd, [], ipv6)),
    over4(geneve(0x40, 0x08, 0x00, [1, 8, 0, 1, 1, 2, 3, 4], ipv4)),
  ],
  IPsec: () => [
    over4(ESP),
    over6(ESP),
    over4(segment(51, AH_UDP, udp.bytes)),
    over6(segment(51, AH_UDP, udp.bytes)),
    over4(segment(51, 6, AH_UDP.subarray(1), tcp({ flags: 'S' }).bytes)),
  ],
  IGMP: () => [
    ...[0x11, 0x12, 0x16, 0x17, 0x55].map((type) => over4(segment(2, type, 100, 0, 0, 224, 0, 0, 1))),
    ...[0, 7].map((time) => over4(segment(2, 0x11, time, 0, 0, 0, 0, 0, 0))),
    ...[0x11, 0x12, 0x16, 0x17].map((type) => over4(segment(2, type, 100, 0, 0, 224, 0, 0, 1, 0, 0))),
    over4(segment(2, 0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 224, 0, 0, 1)),
  ],
  'IP in a SNAP header': () => [etherType(8 + ipv4.length, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ipv4)],
  'IP protocols of no known kind': () => [over4(segment(99, 1, 2, 3)), over6(segment(99, 1, 2, 3))],
  'ICMP in the wrong IP': () => [over4(segment(58, 1, 2)), over6(segment(1, 1, 2))],
  MPLS: () => [
    etherType(0x8847, 0, 1, 0x01, 0x40, ipv4),
    etherType(0x8847, 0, 1, 0x06, 0x40, 0, 2, 0x03, 0x40, ipv6),
    etherType(0x8848, 0xff, 0xff, 0xff, 0xff),
  ],
  PPPoE: () => [
    etherType(0x8864, 0x11, 0, 0, 7, 0, ipv4.length + 2, 0, 0x21, ipv4),
    etherType(0x8864, 0x11, 0, 0xab, 7, 0, ipv6.length + 2, 0, 0x57, ipv6),
    etherType(0x8863, 0x11, 0xa7, 0, 7, 0, 0),
  ],
  'IP headers that lie': () => [
    etherType(0x0800, 0x44, ipv4.subarray(1)),
    etherType(0x0800, 0x55, ipv4.subarray(1)),
    etherType(0x0800, ipv6),
    etherType(0x0800, 0x45, 0, 0xff, 0xff, ipv4.subarray(4)),
    etherType(0x0800, 0x45, 0, 0, 19, ipv4.subarray(4)),
    etherType(0x86dd, 0x65, 0, 0, 0, 0xff, 0xff, ipv6.subarray(6)),
    etherType(0x86dd, 0x45, ipv6.subarray(1)),
  ],
  'TCP headers that lie': () =>
    [0x00, 0x40, 0xf0].map((offset) => {
      const bytes = tcp({}).bytes.slice();
      bytes[12] = offset;
      return over4({ protocol: 6, bytes });
    }),
  'EtherTypes of no known kind': () => [etherType(0x88b5, 1, 2, 3, 4), etherType(0x3030)],
};

describe('lines equal those of tcpdump -nn -S', () => {
  test.for(Object.entries(EQUAL))('%s', ([, frames], ctx) => {
    if (!haveTcpdump) ctx.skip('needs tcpdump: apt-get install tcpdump');
    const packets = frames().map(whole);
    const own = packets.map(({ frame, originalLength }) => formatPacketLine(frame, originalLength));
    expect(own).toEqual(tcpdumpLines(writeCapture(packets), '-t'));
  });

  test.for([
    ['UDP', over4(udp, { options: new Uint8Array(4).fill(1) })],
    ['UDP over IPv6', over6(udp)],
    ['TCP', over4(tcp({ flags: 'S' }, 20))],
    ['TCP over IPv6', over6(tcp({ flags: 'P.' }, 20))],
    ['ICMP', over4(composeIcmp({ type: 8, rest: 1 }, new Uint8Array(20)))],
    ['ICMP that quotes', over4(composeIcmp({ type: 3, code: 3 }, ipv4))],
    ['ARP', ethernet(arpRequest)],
    ['MPLS', etherType(0x8847, 0, 1, 0x06, 0x40, 0, 2, 0x03, 0x40, ipv4)],
    ['IP in IP', over4(segment(4, ipv4))],
    ['ESP', over4(ESP)],
    ['IGMP', over4(segment(2, 0x16, 0, 0, 0, 224, 0, 0, 1))],
  ] as const)('%s, cut short after every byte', ([, frame], ctx) => {
    if (!haveTcpdump) ctx.skip('needs tcpdump: apt-get install tcpdump');
    const packets = range(frame.length - 1).map((i) => ({
      frame: frame.subarray(0, i + 1),
      originalLength: frame.length,
    }));
    const own = packets.map((packet) => formatPacketLine(packet.frame, packet.originalLength));
    expect(own).toEqual(tcpdumpLines(writeCapture(packets), '-t'));
  });

  test.for<[string, number, Uint8Array[]]>([
    [
      'NULL',
      0,
      [bytesOf(2, 0, 0, 0, ipv4), bytesOf(0, 0, 0, 2, ipv4Tcp), bytesOf(30, 0, 0, 0, ipv6), bytesOf(2, 0)],
    ],
    ['LOOP', 108, [bytesOf(0, 0, 0, 2, ipv4), bytesOf(0, 0, 0, 24, ipv6Tcp)]],
    ['RAW', 101, [ipv4, ipv6, bytesOf(0x75, ipv4.subarray(1))]],
    ['IPV4', 228, [ipv4]],
    ['IPV6', 229, [ipv6]],
    [
      'LINUX_SLL',
      113,
      [
        bytesOf(0, 0, 0, 1, 0, 6, ...range(8), 8, 0, ipv4),
        bytesOf(0, 4, 3, 4, 0, 0, ...range(8), 0x86, 0xdd, ipv6),
        bytesOf(0, 1, 0, 1, 0, 6, ...range(8), 8, 6, arpRequest.bytes),
        bytesOf(0, 1, 0, 1, 0, 6),
      ],
    ],
    [
      'LINUX_SLL2',
      276,
      [0, 1, 2, 3, 4].map((packetType) =>
        bytesOf(8, 0, 0, 0, 0, 0, 0, 7, 0, 1, packetType, 6, ...range(8), ipv4),
      ),
    ],
  ])('link type %s', ([, linkType, frames], ctx) => {
    if (!haveTcpdump) ctx.skip('needs tcpdump: apt-get install tcpdump');
    const own = frames.map((frame) => formatPacketLine(frame, frame.length, linkType));
    // The name of the interface, which is that of the machine where tcpdump runs, is not in the packet.
    const theirs = tcpdumpLines(writeCapture(frames.map(whole), linkType), '-t').map((line) =>
      linkType === 276 ? line.replace(/^\S+ +/, '') : line,
    );
    expect(own).toEqual(theirs);
  });

  test('VLAN tags as with -e, the rest as without', (ctx) => {
    if (!haveTcpdump) ctx.skip('needs tcpdump: apt-get install tcpdump');
    const vlans = [{ id: 5, priority: 3, tpid: 0x88a8 }, { id: 4_095 }];
    const frame = composeEthernet({ ...MACS, vlans }, { etherType: 0x0800, bytes: ipv4 });
    frame[18] = 0x1f; // drop eligible
    const file = writeCapture([whole(frame)]);
    const tags = [...tcpdumpLines(file, '-t', '-e')[0]!.matchAll(/vlan \d+, p \d+(, DEI)?, /g)].join('');
    const own = formatPacketLine(frame, frame.length);
    expect(own).toBe('vlan 5, p 3, vlan 4095, p 0, DEI, IP 10.0.0.1.1234 > 10.0.0.2.20200: UDP, length 18');
    expect(`${[...own.matchAll(/vlan \d+, p \d+(, DEI)?, /g)].join('')}`).toBe(tags);
    expect(own.endsWith(tcpdumpLines(file, '-t')[0]!)).toBe(true);
  });

  test('the packet in a VXLAN stands on the same line', (ctx) => {
    if (!haveTcpdump) ctx.skip('needs tcpdump: apt-get install tcpdump');
    const frame = over4(composeUdp({ sourcePort: 1, destinationPort: 4_789 }, composeVxlan(0xabcdef, ping)));
    const text = execFileSync(TCPDUMP, ['-nn', '-t', '-S', '-r', writeCapture([whole(frame)])], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(formatPacketLine(frame, frame.length)).toBe(text.trim().replace('\n', ': '));
  });

  test('times', (ctx) => {
    if (!haveTcpdump) ctx.skip('needs tcpdump: apt-get install tcpdump');
    const times = [0n, 1_704_067_200_000_000_001n, 1_719_791_999_999_999_999n, 2_147_483_647_500_000_000n];
    const file = writeCapture(times.map((timestampNs) => ({ ...whole(ping), timestampNs })));
    const split = times.map((ns) => [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)] as const);
    const first = (line: string): string => line.split(' ')[0]!;
    expect(split.map((time) => formatTimeOfDay(...time))).toEqual(tcpdumpLines(file, '--nano').map(first));
    expect(split.map((time) => formatEpoch(...time))).toEqual(tcpdumpLines(file, '--nano', '-tt').map(first));
  });
});

/** The packets of a little-endian pcap file with microseconds; undefined for other files and other links. */
function readPcap(file: string): Captured[] | undefined {
  const bytes = readFileSync(file);
  if (bytes.readUInt32LE(0) !== 0xa1b2c3d4 || bytes.readUInt32LE(20) !== 1) return undefined;
  const packets: Captured[] = [];
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 8);
    const end = at + 16 + length;
    if (length > 262_144 || end > bytes.length) break;
    packets.push({ frame: bytes.subarray(at + 16, end), originalLength: bytes.readUInt32LE(at + 12) });
    at = end;
  }
  return packets;
}

/** What tcpdump says of TCP that a line of ours says otherwise: options that it takes apart or checks. */
const OTHER_WORDS = /mptcp|md5|exp-|bad opt|\[len |tfo/;
/** It has a printer of its own for ARP over ATM. */
const ARP_HARDWARE_ATM = 19;

test('TCP, ARP and ICMP of the corpora: tcpdump says the same, and then what the application says', (ctx) => {
  if (!haveTcpdump) ctx.skip('needs tcpdump: apt-get install tcpdump');
  const captures = join(corpora, 'pcap');
  if (!existsSync(captures)) ctx.skip(`no corpora at ${captures}`);
  let compared = 0;
  for (const name of readdirSync(captures)) {
    const packets = readPcap(join(captures, name));
    if (packets === undefined) continue;
    const theirs = tcpdumpLines(join(captures, name), '-t');
    for (const [i, line] of theirs.entries()) {
      const packet = packets[i]!;
      const own = formatPacketLine(packet.frame, packet.originalLength).replace(
        /^(vlan \d+, p \d+(, DEI)?, )+/,
        '',
      );
      const isComparable =
        /: Flags \[|^ARP, Re|: ICMP echo|: igmp |: Geneve/.test(own) && !/VXLAN|OTV/.test(line);
      const isAtm = own.startsWith('ARP') && packet.frame[15] === ARP_HARDWARE_ATM;
      if (!isComparable || isAtm || OTHER_WORDS.test(line)) continue;
      expect(line.slice(0, own.length), `${name} packet ${i + 1}`).toBe(own);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(2_000);
});

test('of sample traffic tshark finds nothing malformed, good checksums, and every kind', (ctx) => {
  if (!haveTshark) ctx.skip('needs tshark: apt-get install tshark');
  const packets = [...sampleTraffic({ packets: 20_000, seed: 42 })];
  const file = writeCapture(packets.map(({ frame, timestampNs }) => ({ ...whole(frame), timestampNs })));
  const checks = ['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);
  const report = execFileSync(
    TSHARK,
    ['-n', '-r', file, ...checks, '-q', '-z', 'expert,warn', '-z', 'io,phs'],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  expect(report).not.toMatch(/^(Errors|Warns) \(/m);
  expect(report).not.toContain('malformed');
  const protocols = 'vlan ip ipv6 arp tcp udp http tls dns icmp icmpv6 vxlan';
  for (const protocol of protocols.split(' ')) {
    expect(report).toMatch(new RegExp(`^ +${protocol} +frames:`, 'm'));
  }
});
