/**
 * `hone report --read` on what was recorded from the example forwarder: packets and events of one session, counted
 * independently by tshark and babeltrace2; and each of them alone.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { hone, startHone } from './hone.ts';
import { missingDpdk } from './testpmd.ts';

const folder = mkdtempSync(join(tmpdir(), 'hone-report-recording-'));
const example = fileURLToPath(new URL('../../examples/forwarder', import.meta.url));
const recorded = join(folder, 'out');
const counters = join(folder, 'counters');
const missing = missingDpdk();

beforeAll(async () => {
  if (missing !== undefined) return;
  const program = join(folder, 'forwarder');
  execFileSync('make', ['-s', '-C', example, `OUT=${program}`]);
  const prefix = `recording-${process.pid}`;
  const traffic = join(example, 'traffic.pcap');
  const running = startHone([
    ...['run', '--', program, '-l', '0,1', '--no-huge', '-m', '128', '--no-pci', '--file-prefix', prefix],
    ...['--vdev', `net_pcap0,rx_pcap=${traffic},infinite_rx=1`, '--vdev', 'net_null1,no-rx=1'],
  ]);
  try {
    const events = ['dpdk:rx_poll', 'dpdk:tx_burst', 'app:dataplane:*', 'dpdk:port_stats', 'dpdk:*_level'];
    for (let tries = 0; ; tries++) {
      const done = await hone(
        ...['record', '-t', prefix, '-o', recorded, '-a', 'events:40000', '-B', '64'],
        ...events.flatMap((event) => ['-e', event]),
        ...['--packets', '-f', 'ip[8] <= 1'],
      );
      if (done.code === 0) break;
      // It may not be there yet.
      if (tries === 100) throw new Error(done.stderr);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const sampled = await hone(
      ...['record', '-t', prefix, '-o', counters, '-a', 'duration:1'],
      ...['-e', 'dpdk:port_stats', '-e', 'app:dataplane:stage_end /args.count < 32/'],
    );
    if (sampled.code !== 0) throw new Error(sampled.stderr);
  } finally {
    running.child.kill('SIGINT');
    await running.finished();
    rmSync(join('/var/run/dpdk', prefix), { recursive: true, force: true });
  }
});

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function report(path: string, ...more: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await hone('report', '--read', path, '--json', ...more);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Report;
}

const rulesOf = ({ findings }: Report) => findings.map(({ rule }) => rule);
const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);

function linesOf(command: string, ...args: readonly string[]): string[] {
  const text = execFileSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text.trim().split('\n');
}

test('packets and events of one session: findings, targets, and the counts of other readers', async () => {
  const whole = await report(recorded, '--target', 'drop=0, pps>=1');
  const { observation, goals } = whole;
  expect(observation).toMatchObject({ source: 'recording', label: recorded });
  expect(rulesOf(whole)).toEqual(
    expect.arrayContaining(['application-drops', 'burst-at-maximum', 'no-empty-polls']),
  );
  expect(goals.map(({ isMet }) => isMet)).toEqual([false, true]);
  const events = linesOf('babeltrace2', join(recorded, 'events'));
  const count = (pattern: RegExp) => events.filter((line) => pattern.test(line)).length;
  expect(sum(observation.drops!.map(({ packets }) => packets))).toBe(count(/ app:dataplane:drop: /));
  const [received] = observation.queues.filter(({ portId, direction }) => portId === 0 && direction === 'in');
  expect(sum(received!.bySize)).toBe(count(/ lib\.ethdev\.rx\.burst\.nonempty: .*port_id = 0,/));
  // A recording may begin within a stage: an end without its beginning is no call.
  const begun = new Set<string>();
  const calls = events.filter((line) => {
    const [, side, stage] = / app:dataplane:stage_(begin|end): .*stage = "([^"]*)"/.exec(line) ?? [];
    if (side === 'begin') begun.add(stage!);
    return side === 'end' && begun.delete(stage!);
  });
  expect(calls.length).toBeGreaterThan(0);
  expect(sum(observation.stages.map((stage) => stage.calls))).toBe(calls.length);
  expect(observation.lcores.map(({ lcore }) => lcore)).toEqual([1]);
  const packets = linesOf(
    'tshark',
    '-r',
    join(recorded, 'packets.pcapng'),
    '-T',
    'fields',
    '-e',
    'frame.len',
  );
  expect(observation.traffic?.packets).toBe(packets.length);
  expect(observation.traffic?.bytes).toBe(sum(packets.map(Number)));
  expect(observation.unknown.join()).toContain('through a filter');
  // Its next step works on the files.
  const script = /--read \S+ -e '(.*)'$/.exec(whole.findings[0]!.next[0]!.command)![1]!;
  expect((await hone('trace', '--read', recorded, '-e', script)).stdout).toContain('@[10.0.0.66, 10.9.9.9]');
});

test("counters of ports: the driver's, of the time from the first sample to the last", async () => {
  const { observation } = await report(counters);
  const samples = linesOf('babeltrace2', '--clock-seconds', counters)
    .filter((line) => / dpdk:port_stats: .*port_id = 0,/.test(line))
    .map((line) => /^\[(\d+)\.(\d+)\].* ipackets = (\d+),/.exec(line)!)
    .map(([, seconds, ns, packets]) => ({ ns: BigInt(`${seconds}${ns}`), packets: Number(packets) }));
  expect(samples.length).toBeGreaterThan(2);
  const [first, last] = [samples[0]!, samples.at(-1)!];
  const seconds = Number(last.ns - first.ns) / 1e9;
  expect(observation.ports[0]).toMatchObject({ seconds, rxPackets: last.packets - first.packets });
  expect(observation.unknown.join('\n')).toMatch(/what ports 0(, 1)? did in the first \S+ \S+ and the last /);
  const pps = (last.packets - first.packets) / seconds;
  for (const { rxPps } of observation.series) expect(rxPps! / pps).toBeCloseTo(1, 0);
  const goals = await report(counters, '--target', 'pps>1');
  expect(goals.goals[0]!.measured).toBeCloseTo(pps, 3);
});

test('packets alone: what they are, and what they cannot tell', async () => {
  const { observation, findings } = await report(join(recorded, 'packets.pcapng'));
  expect(observation.traffic!.packets).toBeGreaterThan(0);
  expect(observation.ports).toMatchObject([
    { portId: 0, name: 'net_pcap0', driver: 'net_pcap', missed: 0, txPackets: null },
    { portId: 1, name: 'net_null1' },
  ]);
  expect(observation).toMatchObject({ lcores: [], drops: null });
  expect(observation.queues.flatMap(({ bySize }) => bySize)).toEqual([]);
  expect(observation.unknown.join('\n')).toMatch(/no polls recorded: .*hone record -e dpdk:rx_poll/);
  expect(findings).toEqual([]);
});

test('events alone; text and page', async () => {
  const page = join(folder, 'report.html');
  const { code, stdout } = await hone('report', '--read', join(recorded, 'events'), '--html', page);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^hone \S+ report: .*events, a recording, /);
  expect(stdout).toMatch(/BAD: application drops .* packets\/s: ttl/);
  expect(stdout).toContain(`$ hone trace --read ${join(recorded, 'events')} -e `);
  expect(stdout).toContain('sizes, protocols, flows: no packets recorded');
  expect(stdout).not.toMatch(/perf top|--pid| -p /);
  expect(linesOf('head', '-1', page)).toEqual(['<!DOCTYPE html>']);
});

test('a damaged recording gives what is before the damage, and says so', async () => {
  const cut = join(folder, 'cut');
  cpSync(recorded, cut, { recursive: true });
  truncateSync(join(cut, 'packets.pcapng'), 100_001);
  const { code, stdout, stderr } = await hone('report', '--read', cut, '--json');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^hone report: [^\n]*packets\.pcapng[^\n]*\n$/);
  const { observation } = JSON.parse(stdout) as Report;
  expect(observation.traffic!.packets).toBeGreaterThan(100);
  expect(observation.unknown.join('\n')).toMatch(/damage: .*packets\.pcapng/);
});

test.each([
  [['--read', '/no/such/file'], /\/no\/such\/file/],
  [['12', 'x.pcapng'], /got application 12 and x\.pcapng: expected one application, or files/],
  [
    ['--read', 'x.pcapng', '--duration', '3'],
    /--duration 3: got x\.pcapng, recorded files, which are read whole/,
  ],
])('%j is one line', async (args, message) => {
  const { code, stdout, stderr } = await hone('report', ...args);
  expect(stderr).toMatch(/^hone report: [^\n]*\n$/);
  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});
