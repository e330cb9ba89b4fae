/** Packets into layers: what comes after what, where it starts, and what is said of packets that end too early. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dissect, type Packet } from './dissect.ts';
import { formatFieldValue, readField } from './field.ts';
import { FIELDS, fieldsByName } from './field-table.ts';
import { formatPacketLine } from './packet-line.ts';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));

const macs = '020000000002 020000000001';
const ip4 = (protocol: string, length = '0028'): string =>
  `4500 ${length} 0001 0000 40 ${protocol} 0000 0a000001 0a000002`;
const tcp = '0050 c000 00000001 00000002 5012 1000 abcd 0000';

function dissectHex(text: string, linkType = 1): Packet {
  const bytes = bytesOf(text);
  return dissect(bytes, bytes.length, linkType);
}

function values(name: string, packet: Packet): string[] {
  const rows = fieldsByName(name)!;
  return readField(rows, packet).map((value) => formatFieldValue(rows[0]!, value));
}

test('layers know their places', () => {
  const packet = dissectHex(`${macs} 88a8 6005 8100 0fff 0800 ${ip4('06')} ${tcp} 0000`);
  const places = packet.layers.map((layer) => [
    layer.protocol,
    layer.start,
    layer.headerLength,
    layer.length,
  ]);
  expect(places).toEqual([
    ['eth', 0, 14, 64],
    ['vlan', 14, 4, 50],
    ['vlan', 18, 4, 46],
    ['ip', 22, 20, 40],
    ['tcp', 42, 20, 20],
  ]);
});

test.for([
  ['vlan.id', ['5', '4095']],
  ['vlan.priority', ['3', '0']],
  ['ip.addr', ['10.0.0.1', '10.0.0.2']],
  ['tcp.port', ['80', '49152']],
  ['tcp.flags', ['0x0012']],
  ['tcp.flags.syn', ['1']],
  ['tcp.len', ['0']],
  ['udp.port', []],
  ['frame.protocols', ['eth:ethertype:vlan:ethertype:vlan:ethertype:ip:tcp']],
] as const)('%s', ([name, want]) => {
  const packet = dissectHex(`${macs} 88a8 6005 8100 0fff 0800 ${ip4('06')} ${tcp} 0000`);
  expect(values(name, packet)).toEqual(want);
});

test('what was captured of a header that is cut short can be read, and the layer says that it is cut short', () => {
  const whole = bytesOf(`${macs} 0800 ${ip4('06')} ${tcp}`);
  const packet = dissect(whole.subarray(0, 14 + 20 + 6), whole.length, 1);
  expect(packet.layers.map((layer) => layer.fault)).toEqual([undefined, undefined, 'truncated']);
  expect(values('tcp.port', packet)).toEqual(['80', '49152']);
  expect(values('tcp.seq', packet)).toEqual([]);
});

test.for([
  ['an IPv4 header of less than 20 bytes', `${macs} 0800 44${ip4('06').slice(2)}`, 'ip'],
  ['an IPv4 packet shorter than its header', `${macs} 0800 ${ip4('06', '0013')}`, 'ip'],
  ['another version of IP', `${macs} 86dd ${ip4('06')} ${tcp}`, 'ipv6'],
  ['a TCP header of less than 20 bytes', `${macs} 0800 ${ip4('06')} ${tcp.replace('5012', '4012')}`, 'tcp'],
  ['a TCP header longer than its packet', `${macs} 0800 ${ip4('06')} ${tcp.replace('5012', 'f012')}`, 'tcp'],
  ['a UDP length of less than 8', `${macs} 0800 ${ip4('11')} 0001 0002 0007 0000`, 'udp'],
] as const)('malformed: %s', ([, text, protocol]) => {
  const last = dissectHex(text).layers.at(-1)!;
  expect([last.protocol, last.fault]).toEqual([protocol, 'malformed']);
});

test('a link type that is not known has no layers', () => {
  expect(dissectHex(`${macs} 0800 ${ip4('06')}`, 147).layers).toEqual([]);
});

test('a thousand labels are not a thousand layers', () => {
  const packet = dissectHex(`${macs} 8847 ${'00001040'.repeat(1_000)}`);
  expect(packet.layers.length).toBe(64);
});

describe('any bytes', () => {
  const linkTypes = [0, 1, 12, 101, 108, 113, 228, 229, 276, 999];
  const starts = [
    '',
    `${macs} 0800 45`,
    `${macs} 86dd 6`,
    `${macs} 8847 000`,
    `${macs} 0800 ${ip4('84')}`,
  ].map((text) => bytesOf(text.length % 2 === 0 ? text : `${text}0`));

  test('no field, no layer and no line ever throws, and no value leaves the captured bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...linkTypes),
        fc.constantFrom(...starts),
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(100_000),
        (linkType, start, rest, originalLength) => {
          const bytes = Uint8Array.from([...start, ...rest]);
          const packet = dissect(bytes, originalLength, linkType);
          for (const field of FIELDS) {
            for (const value of readField([field], packet)) {
              expect(formatFieldValue(field, value)).not.toMatch(/undefined|NaN/);
            }
          }
          expect(formatPacketLine(bytes, originalLength)).not.toMatch(/undefined|NaN/);
        },
      ),
    );
  });
});
