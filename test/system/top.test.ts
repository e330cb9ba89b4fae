/** `hone top` as a person sees it: printed, as JSON, as metrics, and on a terminal with keys; on a replay and on testpmd. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Running, startHone, until } from './hone.ts';
import { missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const driver = fileURLToPath(new URL('on-terminal.py', import.meta.url));

let folder: string;
let env: NodeJS.ProcessEnv;
let source: Running;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hone-top-'));
  env = { ...process.env, XDG_RUNTIME_DIR: folder };
  source = startHone(['replay', '--sample', '--loop', '--rate', '20000'], env);
  await source.stderrMatches(/capture with/);
});
afterAll(() => {
  source.child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const top = (...args: string[]) => startHone(['top', String(source.pid), ...args], env);

test('one interval of a replay, as a table', async () => {
  const { code, stdout, stderr } = await top('--once').finished();
  expect([code, stderr]).toEqual([0, '']);
  const [head, titles, application, port] = stdout.split('\n');
  expect(head).toMatch(/^hone top .* 1 application, over \d+\.\d s$/);
  expect(titles).toMatch(/ RX PPS .* BUSY % .* REFUSED {2}DROPPED$/);
  expect(application).toMatch(new RegExp(`^replay ${source.pid} \\(sample\\) +[\\d.]+k? `));
  expect(port).toMatch(/^ {2}port 0 sample0 +[\d.]+k? /);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with it.
  expect(stdout).not.toMatch(/\x1b/);
});

test('intervals as JSON: what was counted is what was played', async () => {
  const running = top('-T', 'json', '-i', '1');
  await until('three objects', () => running.stdout().split('\n').length > 3);
  running.child.kill('SIGINT');
  const { code, stdout } = await running.finished();
  expect(code).toBe(0);
  for (const line of stdout.trimEnd().split('\n').slice(1)) {
    const { applications } = JSON.parse(line);
    const [{ ports, threads, busyShare, emptyShare, countedSeconds }] = applications;
    expect({ busyShare, emptyShare }).toEqual({ busyShare: null, emptyShare: null });
    const { calls, bySize } = ports[0].queues[0].rxBursts;
    const sizes = Object.entries(bySize as Record<string, number>);
    const packets = sizes.reduce((sum, [size, count]) => sum + Number(size) * count, 0);
    expect(sizes.reduce((sum, [, count]) => sum + count, 0)).toBe(calls);
    expect(packets / countedSeconds / threads[0].rxPps).toBeCloseTo(1, 1);
    expect(packets).toBeGreaterThan(0);
  }
});

const get = (port: string, path: string, host: string, method = 'GET') =>
  new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { host } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, type: response.headers['content-type'] ?? '', text }),
      );
    });
    asked.on('error', reject).end();
  });

test('metrics on the loopback address, for who asks by its name', async () => {
  const running = top('--prometheus', '0', '-i', '1');
  await running.stderrMatches(/metrics at/);
  const port = /127\.0\.0\.1:(\d+)\/metrics/.exec(running.stderr())![1]!;
  await until('a reading', async () => (await get(port, '/metrics', 'localhost')).text !== '');
  const { status, type, text } = await get(port, '/metrics', `127.0.0.1:${port}`);
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  expect(text).toMatch(
    new RegExp(`^hone_queue_rx_polls_total\\{application="replay",pid="${source.pid}"`, 'm'),
  );
  expect((await get(port, '/metrics', 'evil.example')).status).toBe(421);
  expect((await get(port, '/', 'localhost')).status).toBe(404);
  expect((await get(port, '/metrics', 'localhost', 'POST')).status).toBe(405);
  const taken = await top('--prometheus', port).finished();
  expect([taken.code, taken.stderr]).toEqual([1, `hone top: --prometheus ${port}: the port is in use\n`]);
  running.child.kill('SIGTERM');
  expect((await running.finished()).code).toBe(0);
});

for (const [args, message] of [
  [[], 'hone top: standard output is no terminal: expected --once, -T json or --prometheus PORT\n'],
  [['-i', '0'], 'hone top: -i 0: expected seconds, 1 or more\n'],
  [['--prometheus', '70000'], 'hone top: --prometheus 70000: expected a port, 0 to 65535\n'],
  [['--once', '--prometheus', '0'], 'hone top: got --prometheus and --once: expected one of them\n'],
] as const) {
  test(`refused: top ${args.join(' ')}`, async () => {
    const { code, stdout, stderr } = await top(...args).finished();
    expect([code, stdout, stderr]).toEqual([1, '', message]);
  });
}

function missingPython(): string | undefined {
  try {
    execFileSync('python3', ['-c', 'import pty'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'needs python3: apt-get install python3';
  }
}
const noPython = missingPython();

describe.skipIf(noPython !== undefined)(`on a terminal${noPython ? ` (${noPython})` : ''}`, () => {
  let child: ChildProcess | undefined;
  let output = '';
  let closed: Promise<[number | null]>;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  function open(more: NodeJS.ProcessEnv = {}): void {
    output = '';
    const command = [process.execPath, main, 'top', String(source.pid), '-i', '1'];
    child = spawn('python3', [driver, '24', '100', ...command], {
      env: { ...env, TERM: 'xterm', ...more },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    closed = once(child, 'close') as Promise<[number | null]>;
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const tell = (line: string) => child!.stdin!.write(`${line}\n`);
  /** What stands on the screen: frames begin at its top. */
  const screen = () => output.split('\x1b[H').at(-2) ?? '';
  const shows = (text: string) =>
    until(`"${text}" in:\n${output.slice(-3000)}`, () => screen().includes(text));
  async function ends(): Promise<void> {
    const [code] = await closed;
    expect(code).toBe(0);
    expect(output).toContain('\x1b[?25h\x1b[?1049l');
    expect(output.slice(output.lastIndexOf('\x1b[?1049l'))).not.toContain('\x1b[H');
    expect(output).toContain('restored');
  }

  test('keys: sort, filter, look into, freeze, help, quit', async () => {
    open();
    await shows('port 0 sample0');
    expect(output.startsWith('\x1b[?1049h\x1b[?25l')).toBe(true);
    tell('type s');
    await shows('by RX PPS');
    tell('type /lco');
    await shows('/lco');
    tell('type \\r');
    await shows('nothing has "lco" in its name');
    tell('type \\x1b');
    await shows('port 0 sample0');
    tell('type \\x1b[B\\r');
    await shows('polls by packets received:');
    await shows('|@');
    tell('type b');
    await shows('port 0 sample0');
    tell('type f');
    await shows('FROZEN');
    const time = /hone top\S* +(\S+)/.exec(screen())?.[1];
    const from = output.length;
    await until('more frames', () => output.slice(from).split('\x1b[H').length > 2);
    expect(/hone top\S* +(\S+)/.exec(screen())?.[1]).toBe(time);
    tell('type ?');
    await shows('this help');
    tell('type q');
    await ends();
  });

  test('another size, no colours, and an end by a signal', async () => {
    open({ NO_COLOR: '1' });
    await shows('REFUSED');
    tell('size 10 40');
    await until('a narrow table', () => screen().includes('RX PPS') && !screen().includes('REFUSED'));
    for (const line of screen().split(/\r*\n/)) {
      expect(line.replaceAll('\x1b[K', '').replaceAll('\x1b[J', '').length).toBeLessThanOrEqual(40);
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with it.
    expect(screen()).not.toMatch(/\x1b\[[\d;]*m/);
    tell('signal SIGTERM');
    await ends();
  });
});

const missing = missingDpdk();

describe.skipIf(missing !== undefined)(`on testpmd${missing ? ` (${missing})` : ''}`, () => {
  let app: Testpmd | undefined;
  afterEach(async () => {
    await app?.kill();
    app = undefined;
  });

  const snapshot = async () => {
    const running = startHone(['top', String(app!.pid), '--once', '-T', 'json']);
    const { code, stdout, stderr } = await running.finished();
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout).applications[0];
  };

  test('a busy lcore, an idle one, and what the driver refuses', async () => {
    app = await startTestpmd({ vdevs: ['net_null0', 'net_null1'] });
    await app.command('start');
    const busy = await snapshot();
    expect(busy).toMatchObject({ pid: app.pid, emptyShare: 0, busyShare: 1, rxBurst: 32, txBurst: 32 });
    expect(busy.nsPerPacket).toBeGreaterThan(0);
    expect(busy.ports.map(({ queues }: never) => (queues as { lcores: number[] }[])[0]!.lcores)).toEqual([
      [1],
      [1],
    ]);
    expect(busy.ports[0].rxPps).toBeGreaterThan(1000);
    // Nothing is refused: the bound must not be above that.
    expect(busy.drops).toEqual({
      missed: 0,
      rxErrors: 0,
      noMbuf: 0,
      txErrors: 0,
      refused: 0,
      application: null,
    });
    await app.stop();
    app = await startTestpmd({ vdevs: ['net_null0,no-rx=1', 'net_null1,no-rx=1'] });
    await app.command('start');
    const idle = await snapshot();
    expect(idle).toMatchObject({ emptyShare: 1, busyShare: 0, rxPps: 0, rxBurst: null, nsPerPacket: null });
    await app.stop();
    // Rings that nobody empties: what does not fit is refused.
    app = await startTestpmd({ vdevs: ['net_ring0', 'net_ring1'] });
    await app.command('set fwd txonly');
    await app.command('start');
    const full = await snapshot();
    expect(full.drops.refused).toBeGreaterThan(1000);
    expect(full.txPps).toBe(0);
  });
});
