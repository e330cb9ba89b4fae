import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SysError, UsageError } from '../base/index.ts';
import { checkFolder, claimFolder } from './output-folder.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hone-output-folder-'));
});
afterAll(() => rmSync(root, { recursive: true }));

test('a folder that is not there is made, with those above it, for its owner alone', () => {
  const path = join(root, 'a/b');
  checkFolder(path);
  expect(existsSync(path)).toBe(false);
  claimFolder(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  // Empty, it can be taken again.
  claimFolder(path);
});

for (const { name, what } of [
  { name: 'events', what: 'there is a recording in it' },
  { name: 'snapshot-1', what: 'there is a recording in it' },
  { name: 'packets.pcapng', what: 'there is a recording in it' },
  { name: 'metadata', what: 'it has a trace in it' },
  { name: 'letters', what: 'it has "letters" in it' },
]) {
  test(`a folder with ${name} in it is left alone`, () => {
    const path = join(root, `with ${name}`);
    mkdirSync(join(path, name), { recursive: true });
    const message = `-o ${path}: ${what}, expected a new or an empty folder`;
    expect(() => checkFolder(path)).toThrow(new UsageError(message));
    expect(() => claimFolder(path)).toThrow(new UsageError(message));
  });
}

test('a file, and a folder that cannot be made', () => {
  const path = join(root, 'file');
  writeFileSync(path, '');
  expect(() => checkFolder(path)).toThrow(
    new UsageError(`-o ${path}: it is a file, expected a new or an empty folder`),
  );
  expect(() => claimFolder('/proc/none/x')).toThrow(SysError);
  expect(() => claimFolder('/proc/none/x')).toThrow(
    /^cannot make \/proc\/none\/x: no such file or directory/,
  );
});
