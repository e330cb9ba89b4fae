import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { FormatError } from '../base/index.ts';
import { createCaptureReader } from './capture-reader.ts';
import {
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodeInterfaceStatistics,
  encodeSectionHeader,
} from './encode-blocks.ts';

// Long for a machine that does other things as well.
vi.setConfig({ testTimeout: 30_000 });

/** What a reader gives for bytes that come in pieces of one size: copies of its records, and its error. */
function readAll(
  bytes: Uint8Array,
  pieceLength: number = bytes.length || 1,
): { records: object[]; error?: FormatError } {
  const reader = createCaptureReader();
  const records: object[] = [];
  try {
    for (let at = 0; at < bytes.length; at += pieceLength) {
      const piece = Buffer.from(bytes.subarray(at, at + pieceLength));
      reader.push(piece);
      for (let record = reader.read(); record !== undefined; record = reader.read()) {
        records.push(structuredClone(record));
      }
      piece.fill(0xee);
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { records, error };
  }
  return { records };
}

/** Words of 1, 2 or 4 bytes (by their spelling `1:`, `2:`, `4:`) in a byte order, and raw bytes as hex (`x:`). */
function words(littleEndian: boolean, ...spelled: readonly string[]): Uint8Array {
  const pieces = spelled
    .flatMap((line) => line.split(' '))
    .map((word) => {
      const [kind, value = ''] = word.split(':');
      if (kind === 'x') return Buffer.from(value, 'hex');
      const bytes = Buffer.alloc(Number(kind));
      for (let i = 0; i < bytes.length; i++) {
        const shift = 8 * (littleEndian ? i : bytes.length - 1 - i);
        bytes[i] = Number(value) / 2 ** shift;
      }
      return bytes;
    });
  return Buffer.concat(pieces);
}

/** A block in a byte order: the body between its two lengths. */
function block(littleEndian: boolean, type: number, ...body: readonly string[]): Uint8Array {
  const bytes = words(littleEndian, ...body);
  const length = `4:${bytes.length + 12}`;
  return Buffer.concat([words(littleEndian, `4:${type}`, length), bytes, words(littleEndian, length)]);
}

describe.for([true, false])('pcapng, little-endian %s', (le) => {
  const section = block(le, 0x0a0d0d0a, '4:0x1a2b3c4d 2:1 2:0 x:ffffffffffffffff');
  const description = block(le, 1, '2:1 2:0 4:5', '2:9 2:1 x:09000000', '2:0 2:0');
  const head = Buffer.concat([section, description]);

  function packetOf(bytes: Uint8Array): unknown {
    return readAll(Buffer.concat([head, bytes])).records[2];
  }

  test('a section and an interface', () => {
    const { records } = readAll(head);
    expect(records).toEqual([
      { type: 'section', offset: 0, littleEndian: le, sectionLength: undefined, options: {} },
      {
        type: 'interface',
        offset: 28,
        interface: {
          index: 0,
          id: 0,
          linkType: 1,
          snaplen: 5,
          tsresol: 9,
          name: undefined,
          options: { if_tsresol: 9 },
        },
      },
    ]);
  });

  test('an Enhanced Packet Block', () => {
    const packet = block(le, 6, '4:0 4:1 4:2 4:3 4:9', 'x:01020300', '2:2 2:4 4:1', '2:0 2:0');
    expect(packetOf(packet)).toMatchObject({
      type: 'packet',
      offset: 28 + 32,
      timestampNs: 0x1_0000_0002n,
      linkType: 1,
      capturedLength: 3,
      originalLength: 9,
      data: Uint8Array.of(1, 2, 3),
      options: { epb_flags: 1 },
    });
  });

  test('a Simple Packet Block is cut at the snaplen', () => {
    expect(packetOf(block(le, 3, '4:9', 'x:0102030405000000'))).toMatchObject({
      type: 'packet',
      timestampNs: undefined,
      capturedLength: 5,
      originalLength: 9,
      data: Uint8Array.of(1, 2, 3, 4, 5),
    });
  });

  test('an obsolete Packet Block, with its drops', () => {
    expect(packetOf(block(le, 2, '2:0 2:7 4:0 4:2 4:1 4:1', 'x:aa000000', '2:2 2:4 4:2'))).toMatchObject({
      type: 'packet',
      timestampNs: 2n,
      data: Uint8Array.of(0xaa),
      options: { epb_flags: 2, epb_dropcount: 7n },
    });
    expect(packetOf(block(le, 2, '2:0 2:0xffff 4:0 4:2 4:0 4:0'))).toHaveProperty('options', {});
  });

  test('Interface Statistics', () => {
    expect(packetOf(block(le, 5, '4:0 4:0 4:3', '2:2 2:8 4:1 4:2'))).toMatchObject({
      type: 'statistics',
      timestampNs: 3n,
      options: { isb_starttime: 0x1_0000_0002n },
    });
  });

  test('Name Resolution', () => {
    const ipv6 = `${'00'.repeat(15)}01`;
    const names = block(
      le,
      4,
      `2:1 2:11 x:0a0000016100626300 x:0000 x:00`,
      `2:2 2:18 x:${ipv6} x:6100 x:0000`,
      '2:9 2:1 x:ff000000',
      '2:0 2:0',
      '2:2 2:3 x:646e7300',
    );
    expect(packetOf(names)).toMatchObject({
      type: 'names',
      entries: [
        { address: Uint8Array.of(10, 0, 0, 1), names: ['a', 'bc'] },
        { address: Uint8Array.from(Buffer.from(ipv6, 'hex')), names: ['a'] },
      ],
      options: { ns_dnsname: 'dns' },
    });
  });

  test('secrets', () => {
    const secrets = block(le, 10, '4:0x544c534b 4:5 x:4142434445000000', '2:1 2:2 x:68690000', '2:0 2:0');
    expect(packetOf(secrets)).toEqual({
      type: 'secrets',
      offset: head.length,
      secretsType: 0x544c534b,
      data: Uint8Array.from(Buffer.from('ABCDE')),
      options: { opt_comment: ['hi'] },
    });
  });

  test.for([
    [0x0bad, true],
    [0x40000bad, false],
  ] as const)('custom blocks of type %i', ([type, isCopyable]) => {
    expect(packetOf(block(le, type, '4:32473 x:01020304'))).toEqual({
      type: 'custom',
      offset: head.length,
      pen: 32473,
      isCopyable,
      body: Uint8Array.of(1, 2, 3, 4),
      littleEndian: le,
    });
  });

  test('other blocks and options are kept as they are', () => {
    expect(packetOf(block(le, 0x80000001, '4:32473 x:01020304'))).toMatchObject({
      type: 'unknown',
      blockType: 0x80000001,
      littleEndian: le,
      body: Uint8Array.from(words(le, '4:32473 x:01020304')),
    });
    const packet = block(le, 6, '4:0 4:0 4:0 4:0 4:0', '2:2990 2:5 x:0102030405000000', '2:4 2:1 x:09000000');
    expect(packetOf(packet)).toHaveProperty('options', {
      other: [
        { code: 2990, bytes: Uint8Array.of(1, 2, 3, 4, 5) },
        // An epb_dropcount of one byte.
        { code: 4, bytes: Uint8Array.of(9) },
      ],
    });
  });

  test('a new section starts its interfaces anew', () => {
    const packet = block(le, 6, '4:0 4:0 4:0 4:0 4:0');
    const other = block(!le, 0x0a0d0d0a, '4:0x1a2b3c4d 2:1 2:2 x:ffffffffffffffff');
    const { records, error } = readAll(
      Buffer.concat([
        head,
        packet,
        other,
        block(!le, 1, '2:113 2:0 4:0'),
        block(!le, 6, '4:0 4:0 4:0 4:0 4:0'),
        other,
        block(!le, 6, '4:0 4:0 4:0 4:0 4:0'),
      ]),
    );
    expect(records.slice(2)).toMatchObject([
      { type: 'packet', interface: { index: 0, id: 0 } },
      { type: 'section', littleEndian: !le },
      { type: 'interface', interface: { index: 1, id: 0, tsresol: 6 } },
      { type: 'packet', linkType: 113, interface: { index: 1 } },
      { type: 'section' },
    ]);
    expect(error?.message).toMatch(/got interface 0, expected one of the 0 described before it/);
  });

  test.for<[string, Uint8Array, string, number]>([
    [
      'more secrets than the block holds',
      block(le, 10, '4:1 4:5 x:41424344'),
      'broken Decryption Secrets Block at byte 60: got 5 bytes of secrets, expected at most 4',
      60,
    ],
    [
      'a secret’s option beyond its block',
      block(le, 10, '4:1 4:1 x:41000000', '2:1 2:1'),
      'option 1 at byte 80 does not fit its block: got length 1, expected at most 0',
      80,
    ],
    [
      'a custom block without an owner',
      words(le, '4:0x0bad 4:12 4:12'),
      'broken Custom Block at byte 60',
      60,
    ],
    [
      'a length that is no multiple of 4',
      words(le, '4:6 4:33 x:00000000'),
      'broken Enhanced Packet Block at byte 60: got length 33, expected a multiple of 4 from 32 to 268435456',
      60,
    ],
    ['a length below the fixed fields', words(le, '4:6 4:28 x:00000000'), 'got length 28,', 60],
    [
      'an unknown block without its frame',
      words(le, '4:99 4:8 x:00000000'),
      'broken block of type 99 at byte 60: got length 8,',
      60,
    ],
    ['more than 256 MiB', words(le, '4:6 4:0x10000004 x:00000000'), 'got length 268435460,', 60],
    [
      'another length at the end',
      words(le, '4:99 4:12 4:16'),
      'broken block of type 99 at byte 60: got length 16 at its end, expected 12 as at its start',
      68,
    ],
    [
      'a captured length beyond the block',
      block(le, 6, '4:0 4:0 4:0 4:5 4:5 x:00000000'),
      'broken packet at byte 60: got captured length 5, expected at most 4',
      60,
    ],
    [
      'an interface that is not there',
      block(le, 6, '4:1 4:0 4:0 4:0 4:0'),
      'broken block at byte 60: got interface 1, expected one of the 1 described before it',
      60,
    ],
    [
      'an option beyond the block',
      block(le, 6, '4:0 4:0 4:0 4:0 4:0 2:1 2:5 x:00000000'),
      'option 1 at byte 88 does not fit its block: got length 5, expected at most 4',
      88,
    ],
    [
      'a name beyond the block',
      block(le, 4, '2:1 2:5 x:00000000'),
      'broken name record at byte 72: got length 5, expected at most 4',
      72,
    ],
    [
      'a version to come',
      block(le, 0x0a0d0d0a, '4:0x1a2b3c4d 2:2 2:0 x:ffffffffffffffff'),
      'pcapng section of an unknown version at byte 72: got 2.0, expected 1.0',
      72,
    ],
    [
      'a byte order of no kind',
      block(le, 0x0a0d0d0a, '4:1 2:1 2:0 x:ffffffffffffffff'),
      'broken Section Header Block at byte 60: got byte order magic',
      68,
    ],
  ])('damage: %s', ([, bytes, message, offset]) => {
    const { records, error } = readAll(Buffer.concat([head, bytes]));
    expect(records).toHaveLength(2);
    expect(error?.message).toContain(message);
    expect(error?.offsetBytes).toBe(offset);
  });
});

describe.for([true, false])('pcap, little-endian %s', (le) => {
  const packet = '4:2 4:3 4:5 4:9 x:0102030405';

  test.for<[string, number, bigint, number, string]>([
    ['microseconds', 0xa1b2c3d4, 2_000_003_000n, 6, packet],
    ['nanoseconds', 0xa1b23c4d, 2_000_000_003n, 9, packet],
    ['the modified form', 0xa1b2cd34, 2_000_003_000n, 6, '4:2 4:3 4:5 4:9 x:eeeeeeeeeeeeeeee x:0102030405'],
  ])('%s', ([, magic, timestampNs, tsresol, record]) => {
    const header = `4:${magic} 2:2 2:4 4:0 4:0 4:65535 4:0xf0000001`;
    const { records, error } = readAll(words(le, header, record, record));
    const from = { index: 0, id: 0, linkType: 1, snaplen: 65_535, tsresol, name: undefined, options: {} };
    const want = {
      type: 'packet',
      interface: from,
      linkType: 1,
      timestampNs,
      capturedLength: 5,
      originalLength: 9,
      data: Uint8Array.of(1, 2, 3, 4, 5),
      options: {},
    };
    const length = words(le, record).length;
    expect(records).toEqual([
      { type: 'interface', offset: 0, interface: from },
      { ...want, offset: 24 },
      { ...want, offset: 24 + length },
    ]);
    expect(error).toBeUndefined();
  });

  test.for<[string, number, number, boolean]>([
    ['a packet longer than a small snaplen', 96, 262_144, true],
    ['a packet longer than any', 96, 262_145, false],
    ['a packet as long as a large snaplen', 300_000, 300_000, true],
    ['a packet of more than 256 MiB', 0xffff_ffff, 0x1000_0001, false],
  ])('%s', ([, snaplen, length, isRead]) => {
    const { records, error } = readAll(
      Buffer.concat([
        words(le, `4:0xa1b2c3d4 2:2 2:4 4:0 4:0 4:${snaplen} 4:1 4:0 4:0 4:${length} 4:0`),
        new Uint8Array(isRead ? length : 9),
      ]),
    );
    expect(records).toHaveLength(isRead ? 2 : 1);
    if (isRead) expect(error).toBeUndefined();
    else
      expect(error?.message).toContain(
        `broken packet at byte 24: got captured length ${length}, expected at most`,
      );
  });

  test('a version of no kind', () => {
    const { error } = readAll(words(le, '4:0xa1b2c3d4 2:2 2:3 4:0 4:0 4:1 4:1'));
    expect(error?.message).toBe('pcap file of an unknown version: got 2.3, expected 2.4');
  });
});

describe('what is no capture', () => {
  test.for<[string, string, string]>([
    ['nothing', '', 'not a capture file: got 0 bytes, expected at least a file header'],
    ['three bytes', '0a0d0d', 'not a capture file: got 3 bytes, expected at least a file header'],
    ['a gzip file', '1f8b0800', 'not a capture file: it starts with 0x1f8b0800, expected pcap or pcapng'],
  ])('%s', ([, hex, message]) => {
    const { records, error } = readAll(Buffer.from(hex, 'hex'));
    expect(records).toEqual([]);
    expect(error?.message).toBe(message);
  });
});

const FILE = Buffer.concat([
  encodeSectionHeader({ shb_os: 'Linux' }),
  encodeInterfaceDescription({ linkType: 1, snaplen: 0, options: { if_name: 'a', if_tsresol: 9 } }),
  ...[0, 1, 60, 5_000].map((length) =>
    encodeEnhancedPacket({
      interfaceId: 0,
      timestamp: BigInt(length),
      data: new Uint8Array(length).fill(length),
      options: { opt_comment: ['x'] },
    }),
  ),
  encodeInterfaceStatistics({ interfaceId: 0, timestamp: 9n }),
]);

test('pieces of any size give the same records', () => {
  const whole = readAll(FILE);
  expect(whole.records).toHaveLength(7);
  for (const length of [1, 2, 3, 5, 8, 13, 64, 1_000, 4_096]) expect(readAll(FILE, length)).toEqual(whole);
});

test('pieces that are pushed before the ones before them are read', () => {
  const reader = createCaptureReader();
  for (let at = 0; at < FILE.length; at += 50) reader.push(FILE.subarray(at, at + 50));
  let count = 0;
  while (reader.read() !== undefined) count++;
  reader.end();
  expect(count).toBe(7);
});

test('a file cut short gives every whole block before, and says which one is not', () => {
  const ends: number[] = [];
  for (let at = 0; at < FILE.length; at += FILE.readUInt32LE(at + 4)) ends.push(at);
  const cuts = [...Array.from({ length: 400 }, (_, i) => i + 4), FILE.length - 1];
  for (const cut of cuts) {
    const { records, error } = readAll(FILE.subarray(0, cut), 100);
    const wholeBlocks = [...ends.slice(1), FILE.length].filter((end) => end <= cut).length;
    expect(records).toHaveLength(wholeBlocks);
    if (ends.includes(cut)) expect(error).toBeUndefined();
    else {
      expect(error?.message).toBe(
        `capture file cut short: it ends at byte ${cut}, inside the block that starts at byte ${ends[wholeBlocks]}`,
      );
      expect(error?.offsetBytes).toBe(ends[wholeBlocks]);
    }
  }
});

test('after an error, read and end throw it again', () => {
  const reader = createCaptureReader();
  reader.push(Uint8Array.of(1, 2, 3, 4));
  expect(() => reader.read()).toThrow(FormatError);
  reader.push(FILE);
  expect(() => reader.read()).toThrow('it starts with 0x01020304');
  expect(() => reader.end()).toThrow('it starts with 0x01020304');
});

test('a block of very many options is read in a moment', () => {
  const count = 100_000;
  const options = new Uint8Array(4 * count);
  for (let at = 0; at < options.length; at += 4) options[at] = 1;
  const section = block(
    true,
    0x0a0d0d0a,
    `4:0x1a2b3c4d 2:1 2:0 x:ffffffffffffffff x:${Buffer.from(options).toString('hex')}`,
  );
  const { records } = readAll(section);
  expect(records[0]).toHaveProperty('options.opt_comment.length', count);
});

test('random bytes and damaged files: FormatError is all that escapes', () => {
  const magics = ['0a0d0d0a', 'd4c3b2a1', 'a1b2c3d4', '4d3cb2a1', '34cdb2a1', ''].map((hex) =>
    Buffer.from(hex, 'hex'),
  );
  const random = fc
    .tuple(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 300 }))
    .map(([magic, rest]) => Buffer.concat([magic, rest]));
  const small = FILE.subarray(0, 500);
  const damaged = fc
    .array(fc.tuple(fc.nat(small.length - 1), fc.nat(255)), { minLength: 1, maxLength: 10 })
    .map((changes) => {
      const bytes = Uint8Array.from(small);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(random, damaged), fc.integer({ min: 1, max: 400 }), (bytes, pieceLength) => {
      const { error } = readAll(bytes, pieceLength);
      expect(error?.offsetBytes ?? 0).toBeLessThanOrEqual(bytes.length);
      expect(readAll(bytes)).toEqual(readAll(bytes, pieceLength));
    }),
    { numRuns: 1_000 },
  );
});
