/** `hone agent`: what it says when something is missing, and where it puts what it builds. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, type TestContext, test } from 'vitest';
import { type Finished, startHone } from './hone.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const NOBODY = 65_534;
let folders: string[] = [];

afterEach(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
  folders = [];
});

function folderIn(parent: string): string {
  const folder = mkdtempSync(join(parent, 'hone-cache-'));
  chownSync(folder, NOBODY, NOBODY);
  folders.push(folder);
  return folder;
}

/** Root's cache is a fixed folder, so these run as somebody else. */
function skipUnlessBuildable(context: TestContext): void {
  if (process.geteuid!() !== 0) context.skip('needs root: run as root');
  for (const [command, packages] of [
    ['pkg-config', 'pkg-config'],
    ['gcc', 'gcc libc6-dev'],
  ] as const) {
    try {
      execFileSync('which', [command], { stdio: 'ignore' });
    } catch {
      context.skip(`needs ${command}: apt-get install ${packages}`);
    }
  }
  try {
    execFileSync('pkg-config', ['--exists', 'libdpdk']);
  } catch {
    context.skip('needs the headers of DPDK: apt-get install libdpdk-dev');
  }
}

function asNobody(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> {
  const child = spawn(process.execPath, [main, ...args], {
    uid: NOBODY,
    gid: NOBODY,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...text }));
  });
}

test('without pkg-config, one line with the command that installs it', async () => {
  const { code, stdout, stderr } = await startHone(['agent', 'build'], { PATH: '/nonexistent' }).finished();
  expect(stderr).toBe('hone agent: no pkg-config: apt-get install pkg-config\n');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});

test('two builds at once make one agent, and the next finds it', async (context) => {
  skipUnlessBuildable(context);
  const cache = folderIn('/var/lib');
  const env = { XDG_CACHE_HOME: cache };
  const [first, second] = await Promise.all([
    asNobody(['agent', 'build'], env),
    asNobody(['agent', 'path'], env),
  ]);
  const path = second.stdout.trim();
  expect(first.stdout).toMatch(/^built: agent [0-9a-f]{12} for DPDK /);
  expect(first.stdout).toContain(path);
  expect(path).toMatch(new RegExp(`^${cache}/hone/agent/[^/]+-[0-9a-f]{12}/libhone_agent\\.so$`));
  expect(readdirSync(join(path, '..'))).toEqual(['libhone_agent.so']);
  const needed = execFileSync('readelf', ['-d', path], { encoding: 'utf8' });
  expect(needed).toContain('libc.so');
  expect(needed).not.toContain('librte_');

  const before = statSync(path).mtimeMs;
  const third = await asNobody(['agent', 'build'], env);
  expect(third.stdout).toMatch(/^up to date: /);
  expect(statSync(path).mtimeMs).toBe(before);
});

test('a cache from which the EAL loads nothing is refused', async (context) => {
  skipUnlessBuildable(context);
  const folder = folderIn(tmpdir());
  const { code, stderr } = await asNobody(['agent', 'build'], { XDG_CACHE_HOME: folder });
  expect(stderr).toContain(`everybody may write ${tmpdir()}, and DPDK loads no plugin from there`);
  expect(code).toBe(1);

  const open = folderIn('/var/lib');
  chmodSync(open, 0o777);
  expect((await asNobody(['agent', 'path'], { XDG_CACHE_HOME: open })).stderr).toContain(`may write ${open}`);
});

test.for<[string, RegExp]>([
  ['/nonexistent/cc', /^hone agent: no C compiler \(\/nonexistent\/cc\): apt-get install gcc/],
  ['false', /^hone agent: false cannot build the agent for DPDK /],
])('CC=%s: says what is wrong, leaves nothing', async ([compiler, message], context) => {
  skipUnlessBuildable(context);
  const cache = folderIn('/var/lib');
  const { code, stderr } = await asNobody(['agent', 'build'], { XDG_CACHE_HOME: cache, CC: compiler });
  expect(stderr).toMatch(message);
  expect(code).toBe(1);
  const made = readdirSync(cache, { recursive: true, encoding: 'utf8' });
  expect(made.filter((name) => name.includes('.so'))).toEqual([]);
});
