/** The agent gets into a real application in all three ways, and stays out of what is no DPDK application. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hone, run, sleep, startHone, startProcess, until } from './hone.ts';
import { missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';

const vdevs = ['net_null0', 'net_null1'];
let running: Testpmd[] = [];

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  await Promise.all(running.map((one) => one.kill()));
  running = [];
});

async function testpmd(...args: Parameters<typeof startTestpmd>): Promise<Testpmd> {
  const one = await startTestpmd(...args);
  running.push(one);
  return one;
}

async function agentAnswers(pid: number): Promise<void> {
  await until(`the agent of ${pid} to answer`, async () => {
    const { stdout, code } = await hone('ports', '-f', 'json');
    return code === 0 && stdout.includes(`"pid":${pid}`) && stdout.includes('net_null1');
  });
}

test('hone run starts an application with the agent inside', async () => {
  const { pid } = await testpmd({ agent: 'run', vdevs });
  await agentAnswers(pid);
});

test("EAL's -d loads it", async () => {
  const { pid } = await testpmd({ agent: 'plugin', vdevs });
  await agentAnswers(pid);
});

test('hone attach puts it into an application that runs, once', async () => {
  const app = await testpmd({ agent: 'none', vdevs });
  expect((await hone('apps')).stdout).toMatch(new RegExp(`${app.pid}.*no`));
  const attached = await hone('attach', String(app.pid));
  expect(attached.stderr + attached.stdout).toContain('net_null0');
  expect(attached.code).toBe(0);
  await agentAnswers(app.pid);
  expect(await app.command('show port summary all')).toContain('net_null');
  const again = await hone('attach', String(app.pid));
  expect(again.code).toBe(1);
  expect(again.stderr).toMatch(/has the agent already/);
  expect(again.stderr.trim().split('\n')).toHaveLength(1);
});

test.runIf(process.arch === 'x64')('attaching stops no lcore', async () => {
  const app = await testpmd({ agent: 'none', vdevs });
  const tasks = `/proc/${app.pid}/task`;
  const named = (name: string) => (tid: string) =>
    readFileSync(`${tasks}/${tid}/comm`, 'utf8').startsWith(name);
  const lcores = readdirSync(tasks).filter(named('rte-worker'));
  expect(lcores.length).toBeGreaterThan(0);
  const attaching = startHone(['attach', String(app.pid)]);
  let looks = 0;
  let stopped = 0;
  const looking = setInterval(() => {
    looks++;
    for (const tid of lcores) {
      if (/TracerPid:\s+[1-9]/.test(readFileSync(`${tasks}/${tid}/status`, 'utf8'))) stopped++;
    }
  }, 1);
  const { code } = await attaching.finished();
  clearInterval(looking);
  expect({ code, stopped }).toEqual({ code: 0, stopped: 0 });
  expect(looks).toBeGreaterThan(20);
});

test('hone attach killed with -9 at any time: the application goes on, and in the end the agent is in it', async () => {
  const app = await testpmd({ agent: 'none', vdevs });
  const hasAgent = () => readFileSync(`/proc/${app.pid}/maps`, 'utf8').includes('libhone_agent');
  let kills = 0;
  for (let afterMs = 40; !hasAgent() && afterMs < 1000; afterMs += 3) {
    const attaching = startHone(['attach', String(app.pid)]);
    await sleep(afterMs);
    if (attaching.child.kill('SIGKILL')) kills++;
    await attaching.finished();
  }
  expect(kills).toBeGreaterThan(5);
  await agentAnswers(app.pid);
  expect(await app.command('show port summary all')).toContain('net_null');
});

test('the control thread runs beside the lcores, with all signals blocked', async () => {
  const app = await testpmd({ agent: 'none', lcores: ['--lcores', '0@1,1@1'], vdevs });
  expect((await hone('attach', String(app.pid))).code).toBe(0);
  const tasks = (await run('sh', '-c', `grep -l hone-agent /proc/${app.pid}/task/*/comm`)).stdout.trim();
  const status = readFileSync(tasks.replace(/comm$/, 'status'), 'utf8');
  expect(/Cpus_allowed_list:\s+(\S+)/.exec(status)?.[1]).not.toBe('1');
  // SIGKILL and SIGSTOP cannot be blocked, and glibc keeps two for itself.
  expect(/SigBlk:\s+(\S+)/.exec(status)?.[1]).toBe('fffffffe7ffbfeff');
});

test('attach refuses a process without DPDK, one that is not there, and says so in one line', async () => {
  const sleeper = startProcess('sleep', ['60']);
  try {
    for (const [pid, reason] of [
      [sleeper.pid, /DPDK/],
      [4_000_000, /no (such )?process/i],
    ] as const) {
      const { code, stderr } = await hone('attach', String(pid));
      expect(stderr).toMatch(reason);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(1);
    }
  } finally {
    sleeper.child.kill('SIGKILL');
  }
});

test('hone run keeps the exit code and is inert in wrappers and in children without DPDK', async () => {
  const { code, stdout, stderr } = await hone('run', '--', 'timeout', '5', 'sh', '-c', 'echo alive; exit 7');
  expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: 'alive\n', stderr: '' });
  const map = 'grep -c libhone_agent /proc/self/maps; ls /proc/self/task | wc -l';
  const mapped = await hone('run', '--', 'sh', '-c', map);
  expect(Number(mapped.stdout.split('\n')[0])).toBeGreaterThan(0);
  expect(mapped.stdout.split('\n')[1]).toBe('1');
});
