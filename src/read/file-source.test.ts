import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SysError } from '../base/index.ts';
import { FileSource } from './file-source.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'hone-file-source-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const content = Buffer.from(Uint32Array.from({ length: 6_000_000 }, (_, i) => i * 7).buffer);
const path = join(folder, 'file');
fs.writeFileSync(path, content);
const openAt = (fd: number, startBytes: number | undefined): FileSource =>
  new FileSource('it', fd, { sizeBytes: content.length, startBytes });
const open = (fd = fs.openSync(path, 'r')): FileSource => openAt(fd, 0);
const isOpen = (fd: number): boolean => fs.existsSync(`/proc/self/fd/${fd}`);

for (const pieceBytes of [100_000, 600_000, 2_000_000]) {
  test(`all of it, then 0, in pieces of ${pieceBytes}`, async () => {
    const source = open();
    const target = new Uint8Array(pieceBytes);
    const parts: Buffer[] = [];
    for (let count = await source.read(target); count > 0; count = await source.read(target)) {
      parts.push(Buffer.from(target.slice(0, count)));
    }
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    expect(source.takenBytes).toBe(content.length);
    source.close();
  });
}

/** All of it, by who helps; how many pieces were as long as was asked for. */
async function readHelping(source: FileSource, target: Uint8Array): Promise<{ all: Buffer; whole: number }> {
  const parts: Buffer[] = [];
  let whole = 0;
  for (;;) {
    const coming = source.read(target);
    source.help();
    const count = await coming;
    if (count === 0) return { all: Buffer.concat(parts), whole };
    if (count === target.length) whole++;
    parts.push(Buffer.from(target.slice(0, count)));
  }
}

test('who helps gets whole pieces, the same bytes; who stops helping gets what the other thread has read', async () => {
  const source = open();
  const target = new Uint8Array(1 << 20);
  const { all, whole } = await readHelping(source, target);
  expect(all.equals(content)).toBe(true);
  expect(whole).toBe(content.length >> 20);
  const busy = open();
  let shortest = target.length;
  for (let at = 0; shortest === target.length; ) {
    const coming = busy.read(target);
    if (at < content.length / 2) busy.help();
    const count = await coming;
    expect(Buffer.from(target.subarray(0, count)).equals(content.subarray(at, at + count))).toBe(true);
    if (count === 0) break;
    shortest = Math.min(shortest, count);
    at += count;
  }
  expect(shortest).toBeLessThan(target.length);
  source.close();
  busy.close();
});

test('of a file that stands anywhere all of the rest is read, helped or not', async () => {
  const fd = fs.openSync(path, 'r');
  fs.readSync(fd, new Uint8Array(1001));
  const source = openAt(fd, undefined);
  const { all } = await readHelping(source, new Uint8Array(1 << 20));
  expect(all.equals(content.subarray(1001))).toBe(true);
  source.close();
});

test('of a file that is cut while it is read nothing comes twice and nothing is made up', async () => {
  const cut = join(folder, 'cut');
  fs.writeFileSync(cut, content);
  const source = open(fs.openSync(cut, 'r'));
  const target = new Uint8Array(1 << 20);
  for (let i = 0; i < 12; i++) {
    const coming = source.read(target);
    source.help();
    expect(await coming).toBe(target.length);
  }
  const coming = source.read(target);
  fs.truncateSync(cut, 12 << 20);
  source.help();
  const count = await coming;
  // What was read before the cut is as it was.
  const expected = content.subarray(12 << 20, (12 << 20) + count);
  expect(Buffer.from(target.subarray(0, count)).equals(expected)).toBe(true);
  expect(await source.read(target)).toBe(0);
  source.close();
});

test('closed while another thread reads: the read gives 0, and only then the descriptor goes', async () => {
  const fd = fs.openSync(path, 'r');
  const source = open(fd);
  const waiting = source.read(new Uint8Array(1_000_000));
  source.close();
  source.close();
  expect(isOpen(fd)).toBe(true);
  expect(await waiting).toBe(0);
  expect(isOpen(fd)).toBe(false);
  expect(source.read(new Uint8Array(1_000_000))).toBe(0);
});

for (const pieceBytes of [100, 1_000_000]) {
  test(`what cannot be read is said, ${pieceBytes} bytes`, async () => {
    const source = open(fs.openSync(folder, 'r'));
    const read = async () => source.read(new Uint8Array(pieceBytes));
    await expect(read()).rejects.toThrow(SysError);
    await expect(read()).rejects.toThrow(/cannot read it: .*directory/);
    source.close();
  });
}
