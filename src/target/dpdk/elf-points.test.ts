import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseNotes, readElfPoints } from './elf-points.ts';

function note(name: string, type: number, desc: Uint8Array): Buffer {
  const pad = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  const head = Buffer.alloc(12);
  head.writeUInt32LE(name.length + 1, 0);
  head.writeUInt32LE(desc.length, 4);
  head.writeUInt32LE(type, 8);
  return Buffer.concat([head, pad(Buffer.from(`${name}\0`, 'latin1')), pad(desc)]);
}

const desc = (types: readonly number[], strings: string): Buffer =>
  Buffer.concat([
    Buffer.alloc(8),
    Buffer.of(types.length, ...types),
    Buffer.alloc(12 - types.length),
    Buffer.from(strings, 'latin1'),
  ]);

const good = note('hone', 1, desc([2, 40], 'fwd\0drop\0port, p->reason\0'));

test('points are found among other notes', () => {
  const bytes = Buffer.concat([
    note('GNU', 3, Buffer.alloc(21)),
    good,
    note('hone', 2, desc([], 'a\0b\0\0')),
  ]);
  const points = parseNotes(bytes, 4);
  expect(points.map(({ name }) => name)).toEqual(['app:fwd:drop']);
  expect(points[0]!.arguments.map(({ name, type }) => [name, type.kind])).toEqual([
    ['port', 'integer'],
    ['reason', 'text'],
  ]);
});

test.each([
  ['13 arguments', desc([], 'a\0b\0\0').fill(13, 8, 9)],
  ['a type of no size', desc([3], 'a\0b\0x\0')],
  ['no end of a name', desc([4], 'a\0b')],
  ['no strings', Buffer.alloc(21)],
  ['nothing', Buffer.alloc(0)],
])('a note with %s is passed over', (_, broken) => {
  expect(parseNotes(Buffer.concat([note('hone', 1, broken), good]), 4)).toHaveLength(1);
});

test('damage of any kind is no point, and no exception', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length * 2 - 1), fc.nat(255))),
      fc.nat(200),
      (changes, length) => {
        const bytes = Buffer.concat([good, good]);
        for (const [at, byte] of changes) bytes[at] = byte;
        parseNotes(bytes.subarray(0, length), 4);
      },
    ),
  );
});

test('this file is no ELF, Node is one without points', () => {
  expect(readElfPoints(import.meta.filename)).toBeUndefined();
  expect(readElfPoints(process.execPath)).toEqual([]);
});
