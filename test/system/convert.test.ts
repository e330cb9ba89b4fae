/**
 * hone convert, as a person runs it: a recording of a live dpdk-testpmd with its packets, and one of a replay, read by what others
 * have written: protoc, babeltrace2, tshark.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dpdkPoints } from '../../src/tracepoints/index.ts';
import { writeSample } from './captures.ts';
import { type Finished, hone, type Running, sleep, startHone } from './hone.ts';
import { haveProtoc, readPerfetto } from './perfetto.ts';
import { missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';

const haveBabeltrace = spawnSync('babeltrace2', ['--version']).status === 0;

let folder: string;
let running: Running | undefined;
let app: Testpmd | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-convert-'));
});
afterEach(async () => {
  running?.child.kill('SIGKILL');
  await app?.kill();
  [running, app] = [undefined, undefined];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A converted file, or folder. */
async function convert(
  recording: string,
  format: string,
  ...more: readonly string[]
): Promise<Finished & { path: string }> {
  const path = join(folder, `out.${format}`);
  rmSync(path, { recursive: true, force: true });
  return { path, ...(await hone('convert', recording, '--to', format, '-w', path, ...more)) };
}

function babeltrace(path: string): string[] {
  const { stdout, stderr } = spawnSync('babeltrace2', [path], { encoding: 'utf8', maxBuffer: 1 << 30 });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

function packetsIn(path: string): number {
  return execFileSync('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.number'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .toString()
    .trimEnd()
    .split('\n').length;
}

describe.skipIf(!haveBabeltrace || !haveProtoc)('a recording', () => {
  let recording: string;
  let events: string[];
  let packets: number;
  const count = (pattern: RegExp) => events.filter((line) => pattern.test(line)).length;

  beforeAll(async () => {
    recording = join(folder, 'replayed');
    running = startHone(['replay', '--sample', '--rate', '3000']);
    await running.stderrMatches(/^replay \d+/m);
    const points = ['dpdk:rx_burst', 'dpdk:rx_packet'].flatMap((point) => ['-e', point]);
    const { code, stderr } = await hone(
      ...['record', '-p', String(running.pid), '-o', recording, ...points],
      ...['--packets', '-i', 'all', '-a', 'duration:1'],
    );
    expect(stderr).toContain('discarded: 0');
    expect(code).toBe(0);
    events = babeltrace(join(recording, 'events'));
    packets = packetsIn(join(recording, 'packets.pcapng'));
    expect(events.length).toBeGreaterThan(1000);
  });

  test('becomes a timeline: every event and every packet is in it, joined by their numbers', async () => {
    const { code, stderr, path } = await convert(recording, 'perfetto');
    expect(stderr).toBe(`${events.length} events and ${packets} packets converted\n`);
    expect(code).toBe(0);
    const { begins, ends, instants, flowsOf } = readPerfetto(path);
    expect(begins).toBe(count(/rx\.burst\.nonempty/));
    expect(ends).toBe(begins);
    expect(instants).toBe(count(/rx_packet/) + packets);
    // The capture begins and ends at other times than the events.
    expect(flowsOf(2)).toBeGreaterThan(count(/rx_packet/) / 2);
    expect(flowsOf(3)).toBe(0);
  });

  test('becomes a CTF trace that has all of it, and that converts as the recording does', async () => {
    const { code, path } = await convert(recording, 'ctf');
    expect(code).toBe(0);
    const lines = babeltrace(path);
    expect(lines.length).toBe(events.length + packets);
    const bare = (line: string) => line.replace(/ \(\+\S+\)|^\S* ?hone:\S*|\{ cpu_id.*?\}, /g, '');
    const fieldsOf = (line: string) =>
      /(?<=\{ )port_id.*/.exec(bare(line))?.[0].replaceAll(/0x[\dA-F]+/g, (hex) => String(BigInt(hex)));
    expect(lines.filter((line) => !/ packet: /.test(line)).map(fieldsOf)).toEqual(events.map(fieldsOf));
    const again = await hone(
      'convert',
      path,
      '--to',
      'json',
      '-e',
      'event',
      '-e',
      'time',
      '-e',
      'packet_id',
      '-q',
    );
    const once = await hone(
      'convert',
      recording,
      '--to',
      'json',
      '-e',
      'event',
      '-e',
      'time',
      '-e',
      'packet_id',
      '-q',
    );
    expect(again.stdout.split('\n').sort()).toEqual(once.stdout.split('\n').sort());
  });

  test('becomes the packets alone, counting what is left out', async () => {
    const { stderr, path } = await convert(recording, 'pcapng');
    expect(stderr).toMatch(new RegExp(`^${events.length} events left out: pcapng holds packets$`, 'm'));
    expect(packetsIn(path)).toBe(packets);
  });

  test('becomes lines in the order of time, as babeltrace2 and tshark have it', async () => {
    const { stdout } = await hone('convert', recording, '--to', 'text', '-t', 'e', '-q');
    const times = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0]!);
    expect(times.length).toBe(events.length + packets);
    expect(times).toEqual(times.toSorted());
  });

  test('answers scripts as babeltrace2 counts', async () => {
    const { stdout } = await hone(
      ...['trace', '--read', recording, '-q', '-e'],
      'dpdk:rx_packet { @all = count(); } dpdk:rx_packet /args.len > 200/ { @long = count(); } dpdk:rx_burst { @burst = sum(args.nb_rx); }',
    );
    const long = events.filter((line) => Number(/rx_packet.* len = (\d+)/.exec(line)?.[1] ?? 0) > 200).length;
    const burst = events.reduce((sum, line) => sum + Number(/nb_rx = (\d+)/.exec(line)?.[1] ?? 0), 0);
    expect(stdout).toContain(`@all: ${count(/rx_packet/)}\n`);
    expect(stdout).toContain(`@long: ${long}\n`);
    expect(stdout).toContain(`@burst: ${burst}\n`);
  });

  test('that is damaged gives what is before the damage, and says where it is', async () => {
    const damaged = join(folder, 'damaged');
    cpSync(recording, damaged, { recursive: true });
    const stream = join(damaged, 'events', 'stream-0');
    truncateSync(stream, Math.floor(statSync(stream).size / 2));
    appendFileSync(join(damaged, 'packets.pcapng'), 'no block');
    const { code, stderr, stdout } = await hone('convert', damaged, '--to', 'json', '-q');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(lines.filter((event) => event === 'packet')).toHaveLength(packets);
    expect(lines.length - packets).toBeGreaterThan(events.length / 4);
    expect(lines.length - packets).toBeLessThan(events.length);
    expect(stderr).toMatch(/stream-0.*packets\.pcapng/s);
    expect(code).toBe(1);
  });

  test('that nobody wants, or into itself', async () => {
    const packetsPath = join(recording, 'packets.pcapng');
    const before = readFileSync(packetsPath);
    const { code, stderr } = await hone('convert', recording, '--to', 'pcapng', '-w', packetsPath);
    expect(stderr).toBe(`hone convert: -w ${packetsPath}: is the file that is read (${packetsPath})\n`);
    expect(code).toBe(1);
    expect(readFileSync(packetsPath).equals(before)).toBe(true);
    const text = join(folder, 'text');
    writeFileSync(text, 'no capture at all');
    const other = await hone('convert', text, '--to', 'json');
    expect(other.stderr).toContain(`${text}: not a capture file`);
    expect(other.code).toBe(1);
    const ctf = await hone('convert', recording, '--to', 'ctf', '-w', recording);
    expect(ctf.stderr).toContain('expected a new or an empty folder');
  });
});

describe.skipIf(missingDpdk() !== undefined || !haveBabeltrace || !haveProtoc)('a live testpmd', () => {
  test('becomes one timeline of packets and events, for Perfetto and as CTF', async () => {
    const sample = writeSample('convert.pcap', 2000);
    app = await startTestpmd({
      vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
    });
    const recording = join(folder, 'live');
    const observed = dpdkPoints.filter(({ name }) => name === 'dpdk:port_stats');
    const points = ['dpdk:rx_burst', 'dpdk:tx_burst', 'dpdk:rx_packet', 'dpdk:tx_packet'];
    running = startHone([
      ...['record', '-p', String(app.pid), '-o', recording, '--packets', '-i', 'all'],
      ...[...points, ...observed.map(({ name }) => name)].flatMap((point) => ['-e', point]),
    ]);
    await running.stderrMatches(/^Recording /m);
    await app.command('start');
    await sleep(1500);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.finished();
    expect(stderr).toMatch(/Events recorded: \d+, discarded: 0/);
    expect(code).toBe(0);
    const { stdout } = spawnSync('babeltrace2', [join(recording, 'events')], {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    });
    const events = stdout.trimEnd().split('\n');
    const perfetto = await convert(recording, 'perfetto');
    expect(perfetto.code).toBe(0);
    const { begins, counters, flowsOf } = readPerfetto(perfetto.path);
    expect(begins).toBe(events.filter((line) => line.includes('rx.burst.nonempty')).length);
    expect(counters > 0).toBe(observed.length > 0);
    // Captured, received, sent; the captured packet that was sent may be a flow of its own that meets this one.
    expect(flowsOf(3)).toBeGreaterThan(0);
    const ctf = await convert(recording, 'ctf');
    expect(ctf.code).toBe(0);
    const packets = packetsIn(join(recording, 'packets.pcapng'));
    const merged = spawnSync('babeltrace2', [ctf.path], { encoding: 'utf8', maxBuffer: 1 << 30 })
      .stdout.trimEnd()
      .split('\n');
    expect(merged.length).toBe(events.length + packets);
  });
});
