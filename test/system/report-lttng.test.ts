/** `hone report` on what LTTng recorded of the example forwarder: drops and stages are those that babeltrace2 reads in the trace. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { hone, run, sleep, startProcess, until } from './hone.ts';
import { missingLttng, startLttng } from './lttng.ts';
import { missingDpdk } from './testpmd.ts';

const folder = mkdtempSync(join(tmpdir(), 'hone-report-lttng-'));
const example = fileURLToPath(new URL('../../examples/forwarder', import.meta.url));

beforeEach((context) => {
  const missing = missingDpdk() ?? missingLttng();
  if (missing !== undefined) context.skip(missing);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All of traffic.pcap once. @returns the folder of the trace */
async function recordForwarder(name: string, contexts: readonly string[]): Promise<string> {
  const program = join(folder, `forwarder-${name}`);
  execFileSync('make', ['-s', '-C', example, 'LTTNG=1', `OUT=${program}`]);
  const session = await startLttng({ home: join(folder, name), events: 'dataplane:*', contexts });
  try {
    const prefix = `report-lttng-${process.pid}-${name}`;
    const eal = ['-l', '0,1', '--no-huge', '-m', '128', '--no-pci', '--file-prefix', prefix];
    const vdevs = [
      ...['--vdev', `net_pcap0,rx_pcap=${example}/traffic.pcap,tx_pcap=/dev/null`],
      ...['--vdev', 'net_null1,no-rx=1'],
    ];
    const forwarder = startProcess(program, [...eal, ...vdevs], session.env);
    await until('forwarding', () => forwarder.stdout().includes('forwarding between'), 60_000);
    await sleep(500);
    forwarder.child.kill('SIGINT');
    const { code, stdout } = await forwarder.finished();
    expect(code, stdout).toBe(0);
    session.stop();
    return session.trace;
  } finally {
    await session.remove();
  }
}

async function report(trace: string): Promise<Report> {
  const { code, stdout, stderr } = await hone('report', '--read', trace, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Report;
}

const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);

test('drops by reason and port, stages by thread: the counts of babeltrace2', async () => {
  const trace = await recordForwarder('threads', ['vtid', 'vpid']);
  const { observation, findings, price } = await report(trace);
  const read = await run('babeltrace2', trace);
  expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: '' });
  const lines = read.stdout.split('\n');
  const of = (name: string) => lines.filter((line) => line.includes(` dataplane:${name}: `));
  const drops = of('drop').map((line) => /port = (\d+),.* reason = \( "(\w+)"/.exec(line)!.slice(1).join());
  expect(drops.length).toBeGreaterThan(0);
  expect(observation.drops).toMatchObject(
    [...new Set(drops)].map((one) => {
      const [port, reason] = one.split(',');
      return { portId: Number(port), reason, packets: drops.filter((other) => other === one).length };
    }),
  );
  const ends = of('stage_end');
  const counts = ends.map((line) => Number(/count = (\d+)/.exec(line)![1]));
  const [vtid] = ends.map((line) => Number(/vtid = (\d+)/.exec(line)![1]));
  const [vpid] = ends.map((line) => Number(/vpid = (\d+)/.exec(line)![1]));
  expect(observation.stages).toMatchObject([
    { name: 'decide', tid: vtid, calls: ends.length, packets: sum(counts) },
  ]);
  expect(observation).toMatchObject({ source: 'recording', pid: vpid, recording: { losses: [] } });
  expect(observation.recording!.events).toBe(lines.filter((line) => line.startsWith('[')).length);
  expect(price).toBeNull();
  const dropped = findings.find(({ rule }) => rule === 'application-drops')!;
  expect(dropped.title).toContain('ttl');
  expect(observation.unknown.join('\n')).toContain('no polls recorded');
  const [next, ...more] = dropped.next;
  expect(more).toEqual([]);
  const [, recording, script] = /^hone trace --read (\S+) -e '(.+)'$/.exec(next!.command)!;
  const { code, stdout } = await hone('trace', '-q', '--read', recording!, '-e', script!);
  expect(code).toBe(0);
  expect(sum([...stdout.matchAll(/^@\[\d+, \d+\]: (\d+)$/gm)].map(([, count]) => Number(count)))).toBe(
    of('drop').length,
  );
}, 120_000);

test('without the thread of events: what they then cannot say, and how they would', async () => {
  const trace = await recordForwarder('threadless', []);
  const { observation } = await report(trace);
  expect(observation.stages).toEqual([]);
  expect(observation.drops!.length).toBeGreaterThan(0);
  expect(observation.unknown.join('\n')).toContain('lttng add-context -u -t vtid');
  const { stdout } = await hone('report', trace);
  expect(stdout).toContain('lttng add-context -u -t vtid');
}, 120_000);
