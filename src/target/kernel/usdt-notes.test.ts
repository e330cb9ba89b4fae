import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FormatError, UsageError } from '../../base/index.ts';
import { ElfImage } from '../elf/elf-image.ts';
import { compile, needsCompiler } from './compile-fixture.ts';
import { findFunctions } from './function-sites.ts';
import { parseUsdtArguments } from './usdt-argument.ts';
import { decodeUsdtNotes, readUsdtProbes } from './usdt-notes.ts';

interface NoteParts {
  readonly owner?: string;
  readonly type?: number;
  readonly location?: bigint;
  readonly base?: bigint;
  readonly semaphore?: bigint;
  readonly texts?: string;
}

function note({
  owner = 'stapsdt',
  type = 3,
  texts = 'net\0rx\x004@%edi\0',
  ...addresses
}: NoteParts): Buffer {
  const { location = 0x1000n, base = 0x2000n, semaphore = 0n } = addresses;
  const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  const head = Buffer.alloc(12);
  const description = Buffer.alloc(24 + texts.length);
  description.writeBigUInt64LE(location, 0);
  description.writeBigUInt64LE(base, 8);
  description.writeBigUInt64LE(semaphore, 16);
  description.write(texts, 24, 'latin1');
  head.writeUInt32LE(owner.length + 1, 0);
  head.writeUInt32LE(description.length, 4);
  head.writeUInt32LE(type, 8);
  return Buffer.concat([head, pad(Buffer.from(`${owner}\0`)), pad(description)]);
}

describe('notes', () => {
  test('one after another; those of others are passed over', () => {
    const bytes = Buffer.concat([
      note({}),
      note({ owner: 'GNU' }),
      note({ type: 4 }),
      note({ texts: 'p\0drop\0\0', semaphore: 0x3000n }),
    ]);
    expect(decodeUsdtNotes(bytes)).toEqual([
      { provider: 'net', name: 'rx', arguments: '4@%edi', location: 0x1000, base: 0x2000, semaphore: 0 },
      { provider: 'p', name: 'drop', arguments: '', location: 0x1000, base: 0x2000, semaphore: 0x3000 },
    ]);
  });

  test.each([
    ['a length beyond the section', note({}).subarray(0, 50), 'expected 46'],
    ['no third text', note({ texts: 'p\0x\0' }), 'three texts'],
    ['a text without an end', note({ texts: 'p\0x\0y' }), 'three texts'],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeUsdtNotes(bytes)).toThrow(FormatError);
    expect(() => decodeUsdtNotes(bytes)).toThrow(message);
  });

  test('damage of any kind is a list or a FormatError', () => {
    const sound = Buffer.concat([note({}), note({ texts: 'a\0b\x008@8(%rdi,%rsi,4)\0' }), note({})]);
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.nat(sound.length), (changes, length) => {
        const damaged = Buffer.from(sound);
        for (const [at, value] of changes) damaged[at] = value;
        try {
          for (const { arguments: text } of decodeUsdtNotes(damaged.subarray(0, length))) {
            parseUsdtArguments(text, { location: 0, address: () => undefined });
          }
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

const SOURCE = `
#include <sys/sdt.h>
unsigned short net_sem_semaphore __attribute__((section(".probes")));
long counter = 3;
__attribute__((noinline)) long work(long n) { STAP_PROBE2(net, rx, n, counter); return n * 2; }
__attribute__((noinline)) int tail_work(int n) { __asm__ volatile(""); return n + 1; }
#define _SDT_HAS_SEMAPHORES 1
int main(int argc, char **argv) { STAP_PROBE(net, start); return (int)work(argc) + tail_work(argc); }
`;

const CPP = `
namespace net { struct Router { __attribute__((noipa)) int poll(int n) const { asm volatile(""); return n; } Router(); };
__attribute__((noipa)) Router::Router() { asm volatile(""); } }
__attribute__((noipa)) int plain(int n) { asm volatile(""); return n; }
int main() { net::Router r; return r.poll(0) + plain(0); }
`;

describe('compiled files', () => {
  beforeEach((context) => {
    if (needsCompiler !== undefined) context.skip(needsCompiler);
  });

  let folder: string;
  const images: ElfImage[] = [];
  const open = (path: string) => {
    const image = new ElfImage(path);
    images.push(image);
    return image;
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hone-usdt-'));
  });
  afterAll(() => {
    for (const image of images) image.close();
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['position independent', ['-fPIE', '-pie']],
    ['at a fixed address', ['-no-pie']],
  ])('%s: probes are where their nops are', (_, options) => {
    const image = open(compile(folder, 'probes.c', SOURCE, options));
    const probes = readUsdtProbes(image);
    expect(probes.map(({ provider, name }) => `${provider}:${name}`).sort()).toEqual(['net:rx', 'net:start']);
    for (const { offset, refCtrOffset, address } of probes) {
      expect(image.fileOffset(address)).toBe(offset);
      expect(readByte(image.path, offset)).toBe(0x90);
      expect(refCtrOffset).toBe(0);
    }
  });

  test('functions: name, offset, address, pattern', () => {
    const image = open(compile(folder, 'functions.c', SOURCE));
    const [work] = findFunctions(image, 'work');
    const [tail] = findFunctions(image, 'tail_work');
    expect(work!.offset).not.toBe(tail!.offset);
    expect(findFunctions(image, 'work+4')).toEqual([{ name: 'work+4', offset: work!.offset + 4 }]);
    expect(
      findFunctions(image, '*work')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['tail_work', 'work']);
    expect(findFunctions(image, '?ork').map(({ name }) => name)).toEqual(['work']);
    const address = image.symbolsNamed('work')[0]!.address;
    expect(findFunctions(image, `0x${address.toString(16)}`)[0]!.offset).toBe(work!.offset);
    expect(() => findFunctions(image, 'wrok')).toThrow(/has no function wrok; did you mean work\?/);
    expect(() => findFunctions(image, 'work+0x1000')).toThrow(/work has \d+ bytes, got an offset of 4096/);
    expect(() => findFunctions(image, '0x7fffffff0000')).toThrow(UsageError);
  });

  test('functions of C++ by the names that people write', () => {
    const image = open(compile(folder, 'router.cc', CPP));
    expect(findFunctions(image, 'net::Router::poll')[0]!.name).toBe('_ZNK3net6Router4pollEi');
    expect(findFunctions(image, 'net::*').length).toBe(2);
    expect(findFunctions(image, 'net::Router::Router').length).toBe(1);
    expect(findFunctions(image, 'plain')[0]!.name).toBe('_Z5plaini');
    expect(() => findFunctions(image, 'net::Router::pol')).toThrow('did you mean net::Router::poll?');
  });

  test('a stripped file asks for an address', () => {
    const image = open(compile(folder, 'stripped.c', SOURCE, ['-s', '-static']));
    expect(() => findFunctions(image, 'work')).toThrow(/has no symbols: name the place by its address/);
  });

  test('damage of a file is a FormatError', () => {
    const sound = readAll(compile(folder, 'damaged.c', SOURCE));
    const path = join(folder, 'broken');
    // The headers and the section headers at the end are where damage leads somewhere.
    const place = fc.oneof(fc.nat(0x400), fc.integer({ min: sound.length - 2100, max: sound.length - 1 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 6 }), (changes) => {
        const damaged = Buffer.from(sound);
        for (const [at, value] of changes) damaged[at] = value;
        writeFileSync(path, damaged);
        let image: ElfImage | undefined;
        try {
          image = new ElfImage(path);
          readUsdtProbes(image);
          findFunctions(image, '*');
        } catch (error) {
          expect(error instanceof FormatError || error instanceof UsageError).toBe(true);
        } finally {
          image?.close();
        }
      }),
      { numRuns: 400 },
    );
  });
});

function readAll(path: string): Buffer {
  return readFileSync(path);
}

function readByte(path: string, offset: number): number {
  return readAll(path)[offset]!;
}
