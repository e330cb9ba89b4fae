/** Reports on capture files: their counts are tshark's, losses are said, damage costs only what lies behind it, JSON has no figure that is none. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { encodeCapture, T0 } from '../../test/fakes/made-sources.ts';
import { evaluateGoals, findFindings, type Observation, parseGoals } from '../findings/index.ts';
import { encodeInterfaceStatistics } from '../pcapng/index.ts';
import { type ObservedRecording, observeRecording } from './observe-recording.ts';
import { formatReportHtml } from './report-html.ts';
import { formatReportJson } from './report-json.ts';
import { formatReportText } from './report-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'hone-recorded-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, ...pieces: readonly Uint8Array[]): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(pieces));
  return path;
}

const packets = (count: number, stepNs = 1000n) =>
  encodeCapture(
    Array.from({ length: count }, (_, n) => ({
      timeNs: T0 + BigInt(n) * stepNs,
      direction: n % 4 === 3 ? ('out' as const) : ('in' as const),
    })),
  );

function look(...paths: readonly string[]): Promise<ObservedRecording> {
  return observeRecording(paths, { signal: new AbortController().signal, onProgress: () => {} });
}

const reportOf = (observation: Observation, goals = '') => ({
  version: '0',
  observation,
  goals: goals === '' ? [] : evaluateGoals(parseGoals(goals), observation),
  findings: findFindings(observation),
  price: undefined,
});

test('a capture: packets by direction, what a section says of losses; what is not known and why', async () => {
  const statistics = encodeInterfaceStatistics({
    interfaceId: 0,
    timestamp: T0,
    options: { isb_starttime: T0, isb_ifdrop: 5n, isb_osdrop: 7n },
  });
  const { observation, damage } = await look(file('a.pcapng', packets(1000), statistics, statistics));
  expect(damage).toBeUndefined();
  expect(observation).toMatchObject({
    ...{ source: 'recording', pid: undefined, startMs: Number(T0 / 1_000_000n), seconds: 999e-6 },
    ports: [{ portId: 0, rxPackets: 750, txPackets: 250, rxBytes: 48_000, missed: undefined }],
    traffic: { packets: 750, bytes: 48_000 },
    recording: { packets: 1000, events: 0, losses: [{ name: 'port 0', what: 'packets', lost: 12 }] },
    ...{ lcores: [], drops: undefined },
  });
  expect(observation.queues.map(({ direction, packets: count }) => [direction, count])).toEqual([
    ['in', 750],
    ['out', 250],
  ]);
  const said = observation.unknown.join('\n');
  for (const words of [
    'hone record -e dpdk:rx_poll',
    'dpdk:port_stats',
    'app:dataplane:drop',
    '12 packets',
  ]) {
    expect(said).toContain(words);
  }
  const report = reportOf(observation, 'drop=0, pps>=1k, pps>=1G, util<80%, pps<1k');
  // With losses there may be more.
  expect(report.goals.map(({ isMet }) => isMet)).toEqual([undefined, true, undefined, undefined, false]);
  const text = formatReportText(report);
  expect(text).toContain('port 0: 12 packets were lost when they were recorded');
  expect(text).not.toContain('of polls empty');
  expect(text).not.toMatch(/NaN|Infinity|undefined|∞/);
  const json = JSON.parse(formatReportJson(report)) as { observation: Observation };
  expect(json.observation.drops).toBeNull();
  expect(formatReportHtml(report)).toContain('hone record -e dpdk:rx_poll');
});

test('several files of one session are one report; two interfaces of one number are two ports', async () => {
  const paths = [file('b.pcapng', packets(100)), file('c.pcapng', packets(100))];
  const { observation } = await look(...paths);
  expect(observation.ports).toMatchObject([{ portId: 0, rxPackets: 150 }]);
  expect(observation.label).toBe(paths.join(' '));
  expect(observation.recording!.inputs.map(({ captures }) => captures)).toEqual(paths.map((path) => [path]));
  const pcap = (name: string) =>
    file(name, Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'), Buffer.alloc(16));
  const two = await look(pcap('d.pcap'), pcap('e.pcap'));
  expect(two.observation.ports.map(({ portId, rxPackets }) => [portId, rxPackets])).toEqual([
    [0, 1],
    [1, 1],
  ]);
});

test('one moment has no rates', async () => {
  const { observation } = await look(file('f.pcapng', packets(1)));
  const report = reportOf(observation, 'pps>1, drop=0, bps<1');
  expect(observation.seconds).toBe(0);
  expect(report.goals.map(({ measured }) => measured)).toEqual([undefined, undefined, undefined]);
  expect(formatReportText(report)).not.toMatch(/NaN|Infinity|∞/);
  expect(formatReportHtml(report)).not.toMatch(/NaN|Infinity|∞/);
});

test('what lies before damage counts, and the damage is said', async () => {
  const whole = packets(100);
  const { observation, damage } = await look(file('g.pcapng', whole.subarray(0, whole.length - 30)));
  expect(observation.recording!.packets).toBe(99);
  expect(damage?.message).toContain('g.pcapng');
  expect(observation.unknown[0]).toContain('what lies behind damage');
  await expect(look(file('h.pcapng', Buffer.from('no capture at all')))).rejects.toThrow('h.pcapng');
  await expect(look(join(folder, 'missing.pcapng'))).rejects.toThrow(/cannot read .*missing.pcapng/);
  await expect(look(file('i.pcapng', packets(0)))).rejects.toThrow('nothing was recorded');
});

test('a signal ends it early, with what was read', async () => {
  const stop = new AbortController();
  const path = file('j.pcapng', packets(100_000));
  const { observation } = await observeRecording([path], {
    signal: stop.signal,
    onProgress: (taken) => taken > 0 && stop.abort(),
  });
  expect(observation.recording!.packets).toBeGreaterThan(0);
  expect(observation.recording!.packets).toBeLessThan(100_000);
  expect(observation.unknown.join()).toContain('reading was ended early');
});

test('next steps are commands on the files, and only those that these can answer', async () => {
  const path = file("it's.pcapng", packets(2000));
  const { observation } = await look(path);
  const flow = { name: 'a', packets: 1000, bytes: 900 };
  const traffic = { ...observation.traffic!, bytes: 1000, flows: [flow, flow] };
  const queues = [0, 1, 2, 3].map((queueId) => ({
    ...observation.queues[0]!,
    ...{ queueId, packets: queueId === 0 ? 5000 : 1, bySize: [0, 0, 200], askedBurst: 2 },
  }));
  const findings = findFindings({ ...observation, traffic, queues });
  const steps = (rule: string) =>
    findings.find((one) => one.rule === rule)!.next.map(({ command }) => command);
  const quoted = `'${path.replace("'", "'\\''")}'`;
  expect(steps('elephant-flow')).toEqual([
    `hone trace --read ${quoted} -e 'dpdk:rx_packet { @[ip.src, ip.dst] = sum(args.len); }'`,
  ]);
  // It has no polls to look at.
  expect(steps('burst-at-maximum')).toEqual([]);
  expect(findings.map(({ rule }) => rule)).not.toContain('no-empty-polls');
});

const tshark = (...args: readonly string[]) =>
  execFileSync('tshark', args, { encoding: 'utf8', stdio: 'pipe' });

function missingTshark(): boolean {
  try {
    return tshark('-v') === '';
  } catch {
    return true;
  }
}

test.skipIf(missingTshark())(
  'sizes and protocols of a real capture are those that tshark counts',
  async () => {
    const path = 'examples/forwarder/traffic.pcap';
    const { observation } = await look(path);
    const lines = tshark(
      '-r',
      path,
      '-T',
      'fields',
      '-e',
      'frame.len',
      '-e',
      'ip.src',
      '-e',
      'udp.srcport',
      '-e',
      'ip.dst',
    )
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    const lengths = lines.map(([length]) => Number(length));
    expect(observation.traffic).toMatchObject({
      packets: lengths.length,
      bytes: lengths.reduce((sum, length) => sum + length, 0),
      flowCount: new Set(lines.map((line) => line.slice(1).join())).size,
    });
    const small = observation.traffic!.sizes.filter(({ from }) => from < 128);
    expect(small.reduce((sum, { packets: count }) => sum + count, 0)).toBe(
      lengths.filter((length) => length < 128).length,
    );
  },
);
