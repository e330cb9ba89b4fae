import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SysError, UsageError } from '../base/index.ts';
import type { RteTraceSession } from '../target/index.ts';
import { RteTraces } from './rte-traces.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hone-rte-traces-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** An application that saves to `path`, and keeps which of its sessions are open. */
function fakeTarget(path: string | undefined, open: Set<string>) {
  return {
    startRteTrace: async (pattern: string): Promise<RteTraceSession> => {
      if (pattern === 'none') throw new UsageError('no such point');
      open.add(pattern);
      return {
        ...{ startNs: 0n, matched: 1, held: 1, save: async () => path },
        close: () => open.delete(pattern),
      };
    },
  };
}

test('files are copied, links and folders are not, and the points are off afterwards', async () => {
  const saved = join(root, 'saved');
  mkdirSync(join(saved, 'folder'), { recursive: true });
  for (const name of ['metadata', 'channel0_0']) writeFileSync(join(saved, name), name);
  symlinkSync('/etc/passwd', join(saved, 'link'));
  const open = new Set<string>();
  const traces = await RteTraces.start(fakeTarget(saved, open), ['lib.*', 'pmd.*']);
  expect(open.size).toBe(2);
  const folder = join(root, 'recording/rte-trace');
  expect(await traces.collect(folder)).toBe(true);
  expect(readdirSync(folder)).toEqual(['channel0_0', 'metadata']);
  await expect(traces.collect(folder)).rejects.toThrow(SysError);
  traces.close();
  expect(open.size).toBe(0);
});

test('nothing was recorded, nothing can be read', async () => {
  const nothing = await RteTraces.start(fakeTarget(undefined, new Set()), ['lib.*']);
  expect(await nothing.collect(join(root, 'none'))).toBe(false);
  const gone = await RteTraces.start(fakeTarget(join(root, 'not there'), new Set()), ['lib.*']);
  await expect(gone.collect(join(root, 'x'))).rejects.toThrow(
    /^cannot copy .*not there to .*x: no such file/,
  );
});

test('when one pattern is wrong, nothing stays on', async () => {
  const open = new Set<string>();
  await expect(RteTraces.start(fakeTarget(undefined, open), ['lib.*', 'none'])).rejects.toThrow(
    'no such point',
  );
  expect(open.size).toBe(0);
});
