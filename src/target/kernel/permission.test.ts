/** Without capabilities: in a process of its own, which bounds what it may have. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needsBpf } from './kernel-fixture.ts';

const modules = join(import.meta.dirname, '../../../node_modules');
let folder: string;

const PROGRAM = `
import { loadProgram, createMap } from '${import.meta.dirname}/bpf-syscall.ts';
import { attachPerfEvent } from '${import.meta.dirname}/perf-event.ts';
const tries = {
  map: () => createMap({ name: 'x', type: 1, keyBytes: 4, valueBytes: 4, maxEntries: 1 }),
  program: () => loadProgram({ name: 'x', type: 5, expectedAttachType: 0, program: [
    { code: 0xb7, dst: 0, src: 0, off: 0, imm: 0 }, { code: 0x95, dst: 0, src: 0, off: 0, imm: 0 } ] }),
  event: () => attachPerfEvent(0, { type: 1, config: 0n }, -1, 0, 'profile:hz:99'),
};
try { tries[process.argv[2]](); console.log('done'); } catch (error) { console.log(error.code, error.message); }
`;

beforeAll(async () => {
  folder = mkdtempSync(join(modules, '.hone-permission-'));
  writeFileSync(join(folder, 'try.ts'), PROGRAM);
  const bundle = await rolldown({ input: join(folder, 'try.ts'), platform: 'node', external: ['koffi'] });
  await bundle.write({ file: join(folder, 'try.mjs'), format: 'esm' });
  await bundle.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Numbers of capabilities: older setpriv does not know the names. */
function attempt(what: string, without: readonly number[]): string {
  const bound = without.map((capability) => `-cap_${capability}`).join(',');
  const args = [`--bounding-set=${bound}`, process.execPath, join(folder, 'try.mjs'), what];
  return spawnSync('setpriv', args, { encoding: 'utf8' }).stdout.trim();
}

describe('what is missing is named', () => {
  beforeEach((context) => {
    if (needsBpf !== undefined) context.skip(needsBpf);
    if (spawnSync('setpriv', ['--version']).status !== 0)
      context.skip('needs setpriv: apt-get install util-linux');
  });

  test.each([
    ['map', [21, 39], 'PERMISSION bpf(BPF_MAP_CREATE) is not permitted: it needs CAP_BPF', 'lacks CAP_BPF:'],
    [
      'program',
      [21, 38, 39],
      'PERMISSION bpf(BPF_PROG_LOAD) is not permitted',
      'lacks CAP_BPF and CAP_PERFMON:',
    ],
    ['program', [21, 38], 'PERMISSION bpf(BPF_PROG_LOAD) is not permitted', 'lacks CAP_PERFMON:'],
    [
      'event',
      [21, 38],
      'PERMISSION perf_event_open for profile:hz:99 is not permitted',
      'lacks CAP_PERFMON:',
    ],
  ])('%s without %j', (what, without, begin, end) => {
    const said = attempt(what, without);
    expect(said).toContain(begin);
    expect(said).toContain(end);
  });

  test('the rights that are named suffice', () => {
    for (const what of ['map', 'program']) expect(attempt(what, [21])).toBe('done');
  });
});
