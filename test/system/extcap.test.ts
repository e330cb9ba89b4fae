/** hone in the real tshark: as root and as an ordinary user, on a replay and on testpmd. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Finished, hone, type Running, startHone, startProcess, until } from './hone.ts';
import { missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
let running: Running[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-extcap-'));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL');
  running = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

async function startReplay(): Promise<Running> {
  const source = startHone(['replay', '--sample', '--loop', '--rate', '20000']);
  running.push(source);
  await source.stderrMatches(/capture with/);
  return source;
}

/** The replay's line: others may run on this machine. */
async function listed(source: Running): Promise<string> {
  const { code, stdout, stderr } = await hone('extcap', '--extcap-interfaces', '--extcap-version=4.0');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^extcap \{version=[^{}]+\}\{display=[^{}]+\}\n/);
  const line = stdout
    .split('\n')
    .find((text) => new RegExp(`hone:(sample|${source.pid}):sample0\\}`).test(text));
  expect(line, stdout).toMatch(
    /^interface \{value=hone:[^{}]+\}\{display=hone: replay (\d+ )?port 0 \(sample0\)\}$/,
  );
  return /value=([^{}]+)/.exec(line!)![1]!;
}

test('listing, link type, fields, queues', async () => {
  const name = await listed(await startReplay());
  expect((await hone('extcap', '--extcap-dlts', '--extcap-interface', name)).stdout).toBe(
    'dlt {number=1}{name=EN10MB}{display=Ethernet}\n',
  );
  const { stdout } = await hone('extcap', '--extcap-config', `--extcap-interface=${name}`);
  expect(stdout.match(/\{call=--\w+\}/g)).toEqual([
    '{call=--snaplen}',
    '{call=--direction}',
    '{call=--queue}',
    '{call=--meta}',
  ]);
  const queues = await hone(
    'extcap',
    '--extcap-config',
    '--extcap-interface',
    name,
    '--extcap-reload-option',
    'queue',
  );
  expect(queues.stdout.match(/\{value=\w+\}/g)).toEqual(['{value=all}', '{value=0}']);
});

for (const [filter, want] of [
  ['tcp port 80', ''],
  ['tcp prt 80', /^unexpected "prt": .*\n {2}tcp prt 80\n {6}\^\^\^/],
] as const) {
  test(`a filter is checked: ${filter}`, async () => {
    const { code, stdout } = await hone(
      'extcap',
      '--extcap-interface',
      'any',
      '--extcap-capture-filter',
      filter,
    );
    expect(code).toBe(0);
    if (want === '') expect(stdout).toBe('');
    else expect(stdout).toMatch(want);
  });
}

async function captureInto(fifo: string, name: string, ...options: string[]): Promise<Running> {
  execFileSync('mkfifo', [fifo]);
  const one = startHone(['extcap', '--capture', '--extcap-interface', name, '--fifo', fifo, ...options]);
  running.push(one);
  return one;
}

test('a capture ends at SIGTERM and says nothing', async () => {
  const name = await listed(await startReplay());
  const fifo = join(folder, 'sigterm');
  const one = await captureInto(
    fifo,
    name,
    '--extcap-capture-filter',
    'tcp',
    '--snaplen',
    '60',
    '--queue',
    '0',
  );
  const reader = spawn('tshark', ['-r', '-', '-T', 'fields', '-e', 'tcp.srcport', '-e', 'frame.cap_len'], {
    stdio: [openSync(fifo, 'r'), 'pipe', 'ignore'],
  });
  let text = '';
  reader.stdout!.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  await until('packets', () => text.split('\n').length > 10);
  one.child.kill('SIGTERM');
  const { code, stdout, stderr } = await one.finished();
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  await once(reader, 'close');
  for (const line of text.trimEnd().split('\n')) {
    const [port, length] = line.split('\t');
    expect(Number(port)).toBeGreaterThan(0);
    expect(Number(length)).toBeLessThanOrEqual(60);
  }
});

test('a capture ends when nobody reads any more', async () => {
  const name = await listed(await startReplay());
  const fifo = join(folder, 'closed');
  const one = await captureInto(fifo, name);
  const { code } = await startProcess('head', ['-c', '10000', fifo]).finished();
  expect(code).toBe(0);
  const { code: own, stderr } = await one.finished();
  expect([own, stderr]).toEqual([0, '']);
});

test('no packet of another queue', async () => {
  const name = await listed(await startReplay());
  const fifo = join(folder, 'queue');
  const one = await captureInto(fifo, name, '--queue', '1');
  const copy = join(folder, 'queue.pcapng');
  const reader = startProcess('sh', ['-c', `cat '${fifo}' > '${copy}'`]);
  running.push(reader);
  await until('the head of the capture', () => (statSync(copy, { throwIfNoEntry: false })?.size ?? 0) > 0);
  await new Promise((resolve) => setTimeout(resolve, 500));
  one.child.kill('SIGTERM');
  expect((await one.finished()).code).toBe(0);
  await reader.finished();
  expect(execFileSync('tshark', ['-r', copy], { encoding: 'utf8' })).toBe('');
});

for (const [what, options, message] of [
  [
    'a port that is not there',
    ['--extcap-interface', 'hone:none:none'],
    /^hone extcap: no interface hone:none:none: there are hone:/,
  ],
  ['a wrong queue', ['--queue', 'x'], /^hone extcap: --queue x: expected a number, or "all"\n$/],
  ['a wrong length', ['--snaplen', '300000'], /^hone extcap: --snaplen 300000: expected 1 to 262144\n$/],
] as const) {
  test(`refused: ${what}`, async () => {
    const { code, stdout, stderr } = await hone(
      'extcap',
      '--capture',
      '--fifo',
      join(folder, 'none'),
      ...options,
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  });
}

const missing = missingDpdk();

describe.skipIf(missing !== undefined)(`in tshark${missing ? ` (${missing})` : ''}`, () => {
  let app: Testpmd | undefined;
  let script = '';

  beforeAll(async () => {
    const { code, stdout, stderr } = await hone('extcap', 'install');
    expect([code, stderr]).toEqual([0, '']);
    script = stdout.split(':')[0]!;
  });
  afterEach(async () => {
    await app?.kill();
    app = undefined;
  });
  afterAll(async () => {
    await hone('extcap', 'uninstall');
  });

  const tshark = (...args: string[]): Promise<Finished> => startProcess('tshark', args).finished();

  test('installing twice changes nothing, and a file of others is left alone', async () => {
    expect((await hone('extcap', 'install')).stdout).toBe(`${script}: is there already\n`);
    const own = readFileSync(script);
    writeFileSync(script, '#!/bin/sh\n');
    for (const action of ['install', 'uninstall']) {
      const { code, stderr } = await hone('extcap', action);
      expect([code, stderr]).toEqual([1, `hone extcap: ${script}: is not hone's, left alone\n`]);
    }
    writeFileSync(script, own);
    expect((await hone('extcap', 'uninstall')).stdout).toBe(`${script}: removed\n`);
    expect(existsSync(script)).toBe(false);
    expect((await hone('extcap', 'uninstall')).stdout).toBe(`${script}: is not there\n`);
    expect((await hone('extcap', 'install')).code).toBe(0);
  });

  test('as root: the ports of testpmd are there, and packets come', async () => {
    app = await startTestpmd({ vdevs: ['net_null0', 'net_null1'] });
    await app.command('start');
    const name = `hone:${app.prefix}:net_null0`;
    const { stdout: list } = await tshark('-D');
    expect(list).toContain(`${name} (hone: `);
    const { code, stdout, stderr } = await tshark(
      '-i',
      name,
      '-f',
      'len = 64',
      '-c',
      '5',
      '-T',
      'fields',
      '-e',
      'frame.len',
      '-e',
      'frame.interface_name',
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^(64\t.*\n){5}$/);
    expect(stderr).not.toContain('Error by extcap');
    await until('the capture to end', async () => !(await tracesOf('--extcap-interface')).includes(name));
  });

  test('direction, length and metadata, as the dialog gives them', async () => {
    app = await startTestpmd({ vdevs: ['net_null0', 'net_null1'] });
    await app.command('start');
    const name = `hone:${app.prefix}:net_null0`;
    /** What each of the first packets has, each once. */
    const captured = async (field: string, ...options: string[]): Promise<string[]> => {
      const fifo = join(folder, `options-${options.join('')}`);
      const one = await captureInto(fifo, name, ...options);
      const reader = `tshark -r - -c 50 -T fields -e ${field} < '${fifo}' 2> /dev/null`;
      const { stdout } = await startProcess('sh', ['-c', reader]).finished();
      expect(await one.finished()).toMatchObject({ code: 0, stderr: '' });
      expect(stdout.split('\n')).toHaveLength(51);
      return [...new Set(stdout.trimEnd().split('\n'))];
    };
    const direction = 'frame.packet_flags_direction';
    expect(await captured(direction, '--direction', 'in')).toEqual(['0x00000001']);
    expect(await captured(direction, '--direction', 'out')).toEqual(['0x00000002']);
    expect(await captured(direction, '--direction', 'inout')).toHaveLength(2);
    expect(await captured('frame.cap_len', '--snaplen', '40')).toEqual(['40']);
    for (const line of ['stop', 'set fwd txonly', 'set txpkts 64,64', 'start']) await app.command(line);
    expect(await captured('frame.comment', '--snaplen', '100', '--meta')).toEqual(['ptype=0x0 segs=2']);
    expect(await captured('frame.comment', '--snaplen', '101')).toEqual(['']);
  });

  test('as root: why a port cannot be captured', async () => {
    app = await startTestpmd({ agent: 'none', vdevs: ['net_null0'] });
    const name = `hone:${app.pid}:-`;
    const { stdout: list } = await tshark('-D');
    expect(list).toContain(
      `${name} (hone: dpdk-testpmd ${app.pid} cannot be captured: it has no agent: hone attach ${app.pid})`,
    );
    const { code, stderr } = await tshark('-i', name, '-c', '5');
    expect(code).not.toBe(0);
    expect(stderr).toContain('it has no agent');
  });

  test("as an ordinary user: their own replay, and whose the others' are", async () => {
    const home = join(folder, 'home');
    const copy = join(folder, 'hone');
    mkdirSync(home);
    for (const part of [
      'dist',
      'package.json',
      'node_modules/koffi',
      'node_modules/@koromix',
      'node_modules/commander',
      'node_modules/fzstd',
    ]) {
      if (existsSync(join(root, part)))
        cpSync(join(root, part), join(copy, part), { recursive: true, dereference: true });
    }
    execFileSync('chown', ['-R', 'nobody', home]);
    const env = { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: home };
    const asUser = (command: string, ...args: string[]) => {
      const one = startProcess(
        'setpriv',
        ['--reuid=65534', '--regid=65534', '--clear-groups', command, ...args],
        env,
      );
      running.push(one);
      return one;
    };
    const cli = join(copy, 'dist/cli/main.js');
    await hone('extcap', 'uninstall');
    const installed = await asUser(process.execPath, cli, 'extcap', 'install').finished();
    expect(installed.stdout, installed.stderr).toBe(
      `${home}/.config/wireshark/extcap/hone: written; ports appear when Wireshark looks for interfaces next (F5)\n`,
    );
    app = await startTestpmd({ vdevs: ['net_null0'] });
    const source = asUser(process.execPath, cli, 'replay', '--sample', '--loop', '--rate', '20000');
    await source.stderrMatches(/capture with/);
    const { stdout: list } = await asUser('tshark', '-D').finished();
    expect(list).toContain('hone:sample:sample0 (hone: replay port 0 (sample0))');
    expect(list).toContain(
      `hone:${app.pid}:- (hone: dpdk-testpmd ${app.pid} cannot be captured: it belongs to root, run this as root)`,
    );
    const { code, stdout, stderr } = await asUser(
      'tshark',
      '-i',
      'hone:sample:sample0',
      '-f',
      'tcp',
      '-c',
      '5',
      '-T',
      'fields',
      '-e',
      'ip.proto',
    ).finished();
    expect(code, stderr).toBe(0);
    expect(stdout).toBe('6\n'.repeat(5));
    const refused = await asUser('tshark', '-i', `hone:${app.pid}:-`, '-c', '5').finished();
    expect(refused.stderr).toContain('it belongs to root');
  });
});

/** Command lines of processes that have a word. */
async function tracesOf(word: string): Promise<string> {
  const { stdout } = await startProcess('ps', ['-eo', 'args']).finished();
  return stdout
    .split('\n')
    .filter((line) => line.includes(word))
    .join('\n');
}
