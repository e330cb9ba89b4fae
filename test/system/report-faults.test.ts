/**
 * Applications that were made to have a fault, and what `hone report` finds: the rule, where, and whether its numbers are those of the
 * application. Together with report.test.ts (application-drops, burst-at-maximum, no-empty-polls, lcore-saturated, nobody-polls,
 * ring-full, tx-refused, mempool-low) each rule meets its fault in a real application. No adapter is here: adapter-drops is what the
 * kernel drops for net_pcap, rx-errors and tx-errors are those of net_tap, and a full link is a net_pcap that the forwarder polls
 * as a wire would feed it (examples/forwarder/faults.h).
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/findings/index.ts';
import type { Report } from '../../src/report/index.ts';
import { hone, type Running, run, startHone, startProcess, until } from './hone.ts';
import { childOf, missingDpdk, portCounter, startTestpmd, type Testpmd } from './testpmd.ts';

const folder = mkdtempSync(join(tmpdir(), 'hone-faults-'));
const example = fileURLToPath(new URL('../../examples/forwarder', import.meta.url));
const sendFrames = fileURLToPath(new URL('./send-frames.py', import.meta.url));
const [near, far] = ['hone-fa', 'hone-fb'] as const;
const SECONDS = 2;

let app: Testpmd | undefined;
let forwarder: ChildProcess | undefined;
let sender: Running | undefined;

const missing = missingDpdk() ?? missingPython();

function missingPython(): string | undefined {
  try {
    execFileSync('python3', ['-c', 'pass'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'needs python3: apt-get install python3';
  }
}

beforeAll(async () => {
  if (missing !== undefined) return;
  execFileSync('make', ['-C', example, `OUT=${join(folder, 'forwarder')}`]);
  await run('ip', 'link', 'del', near);
  await run('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far);
  for (const link of [near, far]) await silence(link);
});

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  await stopSending();
  await app?.stop();
  app = undefined;
  if (forwarder !== undefined) {
    const ended = new Promise((resolve) => forwarder!.once('close', resolve));
    forwarder.kill('SIGINT');
    await ended;
    forwarder = undefined;
  }
});

afterAll(async () => {
  if (missing === undefined) await run('ip', 'link', 'del', near);
  rmSync(folder, { recursive: true, force: true });
});

/** An interface that is up and on which the kernel says nothing of its own. */
async function silence(link: string): Promise<void> {
  await run('sysctl', '-q', '-w', `net.ipv6.conf.${link}.disable_ipv6=1`);
  await run('ip', 'link', 'set', link, 'arp', 'off', 'multicast', 'off', 'up');
}

/** @param flows SOURCE_PORT:FRAME_BYTES:COUNT @param pps 0: as many as it can */
async function send(link: string, pps: number, ...flows: readonly string[]): Promise<void> {
  await stopSending();
  sender = startProcess('python3', [sendFrames, link, `${pps}`, ...flows]);
  await sender.stderrMatches(/sending/);
}

async function stopSending(): Promise<void> {
  sender?.child.kill('SIGKILL');
  await sender?.finished();
  sender = undefined;
}

/** The example, forwarding. @param options of its own, after `--` */
async function startForwarder(vdevs: readonly string[], ...options: readonly string[]): Promise<number> {
  const running = startHone([
    ...['run', '--', join(folder, 'forwarder'), '-l', '0,1', '--no-huge', '-m', '128', '--no-pci'],
    ...['--file-prefix', `faults-${process.pid}`],
    ...vdevs.flatMap((vdev) => ['--vdev', vdev]),
    '--',
    ...options,
  ]);
  forwarder = running.child;
  await until('the forwarder', () => running.stdout().includes('forwarding between'), 60_000);
  return childOf(running.pid);
}

async function reportOn(pid: number, seconds = SECONDS): Promise<Report> {
  const { code, stdout, stderr } = await hone('report', `${pid}`, '--json', '--duration', `${seconds}`);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Report;
}

/** The one finding of a rule at a subject. */
function found({ findings }: Report, rule: string, subject: string): Finding {
  const mine = findings.filter((finding) => finding.rule === rule && finding.subject === subject);
  expect(mine, `${rule} at ${subject} in:\n${listOf(findings)}`).toHaveLength(1);
  return mine[0]!;
}

/** Reports until one has the findings: how fast a fault shows is a matter of what else this machine has to do. */
async function reportWith(
  pid: number,
  ...wanted: readonly (readonly [rule: string, subject: string])[]
): Promise<Report> {
  for (let left = 4; ; left--) {
    const report = await reportOn(pid);
    const isFound = wanted.every(([rule, subject]) =>
      report.findings.some((finding) => finding.rule === rule && finding.subject === subject),
    );
    if (isFound || left === 0) return report;
  }
}

const listOf = (findings: readonly Finding[]) =>
  findings.map(({ rule, subject, title }) => `${rule}: ${subject} ${title}`).join('\n');
const rulesOf = ({ findings }: Report) => [...new Set(findings.map(({ rule }) => rule))];
/** The first number of a text. */
const numberIn = (text: string) => Number(/[\d,]+(\.\d+)?/.exec(text)![0].replaceAll(',', ''));

test('queues that nobody polls, bursts of four, and one lcore of two that works', async () => {
  app = await startTestpmd({
    // Two lcores that forward, also on a machine of two processors.
    lcores: ['--lcores', '0@0,1@1,2@0'],
    vdevs: ['net_null0', 'net_null1,no-rx=1'],
    // As many queues are polled as can be sent on.
    app: ['--rxq=3', '--txq=1', '--nb-cores=2', '--burst=4'],
  });
  await app.command('start');
  const report = await reportOn(app.pid);
  for (const subject of ['port 0 (net_null0)', 'port 1 (net_null1)']) {
    expect(found(report, 'queue-not-polled', subject)).toMatchObject({
      severity: 'bad',
      title: 'queues 1, 2 are not polled',
      evidence: ['of its 3 receive queues 1 were polled'],
    });
  }
  const bursts = found(report, 'small-bursts', 'port 0 (net_null0) queue 0');
  expect(bursts.title).toBe('bursts have 4.0 packets under load');
  const lcores = found(report, 'lcore-imbalance', 'lcores');
  expect(lcores.title).toBe('1 of 2 do the work');
  expect(lcores.evidence[0]).toMatch(/^busy: lcore 1 \d.*; idle: lcore 2 0 %$/);
  expect(rulesOf(report)).not.toContain('nobody-polls');
});

describe('over taps', () => {
  const [inside, outside] = ['hone-tap0', 'hone-tap1'];
  const incoming = 'port 0 (net_tap0)';
  const outgoing = 'port 1 (net_tap1)';

  test('frames that do not fit, a link that is down, packets that are not sent, no mbuf left', async () => {
    app = await startTestpmd({
      vdevs: [`net_tap0,iface=${inside}`, `net_tap1,iface=${outside}`],
      app: ['--total-num-mbufs=2048', '--noisy-tx-sw-buffer-size=8192', '--noisy-tx-sw-buffer-flushtime=0'],
    });
    // The application has no room for what the other end may send.
    await run('ip', 'link', 'set', inside, 'mtu', '9000');
    for (const link of [inside, outside]) await silence(link);
    await run('ip', 'link', 'set', outside, 'down');
    await app.command('start');
    const counters = async (): Promise<readonly number[]> => [
      await portCounter(app!, 0, 'RX-errors'),
      await portCounter(app!, 1, 'TX-errors'),
    ];
    const before = await counters();
    await send(inside, 2000, '1000:4000:1', '1001:100:3');
    const report = await reportOn(app.pid);
    await stopSending();
    const after = await counters();

    expect(found(report, 'link-down', outgoing).severity).toBe('warning');
    expect(report.findings.filter(({ rule }) => rule === 'link-down')).toHaveLength(1);
    for (const [n, finding] of [
      found(report, 'rx-errors', incoming),
      found(report, 'tx-errors', outgoing),
    ].entries()) {
      const errors = numberIn(finding.evidence[0]!);
      expect(errors).toBeGreaterThan(0);
      expect(errors).toBeLessThanOrEqual(after[n]! - before[n]!);
    }
    // One frame in four is too long; all others go to the port whose link is down, where net_tap counts some of them twice.
    const { ports } = report.observation;
    expect(ports[0]!.rxErrors! / ports[0]!.rxPackets!).toBeCloseTo(1 / 3, 1);
    expect(ports[1]!.txPackets).toBe(0);
    expect(rulesOf(report)).not.toContain('no-mbuf');

    // An application that keeps more packets than it has mbufs.
    await app.command('stop');
    await app.command('set fwd noisy');
    await app.command('start');
    // Once there is none, net_tap is not told of packets any more: that has to come while the report looks.
    await send(inside, 600, '1001:100:20');
    const dry = await reportOn(app.pid, 6);
    const finding = found(dry, 'no-mbuf', incoming);
    expect(finding.severity).toBe('bad');
    expect(numberIn(finding.evidence[0]!)).toBe(dry.observation.ports[0]!.noMbuf);
    expect(finding.evidence.join('\n')).toMatch(/mempool mb_pool_0 had \d+ of 2,048 free at least/);
  });
});

test('with room for all: nothing is bad; then one flow of many goes to one queue of two', async () => {
  app = await startTestpmd({
    // The kernel spreads flows over the two sockets as RSS does over queues (PACKET_FANOUT_HASH).
    vdevs: [`net_af_packet0,iface=${far},qpairs=2`, 'net_null1,no-rx=1'],
    app: ['--rxq=2', '--txq=2'],
  });
  await app.command('start');
  await send(near, 4000, ...Array.from({ length: 16 }, (_, n) => `${2000 + n}:100:1`));
  const healthy = await reportOn(app.pid);
  expect(healthy.observation.ports[0]!.rxPackets).toBeGreaterThan(0);
  expect(healthy.observation.traffic!.flowCount).toBe(16);
  // Whether it is left alone by the kernel is this machine's affair.
  expect(rulesOf(healthy).filter((rule) => rule !== 'poll-gaps')).toEqual([]);

  // At a rate that a queue takes: what it drops would make it look less hot.
  await send(near, 20_000, '1000:500:19', '1001:100:1');
  const report = await reportWith(app.pid, ['hot-queue', 'port 0 (net_af_packet0)']);
  const hot = found(report, 'hot-queue', 'port 0 (net_af_packet0)');
  expect(numberIn(/gets (\S+) %/.exec(hot.title)![1]!)).toBeGreaterThan(90);
  expect(hot.title).toContain('one of 2 queues');
  expect(hot.evidence[1]).toMatch(
    /^one flow is large enough to make it: 10\.0\.0\.1:1000 > 10\.0\.1\.1:9 udp has 9\d(\.\d)? %/,
  );
  const elephant = found(report, 'elephant-flow', 'traffic');
  expect(elephant.title).toMatch(/^one flow has 9\d(\.\d)? % of the bytes$/);
  expect(elephant.evidence[0]).toContain('10.0.0.1:1000 > 10.0.1.1:9 udp');
});

test('too much work a packet: the stage that takes the time, and drops before the application', async () => {
  const pid = await startForwarder(
    [`net_pcap0,rx_iface=${far},tx_pcap=/dev/null`, 'net_null1,no-rx=1'],
    ...['--work', '120000'],
  );
  await send(near, 0, '1000:100:16');
  // Until the kernel's buffer of the socket is full, and the lcore has had work all the time.
  const report = await reportWith(
    pid,
    ['adapter-drops', 'port 0 (net_pcap0)'],
    ['lcore-saturated', 'lcore 1'],
  );
  const drops = found(report, 'adapter-drops', 'port 0 (net_pcap0)');
  expect(drops.severity).toBe('bad');
  expect(numberIn(drops.evidence[0]!)).toBe(report.observation.ports[0]!.missed);
  expect(drops.evidence[1]).toMatch(/^lcore 1 polls it and is \d+(\.\d+)? % busy: no time is left$/);
  const slow = found(report, 'slow-stage', 'lcore 1');
  expect(slow.title).toMatch(/^spends \d+(\.\d+)? % of its time in stage inspect$/);
  expect(slow.evidence[0]).toMatch(/ calls, .* a packet$/);
  found(report, 'lcore-saturated', 'lcore 1');
});

test('a link that is full, and an lcore that is elsewhere for 4 ms again and again', async () => {
  const pid = await startForwarder(
    [`net_pcap0,rx_pcap=${example}/traffic.pcap,infinite_rx=1`, 'net_null1,no-rx=1'],
    ...['--wire', '9500', '--stall', '4'],
  );
  const report = await reportWith(pid, ['link-full', 'port 0 (net_pcap0)']);
  const full = found(report, 'link-full', 'port 0 (net_pcap0)');
  expect(full.title).toMatch(/^receives at (9\d(\.\d)?|100) % of the link's speed$/);
  expect(full.evidence[0]).toMatch(/packets\/s of 12\d bytes at 10,000 Mbit\/s$/);
  const gaps = found(report, 'poll-gaps', 'lcore 1');
  expect(report.observation.lcores[0]!.longestGapNs).toBeGreaterThanOrEqual(4e6);
  // Fifty times a second.
  const { measuredSeconds } = report.observation.lcores[0]!;
  expect(numberIn(gaps.evidence[0]!)).toBeGreaterThanOrEqual(Math.floor(25 * measuredSeconds));
});
