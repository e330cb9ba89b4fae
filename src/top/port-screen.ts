/** One port looked into: what its driver says, and for each queue the histograms of its bursts, as text. */

import { cleanLine } from '../base/index.ts';
import type { ApplicationSnapshot, PortSnapshot } from '../watch/index.ts';
import { type BurstCounts, callsOf, emptyOf } from '../watch/index.ts';
import { nameOfThread } from './rows.ts';
import { formatRate, formatShare } from './units.ts';

const BAR = 52;
const LABEL = 10;
const COUNT = 8;

/** Lines, without a newline. */
export function portLines(application: ApplicationSnapshot, port: PortSnapshot, columns: number): string[] {
  const { info, rates, queues } = port;
  const { drops } = rates;
  const speed = info.speedMbps === undefined ? '' : `, ${info.speedMbps} Mbit/s`;
  return [
    cleanLine(`${application.label}, port ${info.portId} ${info.name}, ${info.driver}${speed}`),
    `in  ${formatRate(rates.rxPps)} packets/s, ${formatRate(rates.rxBps)} bit/s; lost a second: ` +
      `${formatRate(drops.missed)} missed, ${formatRate(drops.rxErrors)} errors, ${formatRate(drops.noMbuf)} no mbuf`,
    `out ${formatRate(rates.txPps)} packets/s, ${formatRate(rates.txBps)} bit/s; lost a second: ` +
      `${formatRate(drops.refused)} refused, ${formatRate(drops.txErrors)} errors`,
    ...queues.flatMap(({ queueId, rx, tx, rates: own, threads }) => [
      '',
      `queue ${queueId ?? 'all'}${threads.length === 0 ? '' : `, ${threads.map(nameOfThread).join(', ')}`}`,
      ...histogram('polls by packets received', rx, columns),
      ...(own.emptyShare === undefined ? [] : [`${formatShare(own.emptyShare)} % of them empty`]),
      ...histogram('bursts by packets sent', tx, columns),
    ]),
  ];
}

interface Bucket {
  readonly label: string;
  readonly count: number;
}

function histogram(title: string, counts: BurstCounts, columns: number): string[] {
  if (callsOf(counts) === 0) return [];
  const buckets = usedBuckets(counts);
  const most = Math.max(...buckets.map(({ count }) => count));
  const bar = Math.max(1, Math.min(BAR, columns - LABEL - COUNT - 3));
  return [
    `${title}:`,
    ...buckets.map(({ label, count }) => {
      const filled = '@'.repeat(count === 0 ? 0 : Math.max(1, Math.round((count / most) * bar)));
      return `${label.padEnd(LABEL)}${formatRate(count).padStart(COUNT)} |${filled.padEnd(bar)}|`;
    }),
  ];
}

/** By powers of two, from the first to the last that has any; 0 by itself. */
function usedBuckets(counts: BurstCounts): Bucket[] {
  const buckets: Bucket[] = [{ label: '[0]', count: emptyOf(counts) }];
  for (let from = 1; from < counts.bySize.length; from *= 2) {
    const count = counts.bySize.slice(from, 2 * from).reduce((sum, one) => sum + one, 0);
    buckets.push({ label: from === 1 ? '[1]' : `[${from}, ${2 * from})`, count });
  }
  buckets.push({ label: `[${counts.bySize.length}, ...)`, count: counts.largeBursts });
  const first = buckets.findIndex(({ count }) => count > 0);
  const last = buckets.findLastIndex(({ count }) => count > 0);
  return first < 0 ? [] : buckets.slice(first, last + 1);
}
