/** What a report's page says, that it stays small, and that nothing observed becomes a tag. */
import { expect, test } from 'vitest';
import { flawOf } from '../chart/well-formed.fixture.ts';
import { sampleObservation, sampleReport } from './report.fixture.ts';
import { formatReportHtml } from './report-html.ts';

/** What a reader sees, a line an element. */
function wordsOf(page: string): string {
  return page
    .replace(/<style>[^<]*<\/style>/, '')
    .replace(/<[^>]*>/g, '\n')
    .replace(/\n+/g, '\n');
}

test('goals, findings with their next commands, resources and losses are all there', () => {
  const page = formatReportHtml(sampleReport());
  expect(flawOf(page)).toBeUndefined();
  const words = wordsOf(page);
  for (const said of [
    'A running application, process 4711, from 2025-01-02 03:04:05 UTC for 10.0 s.',
    'Looking took 0.40 % of its busiest lcore.',
    'drop=0\n1.23 kpps\nnot met',
    'pps&gt;=4M\n5.00 Mpps\nmet',
    'util&lt;80%\n–\nnot known',
    'bad\n port 0 (net_null0) missed 12,345 packets',
    'hone top dpdk-forwarder',
    '0 net_null0\nnet_null\nup, 10.0 Gbit/s\n5.00 Mpps\n4.90 Mpps\n25.6 %\n12,345\n0.3 %\n7\n0\n–',
    'port 0 queue 0 receive\n29,296\n31.5\n8.8 %\n32\n88.1 %',
    'lcore 1\nrte-worker-1 (4712)\n93.0 %\n186 ns\n9.00 ms\n3',
    'mb_pool_0\n8,191\n12\n1,234.6\n4,000\n99.9 %',
    'to_tx\n1,023\n0\n800\n1,023\n100.0 %',
    'receive\nport 0 net_null0\nno free descriptor: it is polled too seldom\n12,345',
    'application\nfrom port 0\nno_route\n4,321',
    '1 of 5 places are not counted.',
    'lookup\n4712\n1,000\n400 µs\n400 ns\n12.5 ns',
    'udp\n900\n90.0 %\n57,600',
    'Largest flows (of 1)',
    'net_null says nothing of errors when it sends.',
  ]) {
    expect(words).toContain(said);
  }
  expect(page.match(/<svg /g)).toHaveLength(10);
  expect(page.length).toBeLessThan(60_000);
});

test('of nothing it says that nothing is known', () => {
  const nothing = sampleObservation({
    pid: undefined,
    startMs: Number.NaN,
    seconds: 0,
    ...{ ports: [], queues: [], lcores: [], mempools: [], rings: [], drops: [], stages: [] },
    ...{ traffic: undefined, series: [], unknown: [] },
  });
  const page = formatReportHtml(
    sampleReport({ observation: nothing, goals: [], findings: [], price: undefined }),
  );
  expect(flawOf(page)).toBeUndefined();
  const words = wordsOf(page);
  for (const said of [
    'Nothing looks wrong in what is known.',
    'The rates over time are not known.',
    'No packets were looked into.',
    'Neither bursts nor polls were seen.',
    'No resource was seen.',
    'Nothing that counts losses was seen.',
    'Everything that was looked for is known.',
    'from an unknown time',
  ]) {
    expect(words).toContain(said);
  }
  expect(page).not.toContain('id="goals"');
});

test('stays small and well-formed, however much was observed and whatever it is called', () => {
  const hostile = `</title><script>alert('&')</script>\u0000\ud800"${'x'.repeat(10_000)}`;
  const { observation, findings, goals } = sampleReport();
  const many = <Item>(item: Item | undefined) => Array.from({ length: 1000 }, () => item!);
  const { queues, lcores, ports, mempools, rings, drops, stages, traffic, series } = observation;
  const page = formatReportHtml({
    version: hostile,
    price: 0.01,
    goals: many({ ...goals[0]!, goal: { ...goals[0]!.goal, text: hostile } }),
    findings: many({
      rule: hostile,
      severity: findings[0]!.severity,
      subject: hostile,
      title: hostile,
      evidence: many(hostile),
      meaning: hostile,
      next: many({ command: hostile, tells: hostile }),
    }).slice(0, 5),
    observation: {
      ...observation,
      label: hostile,
      ports: many({ ...ports[0]!, name: hostile, driver: hostile }),
      queues: many({ ...queues[0]!, bySize: Array.from({ length: 513 }, (_, at) => at * 1e6) }),
      lcores: many({ ...lcores[0]!, name: hostile, pollGaps: Array.from({ length: 64 }, (_, at) => at + 1) }),
      mempools: many({ ...mempools[0]!, name: hostile }),
      rings: many({ ...rings[0]!, name: hostile }),
      drops: many({ ...drops![0]!, reason: hostile }),
      stages: many({ ...stages[0]!, name: hostile }),
      traffic: {
        ...traffic!,
        protocols: many({ ...traffic!.protocols[0]!, name: hostile }),
        flows: many({ ...traffic!.flows[0]!, name: hostile }),
        flowCount: undefined,
      },
      series: Array.from({ length: 5000 }, (_, at) => ({
        ...series[0]!,
        seconds: at,
        rxPps: (at * 7919) % 1e6,
      })),
      unknown: many(hostile).slice(0, 30),
    },
  });
  expect(flawOf(page)).toBeUndefined();
  expect(page).not.toContain('<script');
  expect(page.length).toBeLessThan(200_000);
});
