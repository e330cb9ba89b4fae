import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkPageScript } from './page-script.ts';

const ANYWHERE = { points: undefined, pid: undefined };

test.each([
  ['dpdk:rx_burst { @ = count(); }', 'application'],
  ['interval:s:1 { exit(); }', 'application'],
  ['profile:hz:99 { @[comm] = count(); }', 'kernel'],
  ['BEGIN { @ = 0; } p:hz:9 { @ = 1; }', 'kernel'],
  ['software:faults:1 { @ = count(); }', 'kernel'],
] as const)('%s: in the %s', (script, where) => {
  const checked = checkPageScript(script, ANYWHERE);
  expect([checked.where, checked.diagnostics]).toEqual([where, []]);
  expect(checked.instructions).toBeGreaterThan(0);
});

describe('what is wrong is said at its probe', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hone-page-script-'));
    writeFileSync(join(folder, 'text'), 'this is no ELF file');
    writeFileSync(join(folder, 'elf'), '\x7fELF and nothing behind it');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['a file that is not there', (folder: string): string => `uprobe:${folder}/none:f`, /no file .*none/],
    ['no ELF file', (folder: string): string => `usdt:${folder}/text:a:b`, /text/],
    ['a broken one', (folder: string): string => `uprobe:${folder}/elf:f`, /elf/],
    ['no file at all', (): string => 'uprobe:/dev/zero:f', /no file \/dev\/zero/],
    ['no command', (): string => 'uprobe:nosuchcommandhere:f', /no command and no library/],
    ['an event that there is not', (): string => 'software:fault:1', /fault/],
    ['points of an application beside', (): string => 'profile:hz:9 { } dpdk:rx_burst', /dpdk/],
  ] as const)('%s', (_what, probe, want) => {
    const script = `BEGIN { @ = 1; } ${probe(folder)} { @ = 2; }`;
    const { where, diagnostics } = checkPageScript(script, ANYWHERE);
    expect(where).toBe('kernel');
    expect(diagnostics.map(({ message }) => message)).toEqual([expect.stringMatching(want)]);
    expect(diagnostics[0]!.start).toBeGreaterThanOrEqual(script.indexOf('}') + 2);
    expect(diagnostics[0]!.message).not.toContain('\n');
  });

  test('of one process only its own files are meant', () => {
    const { diagnostics } = checkPageScript('uprobe:nosuch:f { }', { points: undefined, pid: process.pid });
    expect(diagnostics[0]?.message).toMatch(new RegExp(`process ${process.pid} runs no nosuch`));
  });
});
