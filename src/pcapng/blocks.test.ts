/** Blocks as values and as bytes: each the exact inverse of the other, in both byte orders. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../base/index.ts';
import type { Block, BlockOptions } from './block.ts';
import { createCaptureReader } from './capture-reader.ts';
import { decodeBlock } from './decode-block.ts';
import { encodeBlock } from './encode-block.ts';
import type { BlockOption } from './option-codec.ts';
import { OPTION_ROWS, type OptionBlock, type OptionKinds } from './option-table.ts';
import { renumberInterface } from './renumber-interface.ts';

const corpora = process.env.HONE_CORPORA ?? join(import.meta.dirname, '../../../shared/corpora');
const folder = join(corpora, 'pcapng');
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.pcapng')) : [];

/** The blocks of a file as they stand in it. */
function blocksOf(bytes: Uint8Array): { bytes: Uint8Array; littleEndian: boolean }[] {
  const reader = createCaptureReader();
  reader.push(bytes);
  const blocks: { bytes: Uint8Array; littleEndian: boolean }[] = [];
  let littleEndian = true;
  for (let record = reader.read(); record !== undefined; record = reader.read()) {
    if (record.type === 'section') littleEndian = record.littleEndian;
    blocks.push({ bytes: reader.borrowBytes().slice(), littleEndian });
  }
  reader.end();
  return blocks;
}

test('the corpora are there', (ctx) => {
  if (files.length === 0) ctx.skip(`no corpora at ${corpora}`);
  expect(files.length).toBe(36);
});

test.for(files)('%s: the same bytes again', (file) => {
  const bytes = new Uint8Array(readFileSync(join(folder, file)));
  const blocks = blocksOf(bytes);
  const again = blocks.map((block) =>
    encodeBlock(decodeBlock(block.bytes, block.littleEndian), block.littleEndian),
  );
  expect(Buffer.concat(again)).toEqual(Buffer.from(bytes));
});

/** Bodies that stay in the byte order of their file: nobody but their makers knows what is in them. */
const OPAQUE: readonly string[] = ['CB', 'DCB', 'SJE', 'unknown'];

test.for(files)('%s: in the other byte order, the same values', (file) => {
  for (const { bytes, littleEndian } of blocksOf(new Uint8Array(readFileSync(join(folder, file))))) {
    const block = decodeBlock(bytes, littleEndian);
    const turned = encodeBlock(block, !littleEndian);
    if (!OPAQUE.includes(block.type)) expect(decodeBlock(turned, !littleEndian)).toEqual(block);
    expect(turned.length).toBe(bytes.length);
  }
});

const bytesUpTo = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const octets = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const i64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
/** No zero byte: text with one is kept as bytes. */
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((value) => value.replaceAll('\0', ''));

const KINDS: { readonly [Kind in keyof OptionKinds]: fc.Arbitrary<OptionKinds[Kind]> } = {
  utf8: text,
  u8: fc.nat(0xff),
  u32,
  u64,
  i64,
  timestamp: u64,
  octets4: octets(4),
  octets6: octets(6),
  octets8: octets(8),
  octets16: octets(16),
  octets17: octets(17),
  filter: fc.oneof(
    text,
    bytesUpTo(20).map((bytes) => Uint8Array.of(1, ...bytes)),
  ),
  tagged: fc.record({ tag: fc.nat(0xff), bytes: bytesUpTo(20) }),
  customText: fc.record({ pen: u32, data: text }),
  customBytes: fc.record({ pen: u32, data: bytesUpTo(20) }),
};

function options(block: OptionBlock): fc.Arbitrary<BlockOptions> {
  const named = OPTION_ROWS.get(block)!.map(
    ([, row]): fc.Arbitrary<BlockOption> => KINDS[row.kind].map((value) => ({ code: row.code, value })),
  );
  const unnamed = fc.record({ code: fc.integer({ min: 40_000, max: 0xffff }), bytes: bytesUpTo(20) });
  return fc.record({ list: fc.array(fc.oneof(...named, unnamed), { maxLength: 8 }), ended: fc.boolean() });
}

const padded = fc
  .array(octets(4), { maxLength: 8 })
  .map((words) => Uint8Array.from(words.flatMap((w) => [...w])));
const packet = { timestamp: u64, originalLength: u32, data: bytesUpTo(40) };

const BLOCKS: { readonly [Type in Block['type']]: fc.Arbitrary<Block & { type: Type }> } = {
  SHB: fc.record({
    type: fc.constant('SHB'),
    majorVersion: u16,
    minorVersion: u16,
    sectionLength: i64,
    options: options('SHB'),
  }),
  IDB: fc.record({
    type: fc.constant('IDB'),
    linkType: u16,
    reserved: u16,
    snaplen: u32,
    options: options('IDB'),
  }),
  EPB: fc.record({ type: fc.constant('EPB'), interfaceId: u32, ...packet, options: options('EPB') }),
  PB: fc.record({
    type: fc.constant('PB'),
    interfaceId: u16,
    dropsCount: u16,
    ...packet,
    options: options('PB'),
  }),
  SPB: fc.record({ type: fc.constant('SPB'), originalLength: u32, data: padded }),
  NRB: fc
    .record({
      type: fc.constant('NRB'),
      records: fc.array(fc.record({ type: fc.integer({ min: 1, max: 0xffff }), value: bytesUpTo(30) }), {
        maxLength: 4,
      }),
      options: options('NRB'),
    })
    .map((block) => ({ ...block, ended: true })),
  ISB: fc.record({ type: fc.constant('ISB'), interfaceId: u32, timestamp: u64, options: options('ISB') }),
  SJE: fc.record({ type: fc.constant('SJE'), entry: padded }),
  DSB: fc.record({
    type: fc.constant('DSB'),
    secretsType: u32,
    data: bytesUpTo(40),
    options: options('DSB'),
  }),
  CB: fc.record({ type: fc.constant('CB'), pen: u32, body: padded }),
  DCB: fc.record({ type: fc.constant('DCB'), pen: u32, body: padded }),
  unknown: fc.record({
    type: fc.constant('unknown'),
    blockType: fc.integer({ min: 0x100, max: 0xb00 }),
    body: padded,
  }),
};

describe.for(Object.entries(BLOCKS))('%s', ([, blocks]) => {
  test('decoding gives what was encoded, and encoding it the same bytes', () => {
    fc.assert(
      fc.property(blocks, fc.boolean(), (block, littleEndian) => {
        const bytes = encodeBlock(block, littleEndian);
        const decoded = decodeBlock(bytes, littleEndian);
        expect(decoded).toEqual(block);
        expect(encodeBlock(decoded, littleEndian)).toEqual(bytes);
      }),
    );
  });
});

test('any bytes: a value or a FormatError', () => {
  const damaged = fc
    .tuple(
      fc.oneof(...Object.values(BLOCKS)),
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 }),
    )
    .map(([block, littleEndian, changes]) => {
      const bytes = encodeBlock(block, littleEndian);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return { bytes, littleEndian };
    });
  fc.assert(
    fc.property(
      fc.oneof(damaged, fc.record({ bytes: bytesUpTo(60), littleEndian: fc.boolean() })),
      (input) => {
        try {
          const block = decodeBlock(input.bytes, input.littleEndian);
          expect(decodeBlock(encodeBlock(block, input.littleEndian), input.littleEndian)).toEqual(block);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test.for([
  ['a length that is not the block', '06000000 20000000', 'got lengths 32 and 0, expected 12'],
  ['too few bytes', '06000000', 'got 4 bytes, expected 12'],
])('damage: %s', ([, hex, message]) => {
  const bytes = Uint8Array.from(
    Buffer.from(
      hex!
        .replace(' ', '')
        .padEnd(24, '0')
        .slice(0, hex!.length > 8 ? 24 : 8),
      'hex',
    ),
  );
  expect(() => decodeBlock(bytes, true, 100)).toThrow(message);
});

test('text that would not be the same again is kept as bytes', () => {
  const withZero = encodeBlock({
    type: 'SHB',
    majorVersion: 1,
    minorVersion: 0,
    sectionLength: -1n,
    options: { list: [{ code: 3, bytes: Uint8Array.of(0x61, 0, 0) }], ended: true },
  });
  expect(decodeBlock(withZero, true)).toHaveProperty('options.list', [
    { code: 3, bytes: Uint8Array.of(0x61, 0, 0) },
  ]);
});

describe.for([true, false])('a block that gets another interface, little-endian %s', (littleEndian) => {
  const none: BlockOptions = { list: [], ended: false };
  const body = { timestamp: 5n, originalLength: 9, data: Uint8Array.of(1), options: none };
  const NUMBERED: readonly Block[] = [
    { type: 'EPB', interfaceId: 1, ...body },
    { type: 'PB', interfaceId: 1, dropsCount: 0xffff, ...body },
    { type: 'ISB', interfaceId: 1, timestamp: 5n, options: none },
  ];

  test.for(NUMBERED)('$type', (block) => {
    const bytes = encodeBlock(block, littleEndian);
    renumberInterface(bytes, littleEndian, 777);
    expect(decodeBlock(bytes, littleEndian)).toEqual({ ...block, interfaceId: 777 });
  });

  test('blocks that name none are left alone, and a number that does not fit is refused', () => {
    const secrets = encodeBlock(
      { type: 'DSB', secretsType: 1, data: Uint8Array.of(2), options: none },
      littleEndian,
    );
    const before = secrets.slice();
    renumberInterface(secrets, littleEndian, 3);
    expect(secrets).toEqual(before);
    const simple = encodeBlock({ type: 'SPB', originalLength: 1, data: new Uint8Array(4) }, littleEndian);
    expect(() => renumberInterface(simple, littleEndian, 1)).toThrow(RangeError);
    const old = encodeBlock(NUMBERED[1]!, littleEndian);
    expect(() => renumberInterface(old, littleEndian, 65_536)).toThrow(RangeError);
  });
});
