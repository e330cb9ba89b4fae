/** `hone capture` end to end over replays: files, standard output, lines, signals, faults. Mostly needs nothing but Node. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, type TestContext, test } from 'vitest';
import { readCaptureFile } from '../fakes/capture-file.ts';
import { capinfos, readPackets } from './captures.ts';
import { type Running, sleep, startHone, startProcess, until } from './hone.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
let running: Running[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-capture-'));
  env = { ...process.env, XDG_RUNTIME_DIR: folder };
});

afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL');
  running = [];
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function skipWithout(context: TestContext, command: string): void {
  const found = spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
  if (!found) context.skip(`needs ${command}: apt-get install tshark`);
}

function hone(...args: string[]): Running {
  const one = startHone(args, env);
  running.push(one);
  return one;
}

async function replay(...args: string[]): Promise<Running> {
  const one = hone('replay', '--sample', ...args);
  await one.stderrMatches(/capture with/);
  return one;
}

/** Looped for ever, 5000 packets a second. */
const endless = () => replay('--loop', '--rate', '5000');

const packetsIn = (stderr: string) => Number(/Packets captured: (\d+)/.exec(stderr)?.[1]);

test('a file that tshark and capinfos read without a word, with everything that is known', async (context) => {
  skipWithout(context, 'tshark');
  const source = await endless();
  const file = join(folder, 'whole.pcapng');
  const named = ['-i', `${source.pid}/sample0`, '--ifname', 'uplink', '--ifdescr', 'to the provider'];
  const { code, stdout, stderr } = await hone(
    'capture',
    ...[...named, '-f', 'tcp port 80', '-s', '100', '-c', '200', '-w', file],
    ...['--capture-comment', 'what I looked for'],
  ).finished();
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toMatch(/^Capturing on 'uplink'\nFile: .*whole\.pcapng\nPackets captured: 200\n/);
  expect(stderr).toMatch(
    /Packets received\/dropped on interface 'uplink': 200\/0 \(pcap:0\/dumpcap:0\/flushed:0/,
  );

  const facts = capinfos(file);
  expect(facts.get('Number of packets')).toBe('200');
  expect(facts.get('Strict time order')).toBe('True');
  expect(facts.get('Capture application')).toMatch(/^hone \d/);
  expect(facts.get('File timestamp precision')).toBe('nanoseconds (9)');
  const packets = readPackets(file);
  expect(packets).toHaveLength(200);
  expect(readPackets(file, 'tcp.port == 80')).toHaveLength(200);
  for (const { interfaceName, direction, captured } of packets) {
    expect([interfaceName, direction]).toEqual(['uplink', 'in']);
    expect(captured).toBeLessThanOrEqual(100);
  }
  const { sections, interfaces, statistics } = readCaptureFile(file);
  expect(interfaces[0]!.interface.options).toMatchObject({
    if_name: 'uplink',
    if_description: 'to the provider',
    if_filter: 'tcp port 80',
    if_speed: 10_000_000_000n,
  });
  expect(sections[0]!.options.opt_comment).toEqual([
    'what I looked for',
    expect.stringMatching(`^replay ${source.pid} .*replay --sample --loop --rate 5000$`),
  ]);
  const counts = statistics[0]!.options;
  expect(counts.isb_usrdeliv).toBe(200n);
  expect(counts.isb_filteraccept!).toBeLessThan(counts.isb_ifrecv!);
  expect(counts.isb_endtime! - counts.isb_starttime!).toBeGreaterThan(0n);
});

test('pcap: the same packets, in nanoseconds', async (context) => {
  skipWithout(context, 'tshark');
  const source = await endless();
  const file = join(folder, 'whole.pcap');
  await hone('capture', '-i', `${source.pid}/all`, '-P', '-c', '50', '-w', file).finished();
  expect(capinfos(file).get('File type')).toMatch(/pcap/);
  expect(capinfos(file).get('File timestamp precision')).toBe('nanoseconds (9)');
  expect(readPackets(file)).toHaveLength(50);
});

test('two applications in one file: names that tell them apart, packets in order of time', async () => {
  const sources = [await endless(), await endless()];
  const file = join(folder, 'two.pcapng');
  const ports = sources.flatMap(({ pid }) => ['-i', `${pid}/all`]);
  // The order is that of bursts, so the times must be those of bursts.
  const clock = ['--time-stamp-type', 'host'];
  const { code } = await hone('capture', ...ports, ...clock, '-c', '3000', '-w', file).finished();
  expect(code).toBe(0);
  const { interfaces, packets, statistics } = readCaptureFile(file);
  expect(interfaces.map((record) => record.interface.name)).toEqual(
    sources.map(({ pid }) => `${pid}/sample0`),
  );
  expect(packets).toHaveLength(3000);
  const times = packets.map(({ timestampNs }) => timestampNs);
  expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));
  for (const { id } of interfaces.map((record) => record.interface)) {
    const mine = packets.filter(({ interfaceId }) => interfaceId === id);
    expect(mine.length).toBeGreaterThan(500);
    expect(statistics[id]!.options.isb_usrdeliv).toBe(BigInt(mine.length));
  }
});

test('several files: each whole, with as many packets as asked for, together all of them', async () => {
  const source = await endless();
  const path = join(folder, 'ring.pcapng');
  const { stderr } = await hone(
    ...['capture', '-i', `${source.pid}/all`, '-w', path, '-b', 'packets:300', '-c', '1000'],
  ).finished();
  const names = readdirSync(folder).filter((name) => name.startsWith('ring_'));
  expect(names).toHaveLength(4);
  for (const [n, name] of names.sort().entries()) {
    expect(name).toMatch(new RegExp(`^ring_0000${n + 1}_\\d{14}\\.pcapng$`));
    expect(stderr).toContain(`File: ${join(folder, name)}\n`);
    const { shape, packets } = readCaptureFile(join(folder, name));
    expect(shape).toEqual(['section', 'interface', 'packet', 'statistics']);
    expect(packets).toHaveLength(n < 3 ? 300 : 100);
  }
});

test('files by time, the last two kept; fractions of a second count', async () => {
  const source = await endless();
  const path = join(folder, 'timed.pcapng');
  const conditions = ['-b', 'duration:0.2', '-b', 'files:2', '-a', 'duration:1.1'];
  const { code, stderr } = await hone(
    ...['capture', '-i', `${source.pid}/all`, '-w', path, ...conditions],
  ).finished();
  expect(code).toBe(0);
  expect(stderr.match(/^File: /gm)!.length).toBeGreaterThanOrEqual(5);
  const names = readdirSync(folder).filter((name) => name.startsWith('timed_'));
  expect(names).toHaveLength(2);
  for (const name of names) readCaptureFile(join(folder, name));
});

test('-w - puts nothing but the file on standard output', async () => {
  const source = await endless();
  const file = join(folder, 'stdout.pcapng');
  const command = `"$0" dist/cli/main.js capture -i ${source.pid}/all -c 100 -w - >'${file}'`;
  const { code, stderr } = await startProcess('sh', ['-c', command, process.execPath], env).finished();
  expect(code).toBe(0);
  expect(stderr).toContain('Packets captured: 100\n');
  expect(readCaptureFile(file).packets).toHaveLength(100);
});

test('a reader that goes away ends the capture, with 0', async () => {
  const source = await endless();
  const one = hone('capture', '-i', `${source.pid}/all`, '-w', '-');
  await one.stderrMatches(/Capturing on/);
  one.child.stdout!.destroy();
  const { code, stderr } = await one.finished();
  expect(code).toBe(0);
  expect(stderr).toMatch(/Packets captured: \d+\n/);
});

test('a reader that does not read: signals still arrive, the second one does not wait for it', async () => {
  const source = await replay('--loop', '--rate', '50000');
  const one = hone('capture', '-i', `${source.pid}/all`, '-w', '-');
  await one.stderrMatches(/Capturing on/);
  one.child.stdout!.pause();
  await sleep(700);
  one.child.kill('SIGUSR1');
  await one.stderrMatches(/Packets captured: /);
  one.child.kill('SIGINT');
  await sleep(300);
  expect(one.child.exitCode).toBeNull();
  one.child.kill('SIGINT');
  await until('the capture to end', () => one.child.exitCode !== null);
  expect(one.child.exitCode).toBe(0);
});

test('lines: one a packet, in the time style asked for', async () => {
  const source = await endless();
  const { code, stdout } = await hone(
    ...['capture', '-i', `${source.pid}/all`, '-c', '20', '-te', 'udp', 'and', 'ip'],
  ).finished();
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(20);
  for (const line of lines) expect(line).toMatch(/^\d{10}\.\d{9} sample0 In {2}.*UDP, length \d+$/);
});

test('SIGUSR1 prints the counts and the capture goes on; SIGINT and SIGTERM end it with a whole file', async () => {
  const source = await endless();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const file = join(folder, `${signal}.pcapng`);
    const one = hone('capture', '-i', `${source.pid}/all`, '-w', file);
    await one.stderrMatches(/File: /);
    await sleep(200);
    one.child.kill('SIGUSR1');
    await one.stderrMatches(/Packets captured: \d+\n.*seen:\d+/);
    const before = packetsIn(one.stderr());
    await sleep(200);
    one.child.kill(signal);
    one.child.kill(signal);
    const { code, stderr } = await one.finished();
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/debugger/i);
    const { packets, shape } = readCaptureFile(file);
    expect(packets.length).toBeGreaterThan(before);
    expect(stderr.match(/Packets captured: (\d+)/g)!.at(-1)).toBe(`Packets captured: ${packets.length}`);
    expect(shape.at(-1)).toBe('statistics');
  }
});

test('an application that is killed: a whole file, and exit code 3', async () => {
  const source = await endless();
  const file = join(folder, 'killed.pcapng');
  const one = hone('capture', '-i', `${source.pid}/all`, '-w', file);
  await one.stderrMatches(/File: /);
  await sleep(400);
  source.child.kill('SIGKILL');
  const { code, stderr } = await one.finished();
  expect(code).toBe(3);
  expect(stderr).toMatch(new RegExp(`hone capture: replay ${source.pid} ended: .*\n$`));
  const { packets, shape } = readCaptureFile(file);
  expect(packets).toHaveLength(packetsIn(stderr));
  expect(packets.length).toBeGreaterThan(100);
  expect(shape.at(-1)).toBe('statistics');
});

test('what is wrong is said in one message, before anything is made', async () => {
  const source = await endless();
  const port = `${source.pid}/all`;
  const file = join(folder, 'never.pcapng');
  for (const { args, message } of [
    { args: ['-i', port, '-f', 'tcp prot 80'], message: /\n {2}tcp prot 80\n {6}\^\^\^\^\n/ },
    { args: ['-i', `${source.pid}/sampel0`], message: /did you mean "sample0"\?/ },
    {
      args: ['-i', port, '-a', 'duration:soon'],
      message: /^hone capture: -a duration:soon: expected seconds/,
    },
    {
      args: ['-i', port, '-i', `${source.pid}/0`, '-i', `${source.pid}/sample0`],
      message: /was named before/,
    },
    { args: ['-i', port, '--colour'], message: /^hone capture: unknown option '--colour'/ },
  ]) {
    const { code, stdout, stderr } = await hone('capture', '-w', file, ...args).finished();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  }
  const place = join(folder, 'nowhere', 'x.pcapng');
  const { code, stderr } = await hone('capture', '-i', port, '-w', place).finished();
  expect(code).toBe(1);
  expect(stderr).toBe(`hone capture: cannot open ${place} for writing: no such file or directory (ENOENT)\n`);
  expect(existsSync(file)).toBe(false);
});

test('an unknown command names the nearest', async () => {
  const { code, stderr } = await hone('captrue').finished();
  expect([code, stderr]).toEqual([1, 'hone: no command "captrue", did you mean "capture"?\n']);
});

test('memory stays small, however fast packets come', async () => {
  const source = await replay('--loop', '--rate', 'max');
  const one = hone('capture', '-i', `${source.pid}/all`, '-w', '/dev/null');
  await one.stderrMatches(/Capturing on/);
  await sleep(1500);
  const status = readFileSync(`/proc/${one.pid}/status`, 'utf8');
  const kib = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]);
  // Without RssShmem, the rings.
  expect((kib('RssAnon') + kib('RssFile')) / 1024).toBeLessThan(300);
  one.child.kill('SIGINT');
  expect(packetsIn((await one.finished()).stderr)).toBeGreaterThan(10_000);
});

test('the demonstration works without DPDK, says where its file is, and leaves no process', async () => {
  const { code, stdout, stderr } = await startHone(['demo'], { ...env, PATH: '/nonexistent' }).finished();
  expect([code, stderr.match(/Packets captured: /g)]).toEqual([
    0,
    ['Packets captured: ', 'Packets captured: '],
  ]);
  expect(stdout).toContain('without dpdk-testpmd: it is not installed\n');
  expect(stdout).toContain('capturing from a replay');
  expect(stdout.match(/sample0 In .*\.80[ :]/g)!.length).toBeGreaterThanOrEqual(8);
  const file = /-w (\S+\/demo\.pcapng)/.exec(stdout)![1]!;
  expect(readCaptureFile(file).packets).toHaveLength(Number([...stderr.matchAll(/captured: (\d+)/g)][1]![1]));
  const pid = Number(/capture -i (\d+)\/all/.exec(stdout)![1]);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  rmSync(join(file, '..'), { recursive: true });
});
