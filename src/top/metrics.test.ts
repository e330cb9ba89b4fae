import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { port, twoReadings } from '../watch/snapshot.fixture.ts';
import { formatMetrics } from './metrics.ts';

const { now } = twoReadings();
const text = formatMetrics([now], { cyclesPerNs: 2 });

test('samples of every kind', () => {
  const labels = 'application="dpdk-testpmd",pid="4711"';
  const ofPort = `${labels},port="0",port_name="net_null0"`;
  for (const line of [
    `hone_port_rx_packets_total{${ofPort}} 3000`,
    `hone_port_rx_missed_total{${ofPort}} 25`,
    `hone_port_tx_refused_total{${ofPort}} 17`,
    `hone_queue_rx_polls_total{${ofPort},queue="0"} 150`,
    `hone_queue_rx_empty_polls_total{${ofPort},queue="0"} 130`,
    `hone_queue_rx_burst_packets_bucket{${ofPort},queue="0",le="0"} 130`,
    `hone_queue_rx_burst_packets_bucket{${ofPort},queue="0",le="31"} 130`,
    `hone_queue_rx_burst_packets_bucket{${ofPort},queue="0",le="63"} 150`,
    `hone_queue_rx_burst_packets_sum{${ofPort},queue="0"} 640`,
    `hone_thread_busy_seconds_total{${labels},lcore="1",tid="101"} 0.000004`,
    `hone_thread_busy_cycles_total{${labels},lcore="1",tid="101"} 8000`,
  ]) {
    expect(text.split('\n')).toContain(line);
  }
});

/** The rules of the format that promtool checks: one head a metric, before its samples, which stand together. */
test('the text is well-formed', () => {
  const seen = new Set<string>();
  let current = '';
  for (const line of text.trimEnd().split('\n')) {
    const head = /^# HELP (\S+) \S/.exec(line);
    if (head !== null) {
      expect(seen).not.toContain(head[1]);
      current = head[1]!;
      seen.add(current);
    } else if (line.startsWith('#'))
      expect(line).toMatch(new RegExp(`^# TYPE ${current} (counter|gauge|histogram)$`));
    else
      expect(line).toMatch(
        new RegExp(`^${current}(_bucket|_sum|_count)?\\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\\} [\\d.e+-]+$`),
      );
  }
  for (const name of seen) expect(name).toMatch(/^hone_[a-z_]+(_total|_info|_up|_packets)$/);
  expect(text.endsWith('\n')).toBe(true);
});

test('its names are those of the documentation', () => {
  const page = readFileSync(new URL('../../docs/top.md', import.meta.url), 'utf8');
  const [, list = ''] = page.split('## Metrics');
  const written = [...list.matchAll(/`(hone_[a-z_{},]+)`/g)].flatMap(([, name]) => expand(name!));
  const served = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
  expect(served.sort()).toEqual([...new Set(written)].sort());
});

/** `a_{b,c}_d`, as shells have it. */
function expand(name: string): string[] {
  const found = /^(.*?)\{(.*?)\}(.*)$/.exec(name);
  if (found === null) return [name];
  const [, before = '', choices = '', after = ''] = found;
  return choices.split(',').flatMap((choice) => expand(`${before}${choice}${after}`));
}

test('what is not known has no sample, and labels are escaped', () => {
  const evil = { ...port(0, undefined), name: 'a"b\\c\nd' };
  const without = formatMetrics(
    [{ ...now, ports: [evil], total: { ...now.total, times: [], refused: new Map() } }],
    {
      cyclesPerNs: undefined,
    },
  );
  expect(without).not.toContain('hone_port_rx_packets_total');
  expect(without).not.toContain('hone_thread');
  expect(without).toContain('port_name="a\\"b\\\\c\\nd"');
  expect(formatMetrics([], { cyclesPerNs: 2 })).toBe('');
});
