/** `hone trace` with probes of the kernel, as people type it: on a small process that the tests build. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hone, run, sleep, startHone, until } from './hone.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Hits its probe once in so many microseconds; 0: as often as it can. */
const SOURCE = `
#include <sys/sdt.h>
#include <stdlib.h>
#include <unistd.h>
__attribute__((noipa)) int work(int n) { DTRACE_PROBE2(demo, step, n, n * 2); return n + 1; }
__attribute__((noipa)) int outer(int n) { return work(n) + 1; }
int main(int argc, char **argv) {
  int pause = argc > 1 ? atoi(argv[1]) : 0;
  for (int n = 0;; n = (n + 1) & 1023) { outer(n); if (pause) usleep(pause); }
}
`;

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const found = spawnSync('gcc', ['-fsyntax-only', '-x', 'c', '-'], { input: '#include <sys/sdt.h>\n' });
  return found.status === 0 ? undefined : 'needs gcc and sys/sdt.h: apt-get install gcc systemtap-sdt-dev';
}

let folder: string;
let binary: string;
let worker: ChildProcess | undefined;

beforeAll(() => {
  if (missing() !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'hone-trace-kernel-'));
  binary = join(folder, 'worker');
  writeFileSync(`${binary}.c`, SOURCE);
  const { status, stderr } = spawnSync(
    'gcc',
    ['-O1', '-fno-omit-frame-pointer', '-fno-optimize-sibling-calls', '-o', binary, `${binary}.c`],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
});
beforeEach((context) => {
  const reason = missing();
  if (reason !== undefined) context.skip(reason);
});
afterEach(() => {
  worker?.kill('SIGKILL');
  worker = undefined;
});
afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

async function start(pauseUs: number): Promise<string> {
  worker = spawn(binary, [String(pauseUs)], { stdio: 'ignore' });
  await sleep(200);
  return String(worker.pid);
}

describe('probes', () => {
  test('usdt with its arguments', async () => {
    const pid = await start(500);
    const { code, stdout, stderr } = await hone(
      ...['trace', '-p', pid, '--duration', '0.5', '-e'],
      `usdt:${binary}:demo:step { @n = count(); @a = sum(arg0); @b = sum(arg1); }`,
    );
    expect(code, stderr).toBe(0);
    const [, a, b, n] = /^Attaching 1 probe\.\.\.\n\n\n@a: (\d+)\n@b: (\d+)\n@n: (\d+)\n$/.exec(stdout) ?? [];
    expect(Number(n), stdout).toBeGreaterThan(0);
    expect(Number(b)).toBe(2 * Number(a));
  });

  test('profile and interval', async () => {
    const { code, stdout } = await hone(
      ...['trace', '-q', '-e'],
      'profile:hz:99 { @p = count(); } interval:ms:100 { @i++; if (@i == 3) { exit(); } }',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Attaching 2 probes\.\.\.\n\n\n@i: 3\n@p: [1-9]\d*\n$/);
  });

  // At the entry of a function its caller is not on the chain of frames yet: the kernel passes it over.
  test('stacks and functions, in keys and in lines', async () => {
    await start(1000);
    const { code, stdout } = await hone(
      ...['trace', '-q', '-e'],
      `uprobe:${binary}:work { printf("%s%s\\n", ustack(2), usym(reg("ip"))); @[ustack(2)] = count(); exit(); }`,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Attaching 1 probe\.\.\.\n\n {8}work\+0\n {8}main\+\d+\nwork\n\n\n@\[\n {4}work\+0\n {4}main\+\d+\n\]: \d+\n$/,
    );
  });
});

describe('tracepoints', () => {
  /** In a mount namespace of its own: the machine's mounts stay as they are. */
  const inside = (setup: string, script: string) =>
    run(
      ...(['unshare', '-m', 'sh', '-c'] as const),
      `${setup}; exec "$@"`,
      ...['sh', process.execPath, main, 'trace', '-q', '--duration', '0.5', '-e', script],
    );
  const mounted = 'grep -q tracefs /proc/mounts || mount -t tracefs nodev /sys/kernel/tracing';

  test('count', async () => {
    const { code, stdout, stderr } = await inside(mounted, 'tracepoint:sched:sched_switch { @ = count(); }');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^Attaching 1 probe\.\.\.\n\n\n@: [1-9]\d*\n$/);
  });

  test('one that is not there, with the nearest', async () => {
    const { code, stderr } = await inside(mounted, 'tracepoint:sched:sched_swich { @ = count(); }');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^hone trace: no tracepoint tracepoint:sched:sched_swich; did you mean sched_switch\?\n/,
    );
  });

  test('without tracefs: the command that mounts it', async () => {
    const { code, stderr } = await inside(
      'for at in $(awk \'$3 == "tracefs" { print $2 }\' /proc/mounts); do umount -l $at; done',
      'tracepoint:sched:sched_switch { @ = count(); }',
    );
    expect(code).not.toBe(0);
    expect(stderr).toBe(
      'hone trace: tracepoints need tracefs, which is not mounted: mount -t tracefs nodev /sys/kernel/tracing\n',
    );
  });
});

test('a process that ends while it is traced: the results, exit code 0 and a note', async () => {
  const pid = await start(1000);
  const trace = startHone(['trace', '-q', '-p', pid, '-e', `uprobe:${binary}:work { @ = count(); }`]);
  await until('the trace has started', () => trace.stdout().includes('Attaching'));
  await sleep(500);
  worker!.kill('SIGKILL');
  const { code, stdout, stderr } = await trace.finished();
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^Attaching 1 probe\.\.\.\n\n\n@: [1-9]\d*\n$/);
  expect(stderr).toBe(`process ${pid} has ended\n`);
});

test('what lacks the right is told which capability it needs', async () => {
  const { code, stdout, stderr } = await run(
    ...(['setpriv', '--bounding-set', '-all', '--inh-caps', '-all'] as const),
    ...[process.execPath, main, 'trace', '-e', `uprobe:${binary}:work { @ = count(); }`],
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(
    'hone trace: bpf(BPF_MAP_CREATE) is not permitted: it needs CAP_BPF (or CAP_SYS_ADMIN, the only one before ' +
      'Linux 5.8); this process lacks CAP_BPF: run it as root\n',
  );
});

describe('before a hot point', () => {
  const PRICE = /work is hit \d+ times a second: this trace will take about \d+ % of a processor/;
  /** On a terminal of its own; "no" is typed at once. */
  const onTerminal = (command: string) =>
    spawnSync('script', ['-qec', command, '/dev/null'], {
      input: 'n\n',
      encoding: 'utf8',
      timeout: 60_000,
    });
  const command = (pid: string, ...more: readonly string[]) =>
    [
      ...[process.execPath, main, 'trace', '-p', pid, '--duration', '0.2', ...more],
      `-e 'uprobe:${binary}:work { @ = count(); }'`,
    ].join(' ');

  test('its price, and a question on a terminal', async () => {
    const { status, stdout } = onTerminal(command(await start(0)));
    expect(stdout).toMatch(PRICE);
    expect(stdout).toContain('go on? [y/N]');
    expect(stdout).toContain('hone trace: nothing was attached');
    expect(stdout).not.toContain('Attaching');
    expect(status).toBe(1);
  });

  test('no question with --yes', async () => {
    const { status, stdout } = onTerminal(command(await start(0), '--yes'));
    expect(stdout).toMatch(PRICE);
    expect(stdout).not.toContain('go on?');
    expect(stdout).toMatch(/@: [1-9]\d*/);
    expect(status).toBe(0);
  });

  test('no question where nobody can answer', async () => {
    const pid = await start(0);
    const { code, stderr } = await hone(
      ...['trace', '-p', pid, '--duration', '0.2', '-e', `uprobe:${binary}:work { @ = count(); }`],
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(PRICE);
    expect(stderr).not.toContain('go on?');
  });
});

test('what is not there is told with what is near', async () => {
  for (const [probe, message] of [
    ['usdt:B:demo:stp', 'B has no USDT probe demo:stp; did you mean demo:step?'],
    ['uprobe:B:wrk', 'B has no function wrk; did you mean work?'],
    ['uprobe:/nowhere/x:f', 'no file /nowhere/x'],
  ]) {
    const { code, stderr } = await hone('trace', '-e', `${probe!.replace('B', binary)} { @ = count(); }`);
    expect(code).toBe(1);
    expect(stderr.split('\n')[0]).toBe(`hone trace: ${message!.replace('B', binary)}`);
  }
});
