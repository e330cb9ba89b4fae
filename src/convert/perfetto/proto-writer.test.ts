import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtoWriter } from './proto-writer.ts';

/** Fields as the format's description has them, read one after another. */
type Read = readonly [field: number, value: bigint | Uint8Array];

function readFields(bytes: Uint8Array): Read[] {
  const fields: Read[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = tag >> 3;
    if ((tag & 7) === 0) fields.push([field, varint()]);
    else if ((tag & 7) === 1) {
      fields.push([field, new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true)]);
      at += 8;
    } else {
      const length = Number(varint());
      fields.push([field, bytes.slice(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

test.each([
  [0, '0800'],
  [127, '087f'],
  [300, '08ac02'],
  [2 ** 32 - 1, '08ffffffff0f'],
  [2 ** 32, '088080808010'],
  [(1n << 64n) - 1n, '08ffffffffffffffffff01'],
  [-1n, '08ffffffffffffffffff01'],
])('uint %s', (value, want) => {
  const writer = new ProtoWriter();
  writer.uint(1, value);
  expect(Buffer.from(writer.take()).toString('hex')).toBe(want);
});

test('every number comes back, and messages of every length', () => {
  const number = fc.oneof(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.maxSafeNat());
  fc.assert(
    fc.property(
      fc.array(number, { maxLength: 5 }),
      fc.string({ unit: 'grapheme', maxLength: 40_000 }),
      (numbers, text) => {
        const writer = new ProtoWriter();
        writer.open(90);
        for (const value of numbers) writer.uint(3, value);
        writer.string(4, text);
        writer.close();
        writer.fixed64(5, 2 ** 53 - 1);
        writer.int(6, -5);
        const [outer, ...rest] = readFields(writer.take());
        expect(outer![0]).toBe(90);
        const inner = readFields(outer![1] as Uint8Array);
        expect(inner.slice(0, -1)).toEqual(numbers.map((value) => [3, BigInt(value)]));
        expect(Buffer.from(inner.at(-1)![1] as Uint8Array).toString()).toBe(Buffer.from(text).toString());
        expect(rest).toEqual([
          [5, 2n ** 53n - 1n],
          [6, (1n << 64n) - 5n],
        ]);
      },
    ),
    { numRuns: 60 },
  );
});
