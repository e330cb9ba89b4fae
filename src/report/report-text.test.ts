import { expect, test } from 'vitest';
import { sampleReport } from './report.fixture.ts';
import { formatReportJson } from './report-json.ts';
import { formatReportText } from './report-text.ts';

const text = formatReportText(sampleReport());

test.each([
  'hone 0.1.0 report: dpdk-forwarder, 10.0 s from 2025-01-02T03:04:05.000Z',
  'MISSED  drop=0: 1,234 packets/s lost',
  'met     pps>=4M: 5,000,000 packets/s',
  'unknown util<80%: not known',
  '== Findings (2)',
  'BAD: port 0 (net_null0) missed 12,345 packets [port-missed]',
  '    $ hone top dpdk-forwarder',
  '  udp    |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@| 90 %',
  'lcore 1                93 % busy, 186 ns a packet',
  'mempool mb_pool_0      99.8 % used at most',
  'application    4,321  10.0 s       432      below 0.1 %  no_route, from port 0',
  '1 place does not count what it loses',
  'lookup    4712  1,000  400 ns     13 ns       below 0.1 %',
  'net_null says nothing of errors when it sends.',
  'looking took 0.4 % of the time of a polling thread',
])('text: %s', (line) => {
  const collapse = (one: string) => one.replace(/ +/g, ' ');
  expect(collapse(text)).toContain(collapse(line));
});

test('without findings and goals it says that nothing looks wrong', () => {
  const short = formatReportText(sampleReport({ findings: [], goals: [] }));
  expect(short).toContain('nothing looks wrong');
  expect(short).not.toContain('== Targets');
});

test('names cannot move the cursor', () => {
  const evil = { ...sampleReport().findings[0]!, subject: 'port \u001b[2J\u009b' };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is meant
  expect(formatReportText(sampleReport({ findings: [evil] }))).not.toMatch(/[\u001b\u009b]/);
});

test('JSON is the report, with null for what is not known', () => {
  const report = sampleReport();
  const parsed = JSON.parse(formatReportJson(report));
  expect(parsed.goals[2]).toMatchObject({ measured: null, isMet: null });
  expect(parsed.observation.ports[0]).toMatchObject({ rxPackets: 50_000_000, txErrors: null });
  expect(Object.keys(parsed)).toEqual(['version', 'observation', 'goals', 'findings', 'price']);
});
