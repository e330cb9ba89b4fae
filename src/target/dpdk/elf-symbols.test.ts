import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { definesDynamicSymbol } from './elf-symbols.ts';

interface Symbol {
  readonly name: string;
  readonly defined: boolean;
}

/** The least ELF file with a .dynsym: header, strings, symbols, three section headers. */
function elf(symbols: readonly Symbol[]): Buffer {
  const names = ['', ...symbols.map(({ name }) => name)].map((name) => `${name}\0`);
  const strings = Buffer.from(names.join(''));
  const table = Buffer.alloc(24 * (symbols.length + 1));
  let at = 1;
  for (const [n, { name, defined }] of symbols.entries()) {
    table.writeUInt32LE(at, 24 * (n + 1));
    table.writeUInt16LE(defined ? 1 : 0, 24 * (n + 1) + 6);
    at += name.length + 1;
  }
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  const sectionsAt = 64 + strings.length + table.length;
  header.writeBigUInt64LE(BigInt(sectionsAt), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(3, 60);
  const section = (type: number, offset: number, bytes: number, link: number) => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(type, 4);
    entry.writeBigUInt64LE(BigInt(offset), 24);
    entry.writeBigUInt64LE(BigInt(bytes), 32);
    entry.writeUInt32LE(link, 40);
    return entry;
  };
  return Buffer.concat([
    header,
    strings,
    table,
    section(0, 0, 0, 0),
    section(3, 64, strings.length, 0),
    section(11, 64 + strings.length, table.length, 1),
  ]);
}

let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-elf-'));
  path = join(folder, 'file');
});

afterAll(() => rmSync(folder, { recursive: true }));

const file = elf([
  { name: 'main', defined: true },
  { name: 'rte_eal_init', defined: true },
  { name: 'rte_eal_cleanup', defined: false },
]);

describe('definesDynamicSymbol', () => {
  test.each([
    ['rte_eal_init', true],
    ['rte_eal_cleanup', false],
    ['eal_init', false],
    ['rte_eal', false],
    ['', false],
  ])('%s: %s', (name, expected) => {
    writeFileSync(path, file);
    expect(definesDynamicSymbol(path, name)).toBe(expected);
  });

  test('the real thing: Node exports the Node-API, and no DPDK', () => {
    expect(definesDynamicSymbol(process.execPath, 'napi_create_object')).toBe(true);
    expect(definesDynamicSymbol(process.execPath, 'rte_eal_init')).toBe(false);
  });

  test('what is no ELF file, or not there, has no symbols', () => {
    writeFileSync(path, '#!/bin/sh\nrte_eal_init\n'.repeat(10));
    expect(definesDynamicSymbol(path, 'rte_eal_init')).toBe(false);
    expect(definesDynamicSymbol(join(folder, 'none'), 'rte_eal_init')).toBe(false);
    expect(definesDynamicSymbol(folder, 'rte_eal_init')).toBe(false);
  });

  test('damage of any kind is no symbol, and no exception', () => {
    const change = fc.tuple(fc.nat(file.length - 1), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.nat(file.length),
        (changes, length) => {
          const damaged = Buffer.from(file);
          for (const [at, value] of changes) damaged[at] = value;
          writeFileSync(path, damaged.subarray(0, Math.max(length, file.length - 40)));
          expect(typeof definesDynamicSymbol(path, 'rte_eal_init')).toBe('boolean');
        },
      ),
      { numRuns: 300 },
    );
  });
});
