/**
 * `hone report` on real applications: a forwarder that drops, testpmd that is saturated, one that polls
 * nothing, one whose rings are full; counts against the applications' own, and nothing left behind.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { hone, type Running, startHone, until } from './hone.ts';
import { childOf, heldMemory, missingDpdk, portCounter, startTestpmd, type Testpmd } from './testpmd.ts';

const folder = mkdtempSync(join(tmpdir(), 'hone-report-'));
const example = fileURLToPath(new URL('../../examples/forwarder', import.meta.url));
let app: Testpmd | undefined;
let child: ChildProcess | undefined;

const missing = missingDpdk();

beforeAll(() => {
  if (missing === undefined) execFileSync('make', ['-C', example, `OUT=${join(folder, 'forwarder')}`]);
});

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  await app?.stop();
  app = undefined;
  child?.kill('SIGINT');
  child = undefined;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function reportOn(pid: number, ...more: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await hone('report', `${pid}`, '--json', '--duration', '3', ...more);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Report;
}

let forwarders = 0;

/** Of packets of which one in 16 has a TTL of 1. */
function startForwarder(): Running {
  const running = startHone([
    ...['run', '--', join(folder, 'forwarder'), '-l', '0,1', '--no-huge', '-m', '128', '--no-pci'],
    ...[
      '--file-prefix',
      `report-${process.pid}-${++forwarders}`,
      '--vdev',
      `net_pcap0,rx_pcap=${example}/traffic.pcap,infinite_rx=1`,
    ],
    ...['--vdev', 'net_null1,no-rx=1'],
  ]);
  child = running.child;
  return running;
}

const rulesOf = ({ findings }: Report) => findings.map(({ rule }) => rule);

async function saturated(...more: readonly string[]): Promise<Testpmd> {
  app = await startTestpmd({ vdevs: ['net_null0', 'net_null1'], app: more });
  await app.command('start');
  return app;
}

test('a forwarder that drops: which, how many, from where, what to do next; the page says it too', async () => {
  const running = startForwarder();
  await until('the forwarder', () => running.stdout().includes('forwarding between'), 60_000);
  const pid = childOf(running.pid);
  const page = join(folder, 'report.html');
  const report = await reportOn(pid, '--target', 'drop=0, pps>1', '--html', page);
  // One packet in 16 of the file has a TTL of 1.
  const { ports, drops, stages, traffic, lcores } = report.observation;
  expect(drops).toMatchObject([{ portId: 0, reason: 'ttl' }]);
  const { packets, countedSeconds } = drops![0]!;
  const { rxPackets, seconds } = ports[0]!;
  // Counted in whiles where they are many, while the forwarder is now faster and now slower.
  const share = packets / countedSeconds / (rxPackets! / seconds);
  expect(share * 16).toBeGreaterThan(0.6);
  expect(share * 16).toBeLessThan(1.6);
  expect(report.goals.map(({ isMet }) => isMet)).toEqual([false, true]);
  const [worst] = report.findings;
  expect(worst).toMatchObject({ rule: 'application-drops', severity: 'bad' });
  expect(worst!.next[0]!.command).toContain(`hone trace -p ${pid} `);
  expect(stages.map(({ name }) => name)).toEqual(['decide']);
  expect(stages[0]!.ns).toBeLessThan(1e9 * stages[0]!.measuredSeconds);
  expect(traffic!.flowCount).toBe(14);
  expect(traffic!.protocols.map(({ name }) => name)).toEqual(['udp']);
  expect(lcores).toMatchObject([{ lcore: 1 }]);
  expect(rulesOf(report)).toContain('burst-at-maximum');
  expect(readFileSync(page, 'utf8')).toContain('drops');
  expect(heldMemory(pid)).toEqual([]);
  // The next step leads to who sends them.
  const script = /-e '(.*)'$/.exec(worst!.next[0]!.command)![1]!;
  const { stdout } = await hone('trace', '-p', `${pid}`, '--duration', '1', '-e', script);
  expect(stdout).toContain('@[10.0.0.66, 10.9.9.9]');
});

test('a saturated testpmd: full bursts, no empty polls, no time left; its counters are those of the report', async () => {
  const { pid } = await saturated();
  const before = await portCounter(app!, 0, 'RX-packets');
  const report = await reportOn(pid);
  const after = await portCounter(app!, 0, 'RX-packets');
  const { rxPackets } = report.observation.ports[0]!;
  expect(rxPackets).toBeGreaterThan(0);
  expect(rxPackets).toBeLessThanOrEqual(after - before);
  expect(rulesOf(report)).toEqual(
    expect.arrayContaining(['burst-at-maximum', 'no-empty-polls', 'lcore-saturated']),
  );
  expect(rulesOf(report)).not.toContain('application-drops');
  expect(report.observation.queues.find(({ direction }) => direction === 'in')).toMatchObject({
    askedBurst: 32,
    tids: [report.observation.lcores[0]!.tid],
  });
  expect(report.observation.mempools.map(({ name }) => name)).toContain('mb_pool_0');
  expect(report.observation.unknown.join()).toContain('does not say what it drops');
  expect(report.price).toBeGreaterThan(0);
  expect(report.price).toBeLessThan(0.1);
});

test('nobody polls', async () => {
  app = await startTestpmd({ vdevs: ['net_null0', 'net_null1'] });
  const report = await reportOn(app.pid);
  expect(rulesOf(report)).toContain('nobody-polls');
  expect(report.observation.lcores).toEqual([]);
});

test('rings from which nobody takes: full, sending is refused, the mempool is nearly used up', async () => {
  app = await startTestpmd({
    vdevs: ['net_ring0', 'net_ring1'],
    app: ['--forward-mode=txonly', '--total-num-mbufs=2200'],
  });
  await app.command('start');
  const report = await reportOn(app.pid);
  expect(rulesOf(report)).toEqual(
    expect.arrayContaining(['ring-full', 'tx-refused', 'mempool-low', 'nobody-polls']),
  );
  const full = report.observation.rings.filter(({ most, size }) => most === size).map(({ name }) => name);
  expect(full.filter((name) => name.includes('net_ring'))).toHaveLength(2);
  const [port] = report.observation.ports;
  expect(port!.txPackets).toBe(0);
  expect(port!.refused).toBe(port!.offered);
});

test('files and applications are told apart', async () => {
  const capture = `${example}/traffic.pcap`;
  for (const args of [[capture], ['--read', capture]]) {
    const { code, stdout } = await hone('report', ...args);
    expect(code).toBe(0);
    expect(stdout).toContain('a recording');
  }
  for (const [args, words] of [
    [['missing.pcapng'], 'cannot read missing.pcapng'],
    [['./missing'], 'cannot read ./missing'],
    [['--duration', '3', capture], 'recorded files, which are read whole'],
    [['12', capture], 'expected one application, or files'],
    [['nothing-like-this'], 'no file nothing-like-this'],
  ] as const) {
    const { code, stdout, stderr } = await hone('report', ...args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(words);
  }
});

test('a report that is killed leaves nothing behind', async () => {
  const { pid } = await saturated();
  const running = startHone(['report', `${pid}`, '--json']);
  await until('the report to look', () => heldMemory(pid).length > 0);
  running.child.kill('SIGKILL');
  await running.finished();
  await until('the agent to let go', () => heldMemory(pid).length === 0);
});

test('a signal ends it early, with what was seen', async () => {
  const { pid } = await saturated();
  const running = startHone(['report', `${pid}`]);
  await until('the report to look', () => heldMemory(pid).length > 0);
  running.child.kill('SIGINT');
  const { code, stdout } = await running.finished();
  expect(code).toBe(0);
  expect(stdout).toContain('== Findings');
});

test('bad input is one line', async () => {
  for (const [args, words] of [
    [['--target', 'speed>1'], 'no metric speed'],
    [['--duration', '0'], '--duration 0: expected seconds, 1 to 86400'],
    [['nothing-like-this'], 'no'],
  ] as const) {
    const { code, stderr, stdout } = await hone('report', ...args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(words);
  }
});
