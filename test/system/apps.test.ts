/** `hone apps` and `hone attach` with programs that only look like DPDK applications. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { hone, type Running, startProcess } from './hone.ts';
import { missingDpdk } from './testpmd.ts';

let folder: string;
let running: Running | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-apps-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
});

afterEach(() => running?.child.kill('SIGKILL'));

/** A program that exports this function, as a statically linked application exports DPDK's. */
function startExporting(symbol: string): Running {
  const source = join(folder, 'app.c');
  const program = join(folder, `app-${symbol}`);
  writeFileSync(
    source,
    `#include <unistd.h>\nint ${symbol}(void) { return 0; }\nint main(void) { return pause(); }\n`,
  );
  execFileSync('gcc', ['-rdynamic', '-o', program, source]);
  running = startProcess(program, ['a\x1bb', '--file-prefix=edge']);
  return running;
}

interface Row {
  readonly pid: number;
}

async function rowOf(pid: number): Promise<Row | undefined> {
  const { stdout, code } = await hone('apps', '-f', 'json');
  expect(code).toBe(0);
  return (JSON.parse(stdout) as Row[]).find((row) => row.pid === pid);
}

test('an application with DPDK linked in is found by what it exports', async () => {
  const { pid } = startExporting('rte_eal_init');
  expect(await rowOf(pid)).toMatchObject({
    name: 'app-rte_eal_ini',
    kind: 'dpdk',
    filePrefix: 'edge',
    version: 'static',
    agent: 'no',
    agentIsCurrent: null,
  });
  const { stdout } = await hone('apps');
  expect(stdout).toMatch(
    new RegExp(`^ *${pid} +app-rte_eal_ini +edge +static +no +\\d+s +.* a\ufffdb `, 'm'),
  );
});

test('a program that exports something else is none', async () => {
  const { pid } = startExporting('rte_eal_initialise');
  expect(await rowOf(pid)).toBeUndefined();
});

test('attach says it when the agent finds no DPDK to work with, and the program goes on', async () => {
  const { pid, child } = startExporting('rte_eal_init');
  const { code, stderr } = await hone('attach', String(pid));
  expect(stderr).toMatch(
    new RegExp(`^hone attach: the agent is in app-rte_eal_ini ${pid}, but it does not answer after 5 s\n$`),
  );
  expect(code).toBe(1);
  expect(child.exitCode).toBeNull();
  expect(await rowOf(pid)).toMatchObject({
    agent: 'silent',
    problem: 'the agent is in the process, but has no socket',
  });
});
