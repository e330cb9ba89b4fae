import { spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../base/index.ts';
import type { ByteSource } from './byte-source.ts';
import { GzipSource } from './gzip-source.ts';
import { StreamSource } from './stream-source.ts';
import { ZstdSource } from './zstd-source.ts';

const zstdMissing = spawnSync('zstd', ['--version']).status !== 0;

function streamOf(bytes: Uint8Array, pieceLength = 1000): ByteSource {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceLength) {
    pieces.push(Buffer.from(bytes.subarray(at, at + pieceLength)));
  }
  return new StreamSource('test', Readable.from(pieces, { objectMode: false }));
}

async function readAll(source: ByteSource): Promise<{ bytes: Buffer; error?: unknown }> {
  const parts: Buffer[] = [];
  const target = new Uint8Array(700);
  try {
    for (;;) {
      const count = await source.read(target);
      if (count === 0) return { bytes: Buffer.concat(parts) };
      parts.push(Buffer.from(target.slice(0, count)));
    }
  } catch (error) {
    return { bytes: Buffer.concat(parts), error };
  }
}

/** Compressible, and not a repetition. */
const text = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `${i * i} `).join(''));
const zstd = (bytes: Uint8Array, ...args: string[]): Buffer =>
  spawnSync('zstd', ['-q', '-c', ...args], { input: bytes, maxBuffer: 1 << 28 }).stdout;

interface Packing {
  readonly name: string;
  readonly missing: boolean;
  readonly pack: (bytes: Uint8Array) => Buffer;
  readonly open: (packed: ByteSource) => ByteSource;
}
const packings: readonly Packing[] = [
  { name: 'gzip', missing: false, pack: gzipSync, open: (packed) => new GzipSource(packed) },
  {
    name: 'zstd',
    missing: zstdMissing,
    pack: (bytes) => zstd(bytes),
    open: (packed) => new ZstdSource(packed),
  },
];

describe.for(packings)('$name', ({ missing, pack, open }) => {
  test('whole, in pieces of any size', async (ctx) => {
    if (missing) ctx.skip('needs zstd: apt-get install zstd');
    const packed = pack(text);
    for (const pieceLength of [17, 65_536, packed.length]) {
      const { bytes, error } = await readAll(open(streamOf(packed, pieceLength)));
      expect(error).toBeUndefined();
      expect(bytes.equals(text)).toBe(true);
    }
  });

  test('one after another, and nothing at all', async (ctx) => {
    if (missing) ctx.skip('needs zstd: apt-get install zstd');
    const packed = Buffer.concat([pack(text), pack(Buffer.alloc(0)), pack(text.subarray(0, 10))]);
    const { bytes, error } = await readAll(open(streamOf(packed)));
    expect(error).toBeUndefined();
    expect(bytes.equals(Buffer.concat([text, text.subarray(0, 10)]))).toBe(true);
  });

  test('cut short: what can be had, then where', async (ctx) => {
    if (missing) ctx.skip('needs zstd: apt-get install zstd');
    const packed = pack(text);
    const { bytes, error } = await readAll(open(streamOf(packed.subarray(0, packed.length - 9))));
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(/unexpected end of file/);
    expect(text.subarray(0, bytes.length).equals(bytes)).toBe(true);
    expect(bytes.length).toBeGreaterThan(text.length / 3);
  });

  test('property: whatever the bytes, only our error escapes', async (ctx) => {
    if (missing) ctx.skip('needs zstd: apt-get install zstd');
    const packed = pack(text.subarray(0, 3000));
    const edits = fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const damaged = Buffer.from(packed);
        for (const [at, value] of changes) damaged[at] = value;
        const { error } = await readAll(open(streamOf(damaged)));
        if (error !== undefined) expect(error).toBeInstanceOf(FormatError);
      }),
      { numRuns: 200 },
    );
  });
});

test('a zstd window that is too large is refused before memory is taken', async () => {
  // Magic, no single segment, a window of 2^41 bytes.
  const { bytes, error } = await readAll(new ZstdSource(streamOf(Buffer.from('28b52ffd00f8010000', 'hex'))));
  expect(bytes.length).toBe(0);
  expect(String(error)).toMatch(/got a window of \d+ bytes, expected at most 134217728/);
});
