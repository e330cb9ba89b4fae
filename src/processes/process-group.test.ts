import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ProcessGroup } from './process-group.ts';

const never = new AbortController().signal;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('says what it said, and when', async () => {
  const group = new ProcessGroup(['sh', '-c', 'echo one; echo two >&2; exec sleep 30']);
  const found = await group.until(() => (/two/.test(group.output) ? 2 : undefined), 10_000, never);
  expect(found).toBe(2);
  expect(group.hasEnded).toBe(false);
  await group.end('SIGTERM', 5000);
  expect(group.hasEnded).toBe(true);
});

test('what it started ends with it, though it does not listen', async () => {
  const script = 'trap "" TERM; sh -c \'trap "" TERM; sleep 30\' & echo child $!; wait';
  const group = new ProcessGroup(['sh', '-c', script]);
  const child = await group.until(() => /child (\d+)/.exec(group.output)?.[1], 10_000, never);
  await group.end('SIGTERM', 100);
  // A killed process is there until its new parent has asked for it.
  for (let looks = 0; isAlive(Number(child)) && looks < 100; looks++) await sleep(20);
  expect(isAlive(group.pid!)).toBe(false);
  expect(isAlive(Number(child))).toBe(false);
});

test('also what its leader left behind', async () => {
  const group = new ProcessGroup(['sh', '-c', 'sleep 30 >/dev/null 2>&1 & echo child $!']);
  await group.closed;
  const child = /child (\d+)/.exec(group.output)?.[1];
  expect(isAlive(Number(child))).toBe(true);
  await group.end('SIGTERM', 100);
  for (let looks = 0; isAlive(Number(child)) && looks < 100; looks++) await sleep(20);
  expect(isAlive(Number(child))).toBe(false);
});

test.each([
  [['sh', '-c', 'echo no memory >&2; exit 3'], /^it ended: no memory$/],
  [['sh', '-c', 'echo so long; kill -SEGV $$'], /^it ended: SIGSEGV$/],
  [['/no/such/program'], /^it ended: .*(ENOENT|No such file)/],
])('%s is not what was waited for', async (command, message) => {
  const group = new ProcessGroup(command);
  await expect(group.until(() => undefined, 10_000, never)).rejects.toThrow(message);
  await group.end('SIGTERM', 100);
});

test('a time that is over, a wait that is given up', async () => {
  const group = new ProcessGroup(['sleep', '30']);
  try {
    await expect(group.until(() => undefined, 50, never)).rejects.toThrow('nothing for 0.05 s');
    const gone = AbortSignal.abort(new Error('given up'));
    await expect(group.until(() => 1, 50, gone)).rejects.toThrow('given up');
  } finally {
    await group.end('SIGTERM', 5000);
  }
});
