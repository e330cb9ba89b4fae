/** Whatever dies, fills up, lies or goes away: the application goes on, the file is whole, the counts are exact. */
import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readlinkSync, statSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ABI } from '../../src/target/abi.ts';
import { structBytes } from '../../src/target/message-body.ts';
import { encodeTrace } from '../../src/target/trace-message.ts';
import { capinfos, folder, packetOptions, readDrops, readPackets, writeSample } from './captures.ts';
import { hone, type Running, run, sleep, startHone, startProcess, until } from './hone.ts';
import {
  forwardsOn,
  heldMemory,
  missingDpdk,
  portCounter,
  startTestpmd,
  type Testpmd,
  type TestpmdOptions,
} from './testpmd.ts';
import { attachment, countByArgument, request } from './traces.ts';

let app: Testpmd | undefined;
let captures: Running[] = [];

/** A port of the application under test, whatever else runs on this machine. */
const port = (name: string) => `${app!.prefix}/${name}`;

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  for (const { child } of captures) child.kill('SIGKILL');
  captures = [];
  await app?.kill();
  app = undefined;
});

const nulls = ['net_null0,size=64', 'net_null1,size=64'];

async function start(options: Partial<TestpmdOptions> = {}): Promise<Testpmd> {
  app = await startTestpmd({ vdevs: nulls, ...options });
  return app;
}

async function capture(...args: string[]): Promise<Running> {
  const running = startHone(['capture', ...args]);
  captures.push(running);
  await running.stderrMatches(/Capturing on/);
  return running;
}

test('a host killed in mid-capture leaves nothing behind, and the next capture works', async () => {
  const one = await start();
  await one.command('start');
  for (let round = 0; round < 3; round++) {
    const running = await capture('-i', port('0'), '-w', '/dev/null');
    await sleep(200);
    expect(heldMemory(one.pid).length).toBeGreaterThan(0);
    running.child.kill('SIGKILL');
    await running.finished();
    await until('the agent to let go', () => heldMemory(one.pid).length === 0);
  }
  await forwardsOn(one);
  expect((await hone('capture', '-i', port('0'), '-c', '1000', '-w', '/dev/null')).code).toBe(0);
});

test('an application killed in mid-capture: the file is whole and the exit code says so', async () => {
  const one = await start();
  await one.command('start');
  const file = join(folder, 'killed.pcapng');
  const running = await capture('-i', port('all'), '-s', '20', '-w', file);
  await sleep(300);
  await one.kill();
  const { code, stderr } = await running.finished();
  expect(code).toBe(3);
  const count = Number(/Packets captured: (\d+)/.exec(stderr)?.[1]);
  expect(count).toBeGreaterThan(0);
  expect(Number(capinfos(file).get('Number of packets'))).toBe(count);
});

test('a full disk: one clear error, and a file that is valid up to its last block', async () => {
  const one = await start();
  await one.command('start');
  const disk = join(folder, 'disk');
  mkdirSync(disk, { recursive: true });
  expect((await run('mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk)).code).toBe(0);
  try {
    const file = join(disk, 'full.pcapng');
    const { code, stderr } = await hone('capture', '-i', port('0'), '-w', file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/full\.pcapng.*(ENOSPC|no space)/i);
    expect(stderr).not.toContain('    at ');
    const packets = Number(capinfos(file).get('Number of packets'));
    expect(packets).toBeGreaterThan(10_000);
    expect(statSync(file).size).toBeLessThanOrEqual(8 << 20);
    await until('the agent to let go', () => heldMemory(one.pid).length === 0);
  } finally {
    await run('umount', disk);
  }
});

test('an overrun ring: matched = captured + dropped, and each loss stands in the file', async () => {
  const one = await start();
  const file = join(folder, 'overrun.pcapng');
  const running = await capture('-i', port('0'), '-Q', 'in', '-s', '20', '-B', '1', '-w', file);
  await one.command('start');
  running.child.kill('SIGSTOP');
  await sleep(300);
  running.child.kill('SIGCONT');
  await until('the ring to be read again', () => statSync(file).size > 2 << 20);
  await one.command('stop');
  await sleep(200);
  running.child.kill('SIGINT');
  const { stderr, code } = await running.finished();
  expect(code).toBe(0);
  const seen = await portCounter(one, 0, 'RX-packets');
  const captured = Number(/Packets captured: (\d+)/.exec(stderr)?.[1]);
  const dropped = Number(/dropped by ring:(\d+)/.exec(stderr)?.[1]);
  expect(dropped).toBeGreaterThan(0);
  expect(captured + dropped).toBe(seen);
  expect(Number(capinfos(file).get('Number of packets'))).toBe(captured);
  const losses = packetOptions(file).dropCounts.reduce((sum, count) => sum + count, 0);
  expect(losses).toBeGreaterThan(0);
  expect(losses).toBeLessThanOrEqual(dropped);
});

test('what finds no room takes the rest of its burst with it, small packets too: a loss costs the application no more', async () => {
  const { file: traffic } = writeSample('overrun.pcap', 1000);
  const one = await start({
    vdevs: [`net_pcap0,rx_pcap=${traffic},tx_pcap=/dev/null,infinite_rx=1`, 'net_null0,no-rx=1'],
  });
  const file = join(folder, 'bursts.pcapng');
  const running = await capture('-i', port('0'), '-Q', 'in', '-B', '1', '-a', 'packets:100000', '-w', file);
  await one.command('start');
  expect((await running.finished()).code).toBe(0);
  const packets = readDrops(file);
  const behindLoss = packets.flatMap(({ dropCount }, index) => (dropCount > 0 ? [index] : []));
  expect(behindLoss.length).toBeGreaterThan(10);
  // All packets of a burst have its time.
  for (const index of behindLoss) expect(packets[index]!.time).not.toBe(packets[index - 1]?.time);
});

test("seen is what the port's own counters say, on both directions", async () => {
  const one = await start();
  const running = await capture('-i', port('all'), '-f', 'tcp port 80', '-w', '/dev/null');
  await one.command('start');
  await sleep(200);
  await one.command('stop');
  const expected = [
    await portCounter(one, 0, 'RX-packets'),
    await portCounter(one, 0, 'TX-packets'),
    await portCounter(one, 1, 'RX-packets'),
    await portCounter(one, 1, 'TX-packets'),
  ];
  running.child.kill('SIGINT');
  const { stderr } = await running.finished();
  const sums = [...stderr.matchAll(/seen:(\d+)/g)].map(([, seen]) => Number(seen));
  expect(sums.reduce((sum, seen) => sum + seen, 0)).toBe(expected.reduce((sum, seen) => sum + seen, 0));
});

test('a port that is stopped, gets more queues and is started again stays captured', async () => {
  const one = await start();
  const file = join(folder, 'restart.pcapng');
  const running = await capture('-i', port('0'), '-Q', 'in', '-s', '20', '-w', file);
  await one.command('start');
  await sleep(20);
  await one.command('stop');
  await one.command('port stop all');
  await one.command('port config all rxq 2');
  await one.command('port config all txq 2');
  await one.command('port start all');
  await sleep(400);
  await one.command('start');
  await sleep(20);
  await one.command('stop');
  running.child.kill('SIGINT');
  expect((await running.finished()).code).toBe(0);
  expect(new Set(packetOptions(file).queues.slice(-2000))).toEqual(new Set([0, 1]));
});

test('a port that is closed and comes back is captured again, once', async () => {
  const one = await start();
  const file = join(folder, 'again.pcapng');
  const running = await capture(
    '-i',
    port('net_null0'),
    '-i',
    port('net_null1'),
    '-f',
    'tcp',
    '-Q',
    'in',
    '-w',
    file,
  );
  await one.command('start');
  await sleep(50);
  await one.command('stop');
  await one.command('port stop 1');
  await one.command('port detach 1');
  await sleep(300);
  await one.command('port attach net_null1,size=64');
  await one.command('port start all');
  await sleep(400);
  await one.command('clear port stats all');
  await one.command('set portlist 0,1');
  await one.command('start');
  await sleep(50);
  await one.command('stop');
  const received = await portCounter(one, 1, 'RX-packets');
  expect(received).toBeGreaterThan(0);
  running.child.kill('SIGINT');
  const { code, stderr } = await running.finished();
  expect(code).toBe(0);
  const seen = [...stderr.matchAll(/'net_null1'.*seen:(\d+)/g)].map(([, count]) => Number(count));
  expect(seen).toHaveLength(2);
  expect(seen[1]).toBe(received);
});

test('all captured ports closed: the capture ends with a complete file', async () => {
  const one = await start();
  const file = join(folder, 'closed.pcapng');
  const running = await capture('-i', port('net_null1'), '-w', file, '-s', '20');
  await one.command('start');
  await sleep(100);
  await one.command('stop');
  await one.command('port stop 1');
  await one.command('port close 1');
  const { code, stderr } = await running.finished();
  expect(code).toBe(0);
  expect(stderr).toMatch(/net_null1/);
  expect(Number(capinfos(file).get('Number of packets'))).toBeGreaterThan(0);
});

test('a port that only receives', async () => {
  const one = await start({
    vdevs: ['net_null0,size=64'],
    app: ['--rxq=1', '--txq=0', '--forward-mode=rxonly'],
  });
  await one.command('start');
  const file = join(folder, 'rxonly.pcapng');
  expect((await hone('capture', '-i', port('0'), '-c', '1000', '-w', file)).code).toBe(0);
  expect(new Set(readPackets(file).map(({ direction }) => direction))).toEqual(new Set(['in']));
});

test('wrong filter, wrong port, wrong place: one message, exit 1, nothing attached, nothing written', async () => {
  const one = await start();
  const file = join(folder, 'wrong.pcapng');
  const filter = await hone('capture', '-i', port('0'), '-w', file, 'tcp prot 80');
  expect(filter.code).toBe(1);
  expect(filter.stderr).toContain('^');
  expect(filter.stderr).toMatch(/port/);
  const missing = await hone('capture', '-i', port('net_nul0'), '-w', file);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(/net_nul0.*net_null0/s);
  const place = await hone('capture', '-i', port('0'), '-w', join(folder, 'nowhere', 'x.pcapng'));
  expect(place.code).toBe(1);
  expect(place.stderr).toMatch(/nowhere/);
  for (const { stderr } of [filter, missing, place]) expect(stderr).not.toContain('    at ');
  expect(readdirSync(folder)).not.toContain('wrong.pcapng');
  expect(heldMemory(one.pid)).toEqual([]);
});

test('a user who may not: says so, changes nothing', async () => {
  const one = await start();
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
  const args = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, main];
  const denied = await startProcess('setpriv', [
    ...args,
    'capture',
    '-i',
    `${one.pid}/0`,
    '-w',
    '/dev/null',
  ]).finished();
  expect(denied.code).toBe(1);
  expect(denied.stderr).not.toContain('    at ');
  const attach = await startProcess('setpriv', [...args, 'attach', String(one.pid)]).finished();
  expect(attach.code).toBe(1);
  expect(attach.stderr.trim().split('\n')).toHaveLength(1);
  expect(statSync(`/run/hone/${one.pid}.sock`).mode & 0o777).toBe(0o600);
});

/** Ring memory of ours in the application, as somebody hostile could write it. */
function rings(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => `/proc/${pid}/fd/${fd}`)
    .filter((path) => readlinkSync(path).startsWith('/memfd:hone-ring'));
}

function overwrite(path: string, offset: number, value: bigint): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, 8, offset);
  closeSync(fd);
}

const [HEAD, INDEX_HEAD, TAIL, INDEX_TAIL, FIRST_ENTRY] = [64, 72, 128, 136, 69_632];

test('a hostile peer that corrupts the rings: the host ends with an error, no crash, no endless loop', async () => {
  const one = await start();
  const lies = [
    [HEAD, 1n << 63n],
    [HEAD, 3n],
    [HEAD, 1n << 40n],
    [INDEX_HEAD, 0xffff_ffff_ffff_ffffn],
    [INDEX_HEAD, 1n << 33n],
    [FIRST_ENTRY + 8, 0xffff_ffff_ffff_ffffn],
  ] as const;
  for (const [offset, value] of lies) {
    // Nothing is forwarded: what is in the ring's header stays there.
    const file = join(folder, 'hostile.pcapng');
    const running = await capture('-i', port('0'), '-w', file);
    for (const ring of rings(one.pid)) {
      overwrite(ring, offset, value);
      if (offset === FIRST_ENTRY + 8) {
        overwrite(ring, INDEX_HEAD, 1n);
        overwrite(ring, HEAD, 128n);
      }
    }
    const { code, stderr } = await running.finished();
    expect(code, `${offset} ${value}`).toBe(1);
    expect(stderr, `${offset} ${value}`).toMatch(/ring/i);
    expect(stderr).not.toContain('    at ');
    expect(stderr).not.toMatch(/defect/);
    expect(capinfos(file).get('Number of packets')).toBe('0');
    await until('the agent to let go', () => heldMemory(one.pid).length === 0);
  }
});

test('a hostile host that corrupts the rings: the application forwards on', async () => {
  const one = await start();
  await one.command('start');
  for (const [offset, value] of [
    [TAIL, 0xffff_ffff_ffff_ffffn],
    [TAIL, 1n << 50n],
    [INDEX_TAIL, 1n << 50n],
    [0, 0n],
    [16, 0xffff_ffff_ffff_ffffn],
  ] as const) {
    const running = await capture('-i', port('0'), '-w', '/dev/null');
    for (let round = 0; round < 50; round++) {
      try {
        for (const ring of rings(one.pid)) overwrite(ring, offset, value);
      } catch (error) {
        // The host may see the damage and end: then the rings go away under our hands, or their numbers get other files.
        expect(['ENOENT', 'ENXIO']).toContain((error as NodeJS.ErrnoException).code);
      }
      await sleep(2);
    }
    running.child.kill('SIGKILL');
    await running.finished();
    await until('the agent to let go', () => heldMemory(one.pid).length === 0);
    await forwardsOn(one);
  }
  expect((await hone('capture', '-i', port('0'), '-c', '100', '-w', '/dev/null')).code).toBe(0);
});

/** Writes bytes to the control socket and waits for what comes of it. */
function send(path: string, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve) => {
    let got = 0;
    const socket = connect(path, () => socket.end(bytes));
    socket.on('data', (data) => {
      got += data.length;
    });
    socket.on('error', () => resolve(got));
    socket.on('close', () => resolve(got));
  });
}

function message(type: number, request: number, body: Uint8Array, length = 16 + body.length): Uint8Array {
  const head = Buffer.alloc(16);
  for (const [index, value] of [length, type, request, 0].entries())
    head.writeUInt32LE(value >>> 0, 4 * index);
  return Buffer.concat([head, body]);
}

test('10 000 random messages to the control socket change nothing', async () => {
  const one = await start();
  await one.command('start');
  const path = `/run/hone/${one.pid}.sock`;
  const hello = message(
    1,
    1,
    structBytes('hone_hello', { magic: ABI.HONE_MAGIC, abi_version: ABI.HONE_ABI_VERSION }),
  );
  const trace = encodeTrace(
    request([countByArgument(2)], {
      attachments: [attachment('dpdk:rx_burst')],
      keyedMaps: [{ offset: 4096, slots: 64, keyBytes: 8, valueBytes: 8 }],
      initialState: new Uint8Array(4096).fill(1),
    }),
  );
  /** A trace that is nearly right. */
  const spoiled = () => {
    const bytes = trace.slice(0, randomInt(8) > 0 ? trace.length : randomInt(trace.length));
    for (let times = randomInt(4); times >= 0; times--) {
      bytes[randomInt(Math.max(1, Math.min(bytes.length, 400)))] = randomInt(256);
    }
    return bytes;
  };
  const running = await capture('-i', port('0'), '-w', '/dev/null');
  let answered = 0;
  for (let sent = 0; sent < 10_000; sent += 10) {
    const random = Array.from({ length: 10 }, () => {
      const body = randomBytes(randomInt(120));
      const kind = randomInt(5);
      if (kind === 0) return body;
      if (kind === 1) return message(randomInt(40), 1, body, randomInt(0xffff_ffff));
      if (kind === 2) return message(ABI.HONE_MSG_TRACE, 1 + randomInt(100), spoiled());
      return message(kind === 3 ? ABI.HONE_MSG_START : randomInt(40), 1 + randomInt(100), body);
    });
    answered += await send(path, Buffer.concat([...(randomInt(4) > 0 ? [hello] : []), ...random]));
  }
  expect(answered).toBeGreaterThan(0);
  running.child.kill('SIGINT');
  const { stderr, code } = await running.finished();
  expect(code).toBe(0);
  expect(Number(/Packets captured: (\d+)/.exec(stderr)?.[1])).toBeGreaterThan(0);
  await until('all to be let go', () => heldMemory(one.pid).length === 0);
  expect((await hone('capture', '-i', port('0'), '-c', '100', '-w', '/dev/null')).code).toBe(0);
}, 180_000);

test('the 17th client is told so', async () => {
  const one = await start();
  const path = `/run/hone/${one.pid}.sock`;
  const sockets = Array.from({ length: 16 }, () => connect(path));
  try {
    await sleep(300);
    const answer = await new Promise<Buffer>((resolve) => connect(path).on('data', resolve));
    expect(answer.toString('latin1')).toContain('16');
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
