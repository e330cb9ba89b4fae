/** `hone replay` as a process: what it plays, who may talk to it, and what it leaves behind. Needs nothing but Node. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCaptureReader, type PacketRecord } from '../../src/pcapng/index.ts';
import { ABI } from '../../src/target/abi.ts';
import { hone, type Running, sleep, startHone, until } from './hone.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const isRoot = process.geteuid!() === 0;
let folder: string;
let env: NodeJS.ProcessEnv;
let running: Running[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-replay-'));
  env = { ...process.env, XDG_RUNTIME_DIR: folder };
});

afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL');
  running = [];
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function replay(...args: string[]): Promise<Running & { socket: string }> {
  const one = startHone(['replay', ...args], env);
  running.push(one);
  await one.stderrMatches(/capture with/);
  const sockets = isRoot ? '/run/hone' : join(folder, 'hone');
  return { ...one, socket: join(sockets, `${one.pid}.sock`) };
}

function capture(...args: string[]): Running {
  const one = startHone(['capture', ...args], env);
  running.push(one);
  return one;
}

function readPackets(path: string): PacketRecord[] {
  const reader = createCaptureReader();
  reader.push(readFileSync(path));
  const packets: PacketRecord[] = [];
  for (let record = reader.read(); record !== undefined; record = reader.read()) {
    if (record.type === 'packet') packets.push({ ...record, data: record.data.slice() });
  }
  reader.end();
  return packets;
}

describe('a replay', () => {
  test('gives the first capture every packet, and a second round from its file the same ones', async () => {
    const [first, second] = [join(folder, 'first.pcapng'), join(folder, 'second.pcapng')];
    const source = await replay('--sample', '--rate', 'max');
    await capture('-i', `${source.pid}/all`, '-w', first).finished();
    expect(await source.finished()).toMatchObject({ code: 0 });
    const packets = readPackets(first);
    expect(packets).toHaveLength(20_000);

    const again = await replay(first, '--rate', 'max');
    await capture('-i', `${again.pid}/sample0`, '-w', second).finished();
    const repeated = readPackets(second);
    expect(repeated.map(({ data }) => Buffer.from(data).toString('hex'))).toEqual(
      packets.map(({ data }) => Buffer.from(data).toString('hex')),
    );
  });

  test('keeps the recorded times', async () => {
    const source = await replay('--sample');
    const path = join(folder, 'times.pcapng');
    await capture('-i', `${source.pid}/all`, '-c', '3000', '-w', path).finished();
    const packets = readPackets(path);
    const again = await replay(path);
    const copy = join(folder, 'times-again.pcapng');
    await capture('-i', `${again.pid}/all`, '-w', copy).finished();
    const gaps = (list: PacketRecord[]) =>
      list.map(({ timestampNs }) => timestampNs! - list[0]!.timestampNs!);
    expect(gaps(readPackets(copy))).toEqual(gaps(packets));
  });

  test('filters as an agent does', async () => {
    const source = await replay('--sample', '--rate', 'max');
    const path = join(folder, 'dns.pcapng');
    const { stderr } = await capture('-i', `${source.pid}/all`, '-f', 'udp port 53', '-w', path).finished();
    const packets = readPackets(path);
    expect(packets.length).toBeGreaterThan(500);
    for (const { data } of packets) {
      const ip = new DataView(data.buffer, 14);
      if (data[12] === 0x08) expect([ip.getUint16(20), ip.getUint16(22)]).toContain(53);
    }
    expect(stderr).toContain(`seen:20000 matched:${packets.length}`);
  });

  test('begins without a capture after --wait', async () => {
    const source = await replay('--sample', '--rate', 'max', '--wait', '0.1');
    const { code, stderr } = await source.finished();
    expect(stderr).toContain('20000 packets played');
    expect(code).toBe(0);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it with 0, and no socket stays', async (signal) => {
    const source = await replay('--sample', '--loop');
    expect(existsSync(source.socket)).toBe(true);
    source.child.kill(signal);
    expect((await source.finished()).code).toBe(0);
    expect(existsSync(source.socket)).toBe(false);
  });

  test('is listed, and what a killed one leaves is cleared away', async () => {
    const source = await replay('--sample');
    const listed = await startHone(['apps', '-f', 'json'], env).finished();
    const mine = (JSON.parse(listed.stdout) as { pid: number }[]).find(({ pid }) => pid === source.pid);
    expect(mine).toMatchObject({ name: 'replay', kind: 'replay', filePrefix: 'sample', agent: 'yes' });
    source.child.kill('SIGKILL');
    await source.finished();
    expect(existsSync(source.socket)).toBe(true);
    await startHone(['apps'], env).finished();
    expect(existsSync(source.socket)).toBe(false);
  });
});

describe('wrong use is one line and exit 1', () => {
  test.each([
    [[], 'expected a FILE, or --sample'],
    [['x.pcap', '--sample'], 'got a FILE and --sample'],
    [['/nonexistent/x.pcap'], '/nonexistent/x.pcap: ENOENT'],
    [['/dev/null'], '/dev/null: not a capture file'],
    [['--sample', '--rate', 'fast'], '--rate fast: expected packets a second'],
    [['--sample', '--wait', '-1'], '--wait -1: expected seconds'],
  ])('replay %j', async (args, message) => {
    const { code, stderr, stdout } = await hone('replay', ...args);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('a file that is cut short is played up to there', async () => {
    const whole = join(folder, 'whole.pcapng');
    const cut = join(folder, 'cut.pcapng');
    const source = await replay('--sample', '--rate', 'max');
    await capture('-i', `${source.pid}/all`, '-w', whole).finished();
    const bytes = readFileSync(whole);
    writeFileSync(cut, bytes.subarray(0, bytes.length / 2));
    const damaged = await replay(cut, '--rate', 'max', '--wait', '0');
    const { code, stderr } = await damaged.finished();
    expect(stderr).toMatch(/hone replay: .*cut short/);
    expect(code).toBe(1);
  });
});

describe('the control socket', () => {
  function open(path: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => resolve(socket)).once('error', reject);
    });
  }

  const closed = (socket: Socket) =>
    new Promise<void>((resolve) => socket.once('close', () => resolve()).resume());

  function message(type: number, request: number, body: Uint8Array): Buffer {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(16 + body.length, 0);
    header.writeUInt32LE(type, 4);
    header.writeUInt32LE(request, 8);
    return Buffer.concat([header, body]);
  }

  const hello = (version: number = ABI.HONE_ABI_VERSION) =>
    message(1, 1, Buffer.from(Uint32Array.of(0x656e6f68, version).buffer));

  test("is its owner's alone", async () => {
    const { socket } = await replay('--sample');
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(socket, '..')).mode & 0o777).toBe(0o700);
  });

  test('takes 10,000 random messages and goes on serving', async () => {
    const { socket, pid, child } = await replay('--sample', '--loop');
    let state = 1;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state % below;
    };
    let sent = 0;
    while (sent < 10_000) {
      const client = await open(socket);
      client.on('error', () => {}).resume();
      const end = closed(client);
      if (random(2) === 0) client.write(hello());
      for (let n = 0; n < 50; n++, sent++) {
        const body = Uint8Array.from({ length: random(80) }, () => random(256));
        const framed = random(4) > 0;
        client.write(framed ? message(random(13), random(3) + 1, body) : body);
      }
      client.end();
      await end;
    }
    expect(child.exitCode).toBeNull();
    const path = join(folder, 'after.pcapng');
    await capture('-i', `${pid}/all`, '-c', '100', '-w', path).finished();
    expect(readPackets(path)).toHaveLength(100);
  });

  test('cuts off what is no HELLO, and answers another version with an error', async () => {
    const { socket } = await replay('--sample');
    const stranger = await open(socket);
    stranger.write(message(4, 1, new Uint8Array(0)));
    await closed(stranger);
    const nameless = await open(socket);
    nameless.write(message(1, 0, hello().subarray(16)));
    await closed(nameless);

    const future = await open(socket);
    let answer = Buffer.alloc(0);
    future.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
    });
    future.write(hello(ABI.HONE_ABI_VERSION + 1));
    await closed(future);
    expect(answer.readUInt32LE(4)).toBe(3);
    expect(answer.subarray(24).toString()).toBe(
      `this replay speaks protocol version ${ABI.HONE_ABI_VERSION}, not ${ABI.HONE_ABI_VERSION + 1}`,
    );
  });

  test('takes 16 clients, and another one when one is gone', async () => {
    const { socket, pid } = await replay('--sample');
    const clients = await Promise.all(Array.from({ length: 16 }, () => open(socket)));
    for (const client of clients) client.on('error', () => {}).write(hello());
    await sleep(200);
    const refused = await startHone(['apps', '-f', 'json'], env).finished();
    expect(refused.stdout).toContain('as many clients as it takes (16)');
    clients[0]!.destroy();
    await until('a place to be free', async () => {
      const { stdout } = await startHone(['ports'], env).finished();
      return stdout.includes(`replay ${pid}`);
    });
    for (const client of clients) client.destroy();
  });
});

test('root finds and captures the replay of another user', async (context) => {
  if (!isRoot) context.skip('needs root: run as root');
  const nobody = 65_534;
  chmodSync(folder, 0o755);
  const child = spawn(process.execPath, [main, 'replay', '--sample', '--loop'], {
    uid: nobody,
    gid: nobody,
    env: { PATH: process.env.PATH },
    stdio: 'ignore',
  });
  try {
    const socket = `/tmp/hone-${nobody}/${child.pid}.sock`;
    await until('its socket', () => existsSync(socket) || child.exitCode !== null);
    const path = join(folder, 'others.pcapng');
    const { stderr } = await capture('-i', `${child.pid}/all`, '-c', '10', '-w', path).finished();
    expect(stderr).toContain('Packets captured: 10');
    expect(readPackets(path)).toHaveLength(10);
  } finally {
    child.kill('SIGTERM');
  }
});
