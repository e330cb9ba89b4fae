/** DPDK's own trace points in a running testpmd: listed, turned on and off, saved, read by babeltrace2. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ABI } from '../../src/target/abi.ts';
import { connectTarget, type Target } from '../../src/target/index.ts';
import { structBytes } from '../../src/target/message-body.ts';
import { encodeMessage } from '../../src/target/message-socket.ts';
import { until } from './hone.ts';
import { missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';

let folder: string;
let testpmd: Testpmd | undefined;
let target: Target | undefined;

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
  folder = mkdtempSync(join(tmpdir(), 'hone-rte-trace-'));
});

afterEach(async () => {
  target?.close();
  target = undefined;
  await testpmd?.kill();
  testpmd = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(...eal: readonly string[]): Promise<Target> {
  testpmd = await startTestpmd({
    vdevs: ['net_null0', 'net_null1'],
    eal: [`--trace-dir=${folder}`, ...eal],
  });
  target = await connectTarget(testpmd.pid);
  return target;
}

async function enabled(): Promise<string[]> {
  const { points } = await target!.listRteTrace();
  return points.filter(({ isEnabled }) => isEnabled).map(({ name }) => name);
}

async function restart(): Promise<void> {
  await testpmd!.command('port stop all');
  await testpmd!.command('port start all');
}

/** One line an event; it must have nothing to complain about. */
function readEvents(path: string): string[] {
  const { status, stdout, stderr } = spawnSync('babeltrace2', [path], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

test('points are on while somebody holds them, and those of the application stay', async () => {
  await start('--trace=lib.ethdev.configure');
  const { points, whenFull } = await target!.listRteTrace();
  expect(points.length).toBeGreaterThan(50);
  expect(points.map(({ name }) => name)).toContain('lib.ethdev.tx.burst');
  expect(whenFull).toBe('overwrite');
  expect(await enabled()).toEqual(['lib.ethdev.configure']);

  const first = await target!.startRteTrace('lib.ethdev.*');
  expect(first.matched).toBeGreaterThan(5);
  expect(first.held).toBe(first.matched - 1);
  const second = await target!.startRteTrace('lib.ethdev.st?*');
  expect(second.held).toBe(second.matched);
  const now = await target!.listRteTrace();
  expect(now.points.find(({ name }) => name === 'lib.ethdev.stop')).toMatchObject({ isOurs: true });
  expect(now.points.find(({ name }) => name === 'lib.ethdev.configure')).toMatchObject({ isOurs: false });

  first.close();
  await until('the first to let go', async () => (await enabled()).length === second.matched + 1);
  expect(await enabled()).toEqual(expect.arrayContaining(['lib.ethdev.configure', 'lib.ethdev.stop']));
  target!.close();
  target = await connectTarget(testpmd!.pid);
  await until('the second to let go', async () => (await enabled()).length === 1);
  expect(await enabled()).toEqual(['lib.ethdev.configure']);
});

test('a pattern that means nothing', async () => {
  await start();
  await expect(target!.startRteTrace('lib.ethdev.strat')).rejects.toThrow(
    'no trace point of DPDK matches "lib.ethdev.strat", did you mean lib.ethdev.start?',
  );
  await expect(target!.startRteTrace('x'.repeat(128))).rejects.toThrow('expected text of 1 to 127');
  await expect(target!.startRteTrace('')).rejects.toThrow('expected text of 1 to 127');
  expect(await enabled()).toEqual([]);
});

test('what was recorded is saved, and babeltrace2 reads it', async (context) => {
  try {
    execFileSync('which', ['babeltrace2'], { stdio: 'ignore' });
  } catch {
    context.skip('needs babeltrace2: apt-get install babeltrace2');
  }
  await start();
  const session = await target!.startRteTrace('lib.ethdev.st[ao][rp]*');
  expect(await session.save()).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
  await restart();
  const path = await session.save();
  expect(path?.startsWith(`${folder}/`)).toBe(true);
  const events = readEvents(path!);
  const count = (name: string, port: number) =>
    events.filter((line) => line.includes(` ${name}: `) && new RegExp(`port_id = 0x${port}\\b`).test(line))
      .length;
  for (const port of [0, 1]) {
    expect(count('lib.ethdev.stop', port)).toBe(1);
    expect(count('lib.ethdev.start', port)).toBe(1);
  }
  await restart();
  expect(await session.save()).toBe(path);
  expect(readEvents(path!).filter((line) => line.includes('lib.ethdev.stop')).length).toBe(4);
  session.close();
  await until('the points to be off', async () => (await enabled()).length === 0);
  await restart();
  const again = await target!.startRteTrace('lib.ethdev.stop');
  expect(await again.save()).toBe(path);
  expect(readEvents(path!).filter((line) => line.includes('lib.ethdev.stop')).length).toBe(4);
});

/** A client of the protocol that checks nothing. */
async function rawClient(...messages: readonly Uint8Array[]): Promise<{ socket: Socket; answer: Buffer }> {
  const hello = structBytes('hone_hello', { magic: ABI.HONE_MAGIC, abi_version: ABI.HONE_ABI_VERSION });
  const socket = connect(`/run/hone/${testpmd!.pid}.sock`);
  let answer = Buffer.alloc(0);
  socket.on('data', (data) => {
    answer = Buffer.concat([answer, data]);
  });
  socket.write(Buffer.concat([encodeMessage(ABI.HONE_MSG_HELLO, 1, hello), ...messages]));
  const lengths = () => {
    let count = 0;
    for (let at = 0; at + 16 <= answer.length; at += answer.readUInt32LE(at)) count++;
    return count;
  };
  await until('answers', () => lengths() > messages.length);
  return { socket, answer };
}

const enable = (pattern: string) =>
  encodeMessage(ABI.HONE_MSG_DPDK_ENABLE, 2, structBytes('hone_dpdk_enable', { pattern }));

test('a client that is gone without a word leaves nothing on', async () => {
  await start();
  const { socket } = await rawClient(enable('lib.*'), enable('lib.eal.*'));
  expect((await enabled()).length).toBeGreaterThan(50);
  socket.destroy();
  await until('all points to be off', async () => (await enabled()).length === 0);
});

test.each<[string, Uint8Array, string]>([
  ['no pattern', encodeMessage(ABI.HONE_MSG_DPDK_ENABLE, 2, new Uint8Array(0)), 'has another size'],
  ['a pattern too long', encodeMessage(ABI.HONE_MSG_DPDK_ENABLE, 2, new Uint8Array(200)), 'has another size'],
  ['no text', encodeMessage(ABI.HONE_MSG_DPDK_ENABLE, 2, new Uint8Array(128).fill(42)), 'is no text'],
  ['an empty pattern', encodeMessage(ABI.HONE_MSG_DPDK_ENABLE, 2, new Uint8Array(128)), 'is no text'],
  ['nothing to save', encodeMessage(ABI.HONE_MSG_DPDK_SAVE, 2, new Uint8Array(0)), 'has turned on none'],
])('%s: an error, and nothing is on', async (_, message, words) => {
  await start();
  const { socket, answer } = await rawClient(message);
  expect(answer.toString('latin1')).toContain(words);
  expect(await enabled()).toEqual([]);
  socket.destroy();
});

test('saved again and again while lcores trace: testpmd forwards on, and every save can be read', async () => {
  await start();
  await testpmd!.command('start');
  const session = await target!.startRteTrace('*');
  for (let turn = 0; turn < 10; turn++) {
    await restartForwarding();
    const path = await session.save();
    expect(readEvents(path!).length).toBeGreaterThan(0);
  }
  expect(await testpmd!.command('show fwd stats all')).toContain('TX-packets');
});

async function restartForwarding(): Promise<void> {
  await testpmd!.command('stop');
  await testpmd!.command('start');
}
