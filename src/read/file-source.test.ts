import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SysError } from '../base/index.ts';
import { FileSource } from './file-source.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'hone-file-source-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const content = Buffer.from(Array.from({ length: 1_500_000 }, (_, i) => (i * 7) >> 3));
const path = join(folder, 'file');
fs.writeFileSync(path, content);
const open = (fd = fs.openSync(path, 'r')): FileSource => new FileSource('it', fd, content.length);
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
