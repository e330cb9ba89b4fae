/**
 * A library gets into a process that waits, and the process does not notice: what was in its registers is there afterwards, and its
 * wait goes on.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadByDebugger } from '../../src/target/dpdk/load-by-debugger.ts';
import { loadLibrary } from '../../src/target/injection/load-library.ts';
import { TracedThread } from '../../src/target/injection/traced-thread.ts';
import { type Running, startProcess, until } from './hone.ts';
import { missingDpdk } from './testpmd.ts';

const missing = process.arch === 'x64' ? missingDpdk() : 'only on x86-64';
const folder = mkdtempSync(join(tmpdir(), 'hone-injection-'));
const program = join(folder, 'resting');
const library = join(folder, 'library.so');
const incomplete = join(folder, 'incomplete.so');
/** Its child is the program: Node would take for itself what happens to its own. */
let shell: Running;
let pid: number;

function compile(output: string, source: string, ...more: readonly string[]): void {
  execFileSync('gcc', ['-O2', '-o', output, source, ...more]);
}

beforeAll(() => {
  if (missing !== undefined) return;
  compile(program, fileURLToPath(new URL('resting.c', import.meta.url)), '-ldl');
  const source = join(folder, 'library.c');
  // A constructor that uses the registers which it may.
  writeFileSync(
    source,
    `#include <stdio.h>
     #include <immintrin.h>
     __attribute__((constructor, target("avx2"))) static void loaded(void)
     {
       __asm__ volatile("vpcmpeqd %%ymm0, %%ymm0, %%ymm0; vpcmpeqd %%ymm15, %%ymm15, %%ymm15; mov $-1, %%r9; mov $-1, %%r11" : : :
                        "xmm0", "xmm15", "r9", "r11");
       printf("loaded %.1f\\n", 2.5);
     }`,
  );
  compile(library, source, '-shared', '-fPIC');
  writeFileSync(source, 'int nobody_has_this(void); int (*address)(void) = nobody_has_this;');
  compile(incomplete, source, '-shared', '-fPIC');
});

beforeEach(async (context) => {
  if (missing !== undefined) context.skip(missing);
  const script = 'exec 3<&0; "$0" <&3 & echo $!; wait';
  shell = startProcess('sh', ['-c', script, program], process.env, 'pipe');
  await until('the program to wait', async () => shell.stdout().includes('ready'));
  pid = Number(/^\d+$/m.exec(shell.stdout())![0]);
});

afterEach(async () => {
  shell?.child.stdin?.end();
  await shell?.finished();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (path: string) => loadLibrary(pid, 'resting', path);
const lines = () => shell.stdout().trim().split('\n').slice(2);

/** The bytes that it has got so far are `n`, each after one wait in which nothing changed. */
async function expectKept(n: number): Promise<void> {
  await until(`${n} waits`, async () => lines().filter((line) => line !== 'loaded 2.5').length >= n);
  expect(lines().filter((line) => line !== 'loaded 2.5')).toEqual(
    Array.from({ length: n }, (_, index) => `kept ${index + 1} 1`),
  );
}

test('the library is loaded in the wait, and the wait goes on as if nothing had been', async () => {
  expect(await load(library)).toEqual({ kind: 'loaded' });
  await until('its constructor', async () => lines().includes('loaded 2.5'));
  shell.child.stdin!.write('x');
  await expectKept(1);
});

test('again and again, while bytes come', async () => {
  let sent = 0;
  for (let turn = 0; turn < 100; turn++) {
    const loading = load(library);
    for (let more = 0; more < turn % 4; more++) {
      shell.child.stdin!.write('x');
      sent++;
      await new Promise(setImmediate);
    }
    expect(await loading).toEqual({ kind: 'loaded' });
  }
  await expectKept(sent);
});

test('a signal that is on its way to the thread arrives, whatever it meets', async () => {
  const signals = 100;
  for (let sent = 1; sent <= signals; sent++) {
    process.kill(pid, 'SIGUSR1');
    const loading = load(library);
    await until(`signal ${sent}`, async () => lines().filter((line) => line === 'signal').length === sent);
    expect(await loading).toEqual({ kind: 'loaded' });
  }
  expect(lines().filter((line) => line.startsWith('changed'))).toEqual([]);
});

test.each([
  ['that asks for what nobody has', incomplete, /incomplete\.so: undefined symbol: nobody_has_this/],
  ['that is not there', '/no/such/library.so', /\/no\/such\/library\.so: cannot open shared object file/],
])('a library %s: what the loader says', async (_what, path, reason) => {
  const loading = await load(path);
  expect(loading).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) as string });
  shell.child.stdin!.write('x');
  await expectKept(1);
});

test('a process that does not wait is left alone', async () => {
  const busy = startProcess('sh', ['-c', 'echo ready; while :; do :; done']);
  try {
    await until('it to run', async () => busy.stdout().includes('ready'));
    expect(await loadLibrary(busy.pid, 'busy', library)).toEqual({
      kind: 'unsuitable',
      why: expect.stringContaining('waits') as string,
    });
  } finally {
    busy.child.kill('SIGKILL');
  }
});

test('a process that is traced already is left to its tracer', async () => {
  const thread = (await TracedThread.stop(pid, 'resting'))!;
  await expect(load(library)).rejects.toThrow(/resting is traced by process \d+/);
  thread.release();
  expect(await load(library)).toEqual({ kind: 'loaded' });
});

// gdb before version 14 cannot put the registers of a processor with AMX back, and says so before anything runs.
const isBeyondGdb = readFileSync('/proc/cpuinfo', 'utf8').includes('amx_tile');

test('gdb does the same where it can', async () => {
  const loaded = async (path: string) =>
    loadByDebugger(pid, 'resting', path, 'a test').catch((error: unknown) => (error as Error).message);
  const [first, second] = [await loaded(library), await loaded(incomplete)];
  const cannot = 'gdb could not put the agent into resting: ';
  if (isBeyondGdb && typeof first === 'string') {
    expect([first, second]).toEqual(
      Array(2).fill(`${cannot}Couldn't write extended state status: Bad address.`),
    );
  } else {
    expect(first).toEqual({ kind: 'loaded' });
    expect(second).toEqual({ kind: 'refused', reason: expect.stringContaining('nobody_has_this') as string });
  }
});
