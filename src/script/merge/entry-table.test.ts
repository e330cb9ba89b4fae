import { expect, test } from 'vitest';
import { EntryTable } from './entry-table.ts';

for (const [name, hashOf] of [
  ['good hashes', (n: number) => Math.imul(n, 0x9e37_79b1)],
  ['one hash for all', () => 7],
] as const) {
  test(`many entries under ${name}`, () => {
    const table = new EntryTable(2, 2);
    const keys = new Uint32Array(2);
    const count = 50_000;
    for (let n = 0; n < count; n++) {
      keys[0] = n;
      keys[1] = n % 3;
      const entry = table.findOrMake(hashOf(n), keys, 0);
      table.words[table.valueAt(entry)]! += n;
    }
    expect(table.count).toBe(count);
    for (let n = 0; n < count; n += 7) {
      keys[0] = n;
      keys[1] = n % 3;
      expect(table.words[table.valueAt(table.find(hashOf(n), keys, 0))]).toBe(n);
      keys[1] = 3;
      expect(table.find(hashOf(n), keys, 0)).toBe(-1);
    }
  });
}

test('a cleared table has no entries, and new ones have values of zeros', () => {
  const table = new EntryTable(1, 2);
  const key = Uint32Array.of(5);
  table.words[table.valueAt(table.findOrMake(1, key, 0))] = 9;
  table.clear();
  expect(table.find(1, key, 0)).toBe(-1);
  expect(table.words[table.valueAt(table.findOrMake(1, key, 0))]).toBe(0);
});
