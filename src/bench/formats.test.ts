import { expect, test } from 'vitest';
import { flawOf } from '../chart/well-formed.fixture.ts';
import { formatBenchHtml } from './bench-html.ts';
import { formatBenchJson } from './bench-json.ts';
import { formatBenchText } from './bench-text.ts';
import { madeResult } from './result.fixture.ts';

const turns = [
  { beforePps: 50e6, withPps: 40e6, afterPps: 50e6, recordedPps: 12e6, dropped: 5, nsPerHit: 3 },
  { beforePps: 50e6, withPps: 25e6, afterPps: 50e6, recordedPps: 14e6, dropped: 2, nsPerHit: 4 },
];

test('text: figures, what is missing and why', () => {
  const lines = formatBenchText(madeResult({ turns })).split('\n');
  expect(lines[0]).toBe('hone 0.0.0 bench: 2 rounds in 62 s, begun 2026-01-02T03:04:05.000Z');
  expect(lines).toContain('bpftrace: 0.17.0');
  expect(lines).toContain('LTTng: not measured, LTTng is not installed: apt-get install lttng-tools');
  const table = lines.slice(lines.indexOf('dpdk-testpmd') + 2).slice(0, 4);
  expect(table.map((line) => line.trim().split(/\s{2,}/))).toEqual([
    ['tool', 'off, %', 'ns a packet', 'forwarded', 'recorded a second', 'dropped'],
    ['nothing attached', '50.0 Mpps'],
    ['everything', 'hone capture', '35.0 (20.0 to 50.0)', '12.5 (5.0 to 20.0)', '32.5 Mpps', '13.0 M', '7'],
    ['everything', 'dpdk-dumpcap', 'not measured: no <hugepages>'],
  ]);
});

test('text: what cannot be told from noise is marked', () => {
  const pair = { beforePps: 100e6, withPps: 99e6, afterPps: 103e6 };
  const text = formatBenchText(madeResult({ turns: [pair, pair, pair, pair] }));
  expect(text).toMatch(/hone capture +2\.5 ~/);
  expect(text).toContain('differed by up to 3.0 % (9 of 10 pairs)');
  expect(formatBenchText(madeResult({ turns: [pair] }))).toContain('too little was measured');
});

test('text: why a bench has ended early, why a row has fewer rounds', () => {
  const rows = [
    { id: 'a', tool: 'bpftrace', task: 'bursts', turns: turns.slice(0, 1), absent: 'it ended: no memory' },
  ];
  const text = formatBenchText(madeResult({ rows, ended: 'interrupted' }));
  expect(text).toMatch(/^hone 0.0.0 bench: 2 rounds in 62 s, interrupted, /);
  expect(text).toContain('not in every round: bpftrace, bursts: it ended: no memory');
});

test('JSON: every turn, the figures, null for what is not known', () => {
  const whole = JSON.parse(formatBenchJson(madeResult({ turns })));
  const [bare, all, peer] = whole.groups[0].rows;
  expect(all.turns).toEqual(turns);
  expect(all.figures.lossPercent.median).toBeCloseTo(35);
  expect(all.figures.dropped).toBe(7);
  expect(bare.turns[0].afterPps).toBeUndefined();
  expect(peer).toMatchObject({ turns: [], absent: 'no <hugepages>' });
  expect(whole).toMatchObject({ noisePercent: null, ended: null, rounds: 2 });
  expect(whole.peers[1].version).toBeNull();
});

test('HTML: well-formed, with a bar for each tool and the reason in the place of one', () => {
  const page = formatBenchHtml(madeResult({ turns }));
  expect(flawOf(page)).toBeUndefined();
  expect(page.match(/<rect class="bar bad"/g)).toHaveLength(1);
  expect(page).toContain('no &lt;hugepages&gt;');
  expect(page).toContain('A &lt;fast&gt; one');
  expect(page).not.toContain('<hugepages>');
});
