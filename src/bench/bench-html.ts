/** The result as a page: a chart and a table a group. */
import {
  type Bar,
  barChart,
  formatDocument,
  formatQuantity,
  html,
  type Markup,
  table,
} from '../chart/index.ts';
import { formatNotes, formatRun } from './bench-text.ts';
import { figuresOf, noisePercent, type Spread } from './figures.ts';
import type { BenchResult, Group, Row } from './result.ts';

/** Of the rate without it: what nobody would accept in production, and what many would. */
const BAD_PERCENT = 20;
const WARNING_PERCENT = 5;

export function formatBenchHtml(result: BenchResult): string {
  const noise = noisePercent(result);
  const { machine, peers, version } = result;
  return formatDocument({
    title: 'The price of each tool',
    lead: html`<p>${formatRun(result)}, begun ${result.started}. ${machine.processor}, ${machine.processors} processors: ${machine.placement}. Linux ${machine.kernel}, ${machine.dpdk}, ${machine.memory}.</p>`,
    sections: [
      ...result.groups.map((group) => ({
        heading: group.title,
        id: group.id,
        body: formatGroup(group, noise),
      })),
      {
        heading: 'How it was measured',
        id: 'how',
        body: html`<ul>${formatNotes(result, noise).map((note) => html`<li>${note}</li>`)}</ul>${table({
          caption: 'Other tools',
          columns: [{ title: 'tool' }, { title: 'version' }, { title: '' }],
          rows: peers.map((peer) => [peer.name, peer.version ?? 'not measured', peer.note ?? '']),
        })}`,
      },
    ],
    footer: html`hone ${version} bench`,
  });
}

function formatGroup({ title, application, rows }: Group, noise: number | undefined): Markup {
  const compared = rows.filter(({ tool }) => tool !== '');
  const chart = barChart({
    title: `${title}: forwarding rate lost`,
    description: `What each tool takes of the forwarding rate, in percent; whiskers from the lowest to the highest round.`,
    unit: '%',
    bars: compared.map((row) => formatBar(row, noise)),
  });
  return html`<p>${application}</p><figure>${chart}</figure>${table({
    caption: title,
    columns: [
      { title: 'task' },
      { title: 'tool' },
      ...['off', 'ns a packet', 'forwarded', 'recorded a second', 'dropped', 'rounds'].map((head) => ({
        title: head,
        isNumber: true,
      })),
    ],
    rows: rows.map((row) => formatCells(row, noise)),
  })}`;
}

function formatBar(row: Row, noise: number | undefined): Bar {
  const { lossPercent, isNoise } = figuresOf(row, noise);
  const label = `${row.tool}: ${row.task}`;
  if (lossPercent === undefined) return { label, median: undefined, note: row.absent };
  const { median, low, high } = lossPercent;
  const tone = median > BAD_PERCENT ? 'bad' : median > WARNING_PERCENT ? 'warning' : 'good';
  return { label, median, low, high, tone, note: isNoise ? 'within noise' : undefined };
}

function formatCells(row: Row, noise: number | undefined): Parameters<typeof table>[0]['rows'][number] {
  const { lossPercent, nsPerPacket, forwardedPps, recordedPps, dropped } = figuresOf(row, noise);
  const isBare = row.tool === '';
  const percent = (spread: Spread | undefined) => (isBare ? '' : formatCell(spread, '%'));
  return [
    row.task,
    row.tool,
    percent(lossPercent),
    isBare ? '' : formatCell(nsPerPacket, 'ns'),
    formatCell(forwardedPps, 'pps'),
    recordedPps === undefined ? '' : formatQuantity(recordedPps.median),
    dropped ?? '',
    row.turns.length,
  ];
}

function formatCell(spread: Spread | undefined, unit: string): string | undefined {
  return spread === undefined ? undefined : formatQuantity(spread.median, unit);
}
