/**
 * The field table against tshark: for every packet of the corpora, for packets of every protocol over every link type,
 * and for those cut short after every byte, each field that both have has the same values, printed the same. What
 * differs on purpose is listed here and in docs/fields.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  dissect,
  FIELDS,
  fieldsByName,
  formatFieldValue,
  type Packet,
  readField,
} from '../../src/packet/index.ts';
import {
  createCaptureReader,
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodeSectionHeader,
} from '../../src/pcapng/index.ts';
import { type FieldPacket, fieldPackets } from './field-packets.ts';
import { hasCorpora } from './packets.ts';

// Long for a machine that does other things as well.
vi.setConfig({ testTimeout: 60_000 });

const corpora: string = process.env.HONE_CORPORA ?? join(import.meta.dirname, '../../../shared/corpora');
const haveTshark = spawnSync('tshark', ['--version']).status === 0;
const NAMES = [...new Set(FIELDS.map((field) => field.name))];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-fields-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface NamedPacket extends FieldPacket {
  readonly name: string;
}

/** Tells tshark not to look across packets: no reassembly, no numbers relative to a connection's first. */
const PREFERENCES = [
  'ip.defragment:FALSE',
  'ipv6.defragment:FALSE',
  'tcp.relative_sequence_numbers:FALSE',
  'sctp.relative_tsns:FALSE',
];
/** Stands in no value. */
const BETWEEN_VALUES = ';';

/** Of each packet its fields, by name: the values as tshark prints them. */
function tsharkFields(packets: readonly NamedPacket[]): Map<string, string>[] {
  const linkTypes = [...new Set(packets.map((packet) => packet.linkType))];
  const blocks = [
    encodeSectionHeader(),
    ...linkTypes.map((linkType, i) =>
      encodeInterfaceDescription({ linkType, snaplen: 0, options: { if_tsresol: 9, if_name: `port${i}` } }),
    ),
    ...packets.map(({ linkType, bytes, originalLength }, i) =>
      encodeEnhancedPacket({
        interfaceId: linkTypes.indexOf(linkType),
        timestamp: timestampOf(i),
        data: bytes,
        originalLength,
      }),
    ),
  ];
  const file = join(folder, 'packets.pcapng');
  writeFileSync(file, Buffer.concat(blocks));
  const fields = NAMES.flatMap((name) => ['-e', name]);
  const preferences = PREFERENCES.flatMap((preference) => ['-o', preference]);
  const { stdout } = spawnSync(
    'tshark',
    ['-n', '-r', file, ...preferences, '-T', 'fields', '-E', `aggregator=${BETWEEN_VALUES}`, ...fields],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const lines = stdout.split('\n').slice(0, -1);
  expect(lines.length).toBe(packets.length);
  return lines.map((line) => {
    const columns = line.split('\t');
    return new Map(NAMES.map((name, i) => [name, columns[i]!]));
  });
}

function timestampOf(index: number): bigint {
  return 1_700_000_000_000_000_001n + BigInt(index);
}

function ownPackets(packets: readonly NamedPacket[]): Packet[] {
  const linkTypes = [...new Set(packets.map((packet) => packet.linkType))];
  return packets.map(({ linkType, bytes, originalLength }, i) => {
    const interfaceId = linkTypes.indexOf(linkType);
    return dissect(bytes, originalLength, linkType, {
      number: i + 1,
      timestampNs: timestampOf(i),
      interfaceId,
      interfaceName: `port${interfaceId}`,
    });
  });
}

/** What tshark opens and hone does not: there it has more values, behind the ones that both have. */
const NOT_OPENED = /:(erspan|pim|lisp|openflow_v\d|sflow|nhrp|macsec|atmarp|dvmrp)\b/;

/** Whether a difference is one of those listed in docs/fields.md. */
function isDeliberate(name: string, own: string, theirs: string, packet: Packet, protocols: string): boolean {
  const starts = (longer: string, shorter: string): boolean => longer.startsWith(shorter);
  if (isOfUnknownLength(packet))
    return starts(own, theirs) || name === 'ip.len' || name === 'frame.protocols';
  if (NOT_OPENED.test(protocols))
    return starts(theirs, own) || name.startsWith('arp.') || name === 'igmp.type';
  // Tags of 802.1ad are tags like all others.
  const names = name === 'frame.protocols' ? theirs.replaceAll('ieee8021ad', 'vlan') : theirs;
  if (name.startsWith('vlan.') && protocols.includes('ieee8021ad')) return own.endsWith(theirs);
  // Where bytes are missing, tshark shows the fields up to where it stops, hone those that are whole.
  if (isCut(packet)) return starts(names, own) || starts(own, names) || isGuess(names, own);
  if (name === 'frame.protocols') return starts(names, own);
  return LEFT_OUT.get(name)?.(packet) === true && starts(own, theirs);
}

/** Of a UDP payload of one byte it does not believe the port, and guesses. */
function isGuess(names: string, own: string): boolean {
  return /:udp:gtp$/.test(own) && names.startsWith(own.slice(0, -':gtp'.length));
}

function isCut(packet: Packet): boolean {
  return packet.bytes.length < packet.originalLength || packet.layers.at(-1)?.fault !== undefined;
}

const isQuoted = (packet: Packet): boolean =>
  packet.layers.some((layer, i) => layer.protocol.startsWith('icmp') && i < packet.layers.length - 1);
const isFragment = (packet: Packet): boolean => values('ip.flags.mf', packet).includes('1');

/** What tshark leaves out of packets that ICMP quotes, that continue in another fragment, that a reset carries. */
const LEFT_OUT: ReadonlyMap<string, (packet: Packet) => boolean> = new Map([
  ['tcp.len', (packet) => isQuoted(packet) || isFragment(packet)],
  ['tcp.seq_raw', isQuoted],
  ['tcp.payload', (packet) => values('tcp.flags.reset', packet).includes('1')],
  ['udp.payload', isQuoted],
]);

/** An IP length of 0: hone reads on to the end of the packet. */
function isOfUnknownLength(packet: Packet): boolean {
  return [...values('ip.len', packet), ...values('ipv6.plen', packet)].includes('0');
}

function values(name: string, packet: Packet): string[] {
  const rows = fieldsByName(name)!;
  return readField(rows, packet).map((value) => formatFieldValue(rows[0]!, value));
}

/** The differences that nobody meant, as text; and how many values were the same and not empty. */
function compare(packets: readonly NamedPacket[]): { differences: string[]; same: Map<string, number> } {
  const theirs = tsharkFields(packets);
  const differences: string[] = [];
  const same = new Map<string, number>();
  for (const [i, packet] of ownPackets(packets).entries()) {
    const protocols = theirs[i]!.get('frame.protocols')!;
    for (const name of NAMES) {
      const own = values(name, packet).join(BETWEEN_VALUES);
      const their = theirs[i]!.get(name)!;
      if (own === their) {
        if (own !== '') same.set(name, (same.get(name) ?? 0) + 1);
      } else if (!isDeliberate(name, own, their, packet, protocols)) {
        differences.push(`${packets[i]!.name}: ${name}: got ${own}, tshark ${their} (${protocols})`);
      }
    }
  }
  return { differences, same };
}

function corpusPackets(): NamedPacket[] {
  const packets: NamedPacket[] = [];
  const captures = join(corpora, 'pcap');
  for (const file of readdirSync(captures).sort()) {
    const reader = createCaptureReader();
    reader.push(readFileSync(join(captures, file)));
    for (let record = reader.read(), number = 1; record !== undefined; record = reader.read()) {
      if (record.type !== 'packet') continue;
      const { linkType, originalLength } = record;
      packets.push({ name: `${file} ${number++}`, linkType, bytes: record.data.slice(), originalLength });
    }
  }
  return packets;
}

test('the corpora: every field of every packet', (ctx) => {
  if (!haveTshark) ctx.skip('needs tshark: apt-get install tshark');
  if (!hasCorpora) ctx.skip(`no corpora at ${corpora}`);
  const packets = corpusPackets();
  expect(packets.length).toBeGreaterThan(3_500);
  const { differences } = compare(packets);
  expect(differences).toEqual([]);
});

test('every protocol, over every link type: each field of the table is compared at least once', (ctx) => {
  if (!haveTshark) ctx.skip('needs tshark: apt-get install tshark');
  const packets = fieldPackets().map((packet, i) => ({ ...packet, name: `packet ${i}` }));
  const { differences, same } = compare(packets);
  expect(differences).toEqual([]);
  expect(NAMES.filter((name) => !same.has(name))).toEqual(['frame.comment']);
});

test('cut short after every byte', (ctx) => {
  if (!haveTshark) ctx.skip('needs tshark: apt-get install tshark');
  const packets = fieldPackets().flatMap((packet, i) =>
    Array.from({ length: packet.bytes.length - 1 }, (_, length) => ({
      ...packet,
      name: `packet ${i} cut to ${length + 1}`,
      bytes: packet.bytes.subarray(0, length + 1),
    })),
  );
  expect(compare(packets).differences).toEqual([]);
});
