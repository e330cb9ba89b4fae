import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UsageError } from '../base/index.ts';
import { findSockets, makeSocketFolder, ownSocketFolder, socketFolders } from './socket-path.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-sockets-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  [0, undefined, '/run/hone'],
  [0, '/run/user/0', '/run/hone'],
  [1000, '/run/user/1000', '/run/user/1000/hone'],
  [1000, undefined, '/tmp/hone-1000'],
  [1000, '', '/tmp/hone-1000'],
  [1000, 'relative', '/tmp/hone-1000'],
])('the folder of user %i with XDG_RUNTIME_DIR %s is %s', (uid, runtimeFolder, expected) => {
  expect(ownSocketFolder({ uid, runtimeFolder })).toBe(expected);
});

test('a user looks into their own folders, whichever way the application was started; root into all', () => {
  expect(socketFolders({ uid: 1000, runtimeFolder: '/run/user/1000' })).toEqual([
    '/run/user/1000/hone',
    '/tmp/hone-1000',
  ]);
  expect(socketFolders({ uid: 0, runtimeFolder: undefined })[0]).toBe('/run/hone');
});

test('sockets are what is called PID.sock in a folder that others cannot write', () => {
  const trusted = join(folder, 'trusted');
  const open = join(folder, 'open');
  const link = join(folder, 'link');
  for (const one of [trusted, open]) {
    mkdirSync(one, { mode: 0o700 });
    for (const name of ['12.sock', '12.sock.old', 'x.sock', '13']) writeFileSync(join(one, name), '');
  }
  chmodSync(open, 0o777);
  symlinkSync(trusted, link);
  const missing = join(folder, 'missing');
  expect(findSockets([trusted, open, link, missing])).toEqual([{ pid: 12, path: join(trusted, '12.sock') }]);
});

test('our own folder is made private, and refused when others can write it', () => {
  const own = join(folder, 'own');
  expect(makeSocketFolder(own)).toBe(own);
  expect(makeSocketFolder(own)).toBe(own);
  chmodSync(own, 0o770);
  expect(() => makeSocketFolder(own)).toThrow(UsageError);
});
