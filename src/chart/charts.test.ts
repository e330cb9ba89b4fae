/** Whatever the values, a chart is well-formed, its measures are numbers that lie on it, and nothing from outside is a tag. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  barChart,
  formatDocument,
  histogramChart,
  html,
  linearColumns,
  lineChart,
  log2Columns,
  type Markup,
  table,
} from './index.ts';
import { flawOf } from './well-formed.fixture.ts';

const hostile = fc.constantFrom(
  '<script>alert(1)</script>',
  '"><img src=x onerror=1>',
  "' onload='x",
  '&lt;',
  ']]>',
  '\u0000\ud800',
  '-->',
);
const word = fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 80 }), fc.string());
const number = fc.oneof(
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Number.MIN_VALUE,
    1e-300,
    7,
    1.5e7,
  ),
);
const maybe = fc.option(number, { nil: undefined });
const reference = fc.option(fc.record({ label: word, value: number }), { nil: undefined });

const bars = fc.record({
  title: word,
  description: word,
  unit: word,
  reference,
  bars: fc.array(
    fc.record({
      label: word,
      median: maybe,
      low: maybe,
      high: maybe,
      note: fc.option(word, { nil: undefined }),
    }),
    { maxLength: 6 },
  ),
});
const histogram = fc.record({
  title: word,
  along: word,
  isLogarithmic: fc.boolean(),
  columns: fc.array(fc.record({ label: word, count: number }), { maxLength: 300 }),
});
const lines = fc.record({
  title: word,
  unit: word,
  reference,
  series: fc.array(
    fc.record({
      name: word,
      points: fc.array(fc.record({ seconds: number, value: maybe }), { maxLength: 40 }),
    }),
    { maxLength: 8 },
  ),
});
const cells = fc.record({
  caption: word,
  columns: fc.array(fc.record({ title: word, isNumber: fc.boolean() }), { maxLength: 4 }),
  rows: fc.array(fc.array(fc.oneof(word, maybe), { maxLength: 4 }), { maxLength: 4 }),
});

function whole(body: Markup): string {
  return formatDocument({ title: 'T', sections: [{ heading: 'H', body }] });
}

describe('property: well-formed whatever comes, nothing becomes a tag, every measure is a number on the picture', () => {
  const charts: [string, fc.Arbitrary<Markup>][] = [
    ['bars', bars.map(barChart)],
    ['histogram', histogram.map(histogramChart)],
    ['lines', lines.map(lineChart)],
    ['table', cells.map(table)],
    ['template', fc.array(fc.oneof(word, maybe)).map((all) => html`<p title="${all}">${all}</p>`)],
  ];
  test.each(charts)('%s', (_, chart) => {
    fc.assert(
      fc.property(chart, (markup) => {
        const text = markup.toString();
        expect(flawOf(text)).toBeUndefined();
        expect(flawOf(whole(markup))).toBeUndefined();
        expect(text).not.toMatch(/<(script|img)/);
        for (const x of placesOf(text, 'x|x1|x2|cx')) expect(x >= -1 && x <= 721).toBe(true);
        const height = Number(/viewBox="0 0 720 ([\d.]+)"/.exec(text)?.[1] ?? 0);
        for (const y of placesOf(text, 'y|y1|y2|cy')) expect(y >= -1 && y <= height).toBe(true);
      }),
    );
  });
});

function placesOf(text: string, names: string): number[] {
  return [...text.matchAll(new RegExp(` (?:${names})="([^"]*)"`, 'g'))].map(([, value]) => Number(value));
}

test('the test of well-formedness sees flaws', () => {
  for (const flawed of [
    '<p>',
    '</p>',
    '<p><b></p></b>',
    '<p>&nbsp;</p>',
    '<p a=b></p>',
    '<p a="1" a="2"/>',
    '<p>a < b</p>',
    '<rect x="NaN"/>',
    '<p>\u0001</p>',
  ]) {
    expect([flawed, flawOf(flawed) !== undefined]).toEqual([flawed, true]);
  }
  expect(flawOf('<svg viewBox="0 0 1 2"><path d="M1 2H-3.5"/>a &amp; b</svg>')).toBeUndefined();
});

test('a bar is as long as its value, a whisker as wide as its spread', () => {
  const svg = barChart({
    title: 'Throughput',
    unit: 'pps',
    bars: [
      { label: 'baseline', median: 10e6, low: 9e6, high: 10e6 },
      { label: 'half', median: 5e6 },
      { label: 'dpdk-dumpcap', median: undefined, note: 'not installed' },
    ],
    reference: { label: 'target', value: 5e6 },
  }).toString();
  const [whole = 0, half = 0, ...more] = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );
  expect(more).toEqual([]);
  expect(half).toBeCloseTo(whole / 2, 0);
  const [, from, to] = /class="whisker" d="M([\d.]+) .*H([\d.]+)M/.exec(svg)!;
  expect(Number(to) - Number(from)).toBeCloseTo(whole / 10, 0);
  expect(svg).toContain('>10.0 Mpps</text>');
  expect(svg).toContain('>not installed</text>');
  expect(svg).toMatch(/class="reference"[\s\S]*>target: 5.00 Mpps</);
});

test('a bar of a negative value goes to the other side of 0', () => {
  const svg = barChart({
    title: 'Loss',
    unit: '%',
    bars: [
      { label: 'a', median: -4 },
      { label: 'b', median: 4 },
    ],
  }).toString();
  const [left, right] = [...svg.matchAll(/<rect class="[^"]*" x="([\d.]+)" [^>]*width="([\d.]+)"/g)].map(
    ([, x, width]) => [Number(x), Number(width)] as const,
  );
  expect(left![0] + left![1]).toBeCloseTo(right![0], 0);
  expect(left![1]).toBeCloseTo(right![1], 0);
});

test('columns of sizes: the last one says that it counts larger ones, too; empty ones at the ends are left out', () => {
  expect(linearColumns([0, 5, 0, 2])).toEqual([
    { label: '0', count: 0 },
    { label: '1', count: 5 },
    { label: '2', count: 0 },
    { label: '3+', count: 2 },
  ]);
  expect(linearColumns([1, 0, 0])).toEqual([{ label: '0', count: 1 }]);
  expect(log2Columns([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 1], 'ns')).toEqual([
    ...['8 ns', '16 ns', '32 ns', '64 ns', '128 ns', '256 ns', '512 ns'].map((label, at) => ({
      label,
      count: at === 0 ? 4 : 0,
    })),
    { label: '1.02 µs', count: 1 },
  ]);
  expect(log2Columns([0, 0], 'ns')).toEqual([]);
});

test('many columns are joined, and none of what they count is lost', () => {
  const columns = linearColumns(Array.from({ length: 1000 }, () => 1));
  const svg = histogramChart({ title: 'Bursts', along: 'packets', columns }).toString();
  const counts = [...svg.matchAll(/<title>\d+: (\d+)<\/title>/g)].map(([, count]) => Number(count));
  expect(counts.length).toBeLessThanOrEqual(48);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000);
});

test('a line is broken where nothing is known, and a point alone is a dot', () => {
  const values = [1, 2, undefined, 3, undefined, 5, 6, 7];
  const svg = lineChart({
    title: 'Rates',
    unit: 'pps',
    series: [{ name: 'received', points: values.map((value, seconds) => ({ seconds, value })) }],
  }).toString();
  const path = /class="line series-1" d="(M[^"]*L[^"]*)"/.exec(svg)![1]!;
  expect(
    path
      .split('M')
      .slice(1)
      .map((part) => part.split('L').length),
  ).toEqual([2, 3]);
  expect(svg.match(/<circle/g)).toHaveLength(1);
});

test('a long series is thinned out, and its peak stays where it is', () => {
  const points = Array.from({ length: 100_000 }, (_, at) => ({
    seconds: at / 100,
    value: at === 54_321 ? 1000 : 1,
  }));
  const svg = lineChart({ title: 'Rates', unit: 'pps', series: [{ name: 'received', points }] }).toString();
  expect(svg.length).toBeLessThan(20_000);
  expect(svg).toMatch(/[ML]\d+(\.\d)? 28L/);
});

test('a document loads nothing and runs nothing', () => {
  const text = whole(html`<p>x</p>`);
  expect(text).toContain('default-src &#39;none&#39;');
  expect(text).not.toMatch(/<script|http:|https:|url\(|@import| on[a-z]+=/);
});
