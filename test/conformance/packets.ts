/**
 * Packets for the conformance tests: Ethernet frames of the public corpora, a few of each file, frames that hone
 * composes, both also with the headers of other link types, and from all of them truncated and mutated copies.
 * Deterministic.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCaptureReader } from '../../src/pcapng/index.ts';

/** Where the corpora are; the tests that need them skip when they are absent. */
export const corpora: string =
  process.env.HONE_CORPORA ?? join(import.meta.dirname, '../../../shared/corpora');

export const hasCorpora: boolean = existsSync(join(corpora, 'pcap'));

export interface Packet {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
}

const LINKTYPE_ETHERNET = 1;
const PACKETS_OF_A_FILE = 12;

/** Small deterministic random numbers (mulberry32): 0 <= n < bound. */
export function makeRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

/** The Ethernet frames of the corpora as they are. */
export function corpusPackets(): readonly Packet[] {
  const folder = join(corpora, 'pcap');
  return readdirSync(folder)
    .sort()
    .flatMap((file) => packetsOf(join(folder, file)));
}

function packetsOf(path: string): readonly Packet[] {
  const reader = createCaptureReader();
  const packets: Packet[] = [];
  reader.push(readFileSync(path));
  try {
    for (let record = reader.read(); record !== undefined; record = reader.read()) {
      if (record.type !== 'packet' || record.linkType !== LINKTYPE_ETHERNET) continue;
      packets.push({ bytes: record.data.slice(0, 2048), wireLength: record.originalLength });
    }
  } catch {
    // Some files are damaged on purpose: what stands before the damage is used.
  }
  const step = Math.max(1, Math.floor(packets.length / PACKETS_OF_A_FILE));
  return packets.filter((_, index) => index % step === 0).slice(0, PACKETS_OF_A_FILE);
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));

const macs = '020000000001 020000000002';
const tcp = (ports: string, flags = '02'): string => `${ports} 00000001 00000000 50${flags}1000 00000000`;
const udp = (ports: string): string => `${ports} 0010 0000 6869686968696869`;
const ip4 = (protocol: string, fragment = '0000', options = ''): string =>
  `4${(5 + options.length / 8).toString(16)}00 0050 0001 ${fragment} 40 ${protocol} 0000 0a010203 c0a80105 ${options}`;
const ip6 = (next: string): string =>
  `60000000 0020 ${next} 40 20010db8000000000000000000000001 ff020000000000000000000000000002`;

const llcFrames = ['00', '02', '01', '05', '09', '03', '63', '43', '0f', '6f', 'e3', 'af', '87', '13'].map(
  (control) => `${macs} 0030 4242 ${control} 0000 00`,
);

const isisTypes = ['0f', '10', '11', '12', '14', '18', '19', '1a', '1b', '1c'];

/** From node 1.1 to node 10.15, and back: short and long headers, with padding and without. */
const decnetHeaders = [
  '1000 02 0104 280f 00',
  '1000 81 02 0104 280f 00',
  '1000 02 0f28 0104 00',
  '1000 06 0000 aa000400 0104 0000 aa000400 0f28 00000000',
  '1000 81 06 0000 aa000400 0f28 0000 aa000400 0104 00000000',
];

const v4 = `${ip4('06')} ${tcp('0050c000')}`;
const v6 = `${ip6('11')} ${udp('00350035')}`;

const labelled = [
  `${macs} 8847 00064140 ${v4}`,
  `${macs} 8847 00005140 ${v6}`,
  `${macs} 8847 00005040 00064140 ${v4}`,
  `${macs} 8847 00005040 00064040 00003140 ${v6}`,
  `${macs} 8847 00064140 0806 0001 0800`,
  `${macs} 8100 0064 8847 00064140 ${v4}`,
];

const sessions = [
  `${macs} 8863 1109 0000 0000`,
  `${macs} 8864 1100 0005 0052 0021 ${v4}`,
  `${macs} 8864 1100 0006 0052 0057 ${v6}`,
  `${macs} 8864 1100 0005 0052 0281 00064140 ${v4}`,
  `${macs} 8864 1100 0005 0052 0023 83 1b 01 00 12 01 00`,
  `${macs} 8864 1100 0005 0052 c021 0101`,
  ...['002b', '0029', '0027', '0031', '00f0', '0025', '0806'].map(
    (protocol) => `${macs} 8864 1100 0007 0010 ${protocol} 0001 0800`,
  ),
  `${macs} 8864 1100 0005 0052 0023 81 1b 01 00`,
  `${macs} 8864 1100 0005 0052 8864 1100 0006 0052 0021 ${v4}`,
  `${macs} 8864 1100 0005 0052 0021 ${ip4('11')} c000 17c1 0080 0000 0000 6558 00000500 ${macs} 0800 ${v4}`,
  `${macs} 8100 0064 8864 1100 0005 0052 0021 ${v4}`,
];

/** A UDP header to Geneve's port and a Geneve header: words of options, protocol of the payload, network. */
const geneve = (protocol: string, network: string, options = ''): string =>
  `c000 17c1 0080 0000 0${options.length / 8}00 ${protocol} ${network}00 ${options}`;

const geneveFrames = [
  `${macs} 0800 ${ip4('11')} ${geneve('6558', '000005')} ${macs} 0800 ${v4}`,
  `${macs} 0800 ${ip4('11', '4000', '0101010101010100')} ${geneve('6558', '000006', '0001020304050607')} ${macs} 8100 0064 86dd ${v6}`,
  `${macs} 86dd ${ip6('11')} ${geneve('6558', '000005')} ${macs} 0806 0001 0800 06 04 0001 020000000001 0a010203`,
  `${macs} 86dd ${ip6('11')} ${geneve('0800', '000007')} ${v4}`,
  `${macs} 0800 ${ip4('11')} ${geneve('86dd', '000005', '00010203')} ${v6}`,
  `${macs} 0800 ${ip4('11')} ${geneve('6558', '000005')} ${macs} 8847 00064140 ${v4}`,
  `${macs} 0800 ${ip4('11')} ${geneve('6558', '000005')} ${macs} 8864 1100 0005 0052 0021 ${v4}`,
  `${macs} 0800 ${ip4('11')} ${geneve('6558', '000005')} ${macs} 0800 ${ip4('11')} ${geneve('6558', '000008')} ${macs} 0800 ${v4}`,
  ...[
    '4242 03 0000',
    'fefe 03 81 1b',
    'fefe 03 83 1b',
    'e0e0 03 0000',
    'f0f0 03 0000',
    'aaaa 03 080007 809b',
  ].map(
    (llc) => `${macs} 0800 ${ip4('11')} ${geneve('6558', '000005')} ffffffffffff 020000000001 0030 ${llc}`,
  ),
  `${macs} 0800 ${ip4('11')} ${geneve('6558', '000005').replace('0000 0000', '0000 4000')} ${macs} 0800 ${v4}`,
  `${macs} 8100 0064 0800 ${ip4('11')} ${geneve('6558', '000005')} ${macs} 0800 ${v4}`,
];

const chains = [
  `${macs} 86dd ${ip6('00')} 3c00010400000000 2b00010400000000 0600000000000000 ${tcp('0050c000')}`,
  `${macs} 86dd ${ip6('3c')} 2c010104000000000000000000000000 11000001 00000001 ${udp('00350035')}`,
  `${macs} 86dd ${ip6('00')} 3b00010400000000`,
  `${macs} 86dd ${ip6('33')} 06040000 00000001 00000001 aaaaaaaabbbbbbbbcccccccc ${tcp('0050c000')}`,
  `${macs} 0800 ${ip4('33')} 06040000 00000001 00000001 aaaaaaaabbbbbbbbcccccccc ${tcp('0050c000')}`,
  `${macs} 0800 ${ip4('3b')}`,
];

/** Frames that the expressions of the table are about, each with a twist: options, fragments, tags, extension headers. */
export function composedPackets(): readonly Packet[] {
  return [
    `${macs} 0800 ${ip4('06')} ${tcp('0050c000')}`,
    `${macs} 0800 ${ip4('06')} ${tcp('c0000050', '12')}`,
    `${macs} 0800 ${ip4('06', '4000', '0101010101010100')} ${tcp('01bb1f90')}`,
    `${macs} 0800 ${ip4('06', '2000')} ${tcp('00500050')}`,
    `${macs} 0800 ${ip4('06', '0010')} ${tcp('00500050')}`,
    `${macs} 0800 ${ip4('11')} ${udp('00350035')}`,
    `${macs} 0800 ${ip4('84')} ${udp('00500050')}`,
    `${macs} 0800 ${ip4('01')} 0800 0000 00010002`,
    `${macs} 0800 ${ip4('02')} 1600 0000 e0000001`,
    `${macs} 86dd ${ip6('06')} ${tcp('0050c000')}`,
    `${macs} 86dd ${ip6('11')} ${udp('00351f90')}`,
    `${macs} 86dd ${ip6('84')} ${udp('00500050')}`,
    `${macs} 86dd ${ip6('3a')} 8000 0000 00010002`,
    `${macs} 86dd ${ip6('2c')} 06000001 00000001 ${tcp('0050c000')}`,
    `${macs} 86dd ${ip6('00')} 0600010400000000 ${tcp('0050c000')}`,
    `${macs} 0806 0001 0800 06 04 0001 020000000001 0a010203 000000000000 c0a80105`,
    `${macs} 8035 0001 0800 06 04 0003 020000000001 0a010203 020000000002 c0a80105`,
    `${macs} 8100 0064 0800 ${ip4('06')} ${tcp('0050c000')}`,
    `${macs} 8100 2005 86dd ${ip6('11')} ${udp('00350035')}`,
    `${macs} 88a8 0064 8100 00c8 0800 ${ip4('11')} ${udp('00350035')}`,
    `${macs} 9100 0064 9100 00c8 0800 ${ip4('06')} ${tcp('0050c000')}`,
    `${macs} 8100 0064 8100 00c8 8100 012c 0806 0001 0800 06 04 0001`,
    `ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a010203 000000000000 0a010204`,
    `01005e000001 020000000001 0800 ${ip4('11').replace('c0a80105', 'e0000001')} ${udp('14e914e9')}`,
    `${macs} 0800 ${ip4('11').replace('c0a80105', 'ffffffff')} ${udp('00430044')}`,
    `0180c2000000 020000000001 0026 4242 03 0000 00 00 00 8000000000000000`,
    `${macs} 0030 fefe 03 83 1b 01 00 0f 01 00 00`,
    `${macs} 0030 f0f0 03 0000`,
    `${macs} 0030 e0e0 03 ffff`,
    `${macs} 0030 ffff 0030 0000`,
    `${macs} 0030 aaaa 03 080007 809b 0000`,
    `${macs} 0030 aaaa 03 000000 8137 0000`,
    `${macs} 0030 aaaa 03 000000 0800 ${ip4('06')}`,
    `${macs} 809b 00112233`,
    `${macs} 80f3 00112233`,
    `${macs} 6003 00112233`,
    `${macs} 6004 00112233`,
    `${macs} 05dc 0606 03 00`,
    `${macs} 05dd 0606 03 00`,
    '',
    '00',
    macs,
  ].map(packetOf);
}

/** Frames inside of frames, and those of the protocols that hardly anybody has any more. */
export function encapsulatedPackets(): readonly Packet[] {
  return [
    ...llcFrames,
    ...isisTypes.map((type) => `${macs} 0030 fefe 03 83 1b 01 00 ${type} 01 00 00`),
    ...decnetHeaders.map((header) => `${macs} 6003 ${header}`),
    ...labelled,
    ...sessions,
    ...geneveFrames,
    ...chains,
  ].map(packetOf);
}

function packetOf(text: string): Packet {
  const bytes = hex(text);
  return { bytes, wireLength: bytes.length };
}

/** Copies with fewer bytes than the packet had on the wire. */
export function truncated(packets: readonly Packet[], random: (bound: number) => number): readonly Packet[] {
  return packets.map(({ bytes, wireLength }) => ({
    bytes: bytes.slice(0, random(Math.min(bytes.length, 80) + 1)),
    wireLength,
  }));
}

/** Copies with some bytes of the first headers changed, mostly to values that mean something there. */
export function mutated(packets: readonly Packet[], random: (bound: number) => number): readonly Packet[] {
  const values = [0x00, 0x01, 0x06, 0x08, 0x11, 0x2c, 0x45, 0x46, 0x50, 0x60, 0x81, 0x84, 0x86, 0xdd, 0xff];
  return packets.map(({ bytes, wireLength }) => {
    const copy = bytes.slice();
    for (let i = random(6); i >= 0 && copy.length > 0; i--) {
      copy[random(Math.min(copy.length, 60))] =
        random(3) === 0 ? random(256) : values[random(values.length)]!;
    }
    return { bytes: copy, wireLength };
  });
}

/** What each link type has in front of an EtherType's payload. */
const linkHeaders: Readonly<
  Record<string, (etherType: number, random: (bound: number) => number) => string>
> = {
  RAW: () => '',
  NULL: (etherType) => (etherType === 0x86dd ? '0a000000' : '02000000'),
  LOOP: (etherType) => (etherType === 0x86dd ? '0000000a' : '00000002'),
  LINUX_SLL: (etherType, random) =>
    `000${random(5)} 0001 0006 020000000001 0000 ${etherType.toString(16).padStart(4, '0')}`,
  LINUX_SLL2: (etherType, random) =>
    `${etherType.toString(16).padStart(4, '0')} 0000 0000000${1 + random(5)} 0001 0${random(5)} 06 020000000001 0000`,
};

/** Ethernet frames as another link type has them; a frame without EtherType becomes one of 802.2. */
export function reframed(
  packets: readonly Packet[],
  linkType: string,
  random: (bound: number) => number,
): readonly Packet[] {
  const header = linkHeaders[linkType];
  if (header === undefined) return packets;
  return packets
    .filter(({ bytes }) => bytes.length >= 14)
    .map(({ bytes, wireLength }) => {
      const field = bytes[12]! * 256 + bytes[13]!;
      const start = hex(header(field > 1500 ? field : [1, 4, 4][random(3)]!, random));
      const whole = new Uint8Array(start.length + bytes.length - 14);
      whole.set(start);
      whole.set(bytes.subarray(14), start.length);
      return { bytes: whole, wireLength: wireLength - 14 + start.length };
    });
}
