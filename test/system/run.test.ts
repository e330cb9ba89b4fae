/** `hone run`: environment, signals and exit codes of what it starts. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Running, startHone, until } from './hone.ts';
import { missingDpdk } from './testpmd.ts';

let running: Running | undefined;

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
});

afterEach(() => running?.child.kill('SIGKILL'));

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  running = startHone(['run', ...args], { ...process.env, ...env });
  return running;
}

test('the agent comes behind what is preloaded already', async () => {
  const { stdout } = await run(['--', 'sh', '-c', 'echo $LD_PRELOAD'], {
    LD_PRELOAD: 'libm.so.6',
  }).finished();
  expect(stdout).toMatch(/^libm\.so\.6:\/.*\/libhone_agent\.so\n$/);
});

test.each([
  [['sh', '-c', 'exit 0'], 0],
  [['sh', '-c', 'exit 77'], 77],
  [['sh', '-c', 'kill -9 $$'], 137],
  [['sh', '-c', 'kill -SEGV $$'], 139],
])('%j ends it with %i', async (command, code) => {
  expect((await run(['--', ...command]).finished()).code).toBe(code);
});

test.each(['SIGTERM', 'SIGINT', 'SIGUSR1', 'SIGUSR2'])('%s reaches the command', async (signal) => {
  const name = signal.slice(3);
  const script = `trap 'echo got ${name}; exit 3' ${name}; echo ready; while :; do sleep 0.05; done`;
  const one = run(['--', 'sh', '-c', script]);
  await until('the command to be ready', () => one.stdout().includes('ready'));
  one.child.kill(signal as NodeJS.Signals);
  const { code, stdout } = await one.finished();
  expect(stdout).toBe(`ready\ngot ${name}\n`);
  expect(code).toBe(3);
});

test("options behind the command are the command's, with and without --", async () => {
  expect((await run(['echo', '--help', '-f']).finished()).stdout).toBe('--help -f\n');
  expect((await run(['--', 'echo', '--', '-v']).finished()).stdout).toBe('-- -v\n');
});

test.each([
  [['--', '/nonexistent/app'], 'hone run: /nonexistent/app: no such command'],
  [['--', '/etc/passwd'], 'hone run: /etc/passwd: EACCES'],
])('%j cannot be started: one line, exit 1', async (args, message) => {
  const { code, stderr } = await run(args).finished();
  expect(stderr).toBe(`${message}\n`);
  expect(code).toBe(1);
});
