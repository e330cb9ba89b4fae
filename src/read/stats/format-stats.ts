/** Statistics of a capture as text, with histograms drawn in it. */
import { formatDate, formatTimeOfDay } from '../../packet/index.ts';
import type { CaptureStats, Sum } from './capture-stats.ts';

const BAR_WIDTH = 40;
const TOP_TALKERS = 10;
const NS_PER_SECOND = 1_000_000_000;
/** A line for each of so many stretches of time. */
const RATE_LINES = 16;

export function formatStats(stats: CaptureStats): string {
  const parts = [formatSummary(stats)];
  if (stats.total.packets > 0) {
    parts.push(formatProtocols(stats), formatSizes(stats), formatRates(stats), formatTalkers(stats));
  }
  return parts.filter((part) => part !== '').join('\n');
}

function formatSummary({ total, capturedBytes, cutPackets, earliestNs, latestNs }: CaptureStats): string {
  const cut = cutPackets === 0 ? '' : `, ${cutPackets} not captured whole`;
  let text = `packets   ${total.packets}${cut}\nbytes     ${total.bytes} on the wire, ${capturedBytes} captured\n`;
  if (earliestNs === undefined || latestNs === undefined) return text;
  const seconds = Number(latestNs - earliestNs) / NS_PER_SECOND;
  text += `first     ${formatTime(earliestNs)}\nlast      ${formatTime(latestNs)}\nlasts     ${seconds} s\n`;
  if (seconds > 0) {
    const rate = `${scaled(total.packets / seconds)}packets/s, ${scaled((total.bytes * 8) / seconds)}bit/s`;
    text += `rate      ${rate}\n`;
  }
  return text;
}

/** Each protocol under the one that carries it, the more frequent first. */
function formatProtocols({ protocols, total }: CaptureStats): string {
  const lines = [...protocols.keys()].sort(byWay(protocols)).map((path) => {
    const depth = path.split(':').length - 1;
    const name = `${'  '.repeat(depth)}${path.slice(path.lastIndexOf(':') + 1)}`;
    const { packets, bytes } = protocols.get(path)!;
    return `${name.padEnd(24)} ${count(packets)} ${percent(packets, total.packets)} ${count(bytes)}`;
  });
  return `${'protocol'.padEnd(24)} ${'packets'.padStart(12)} ${''.padStart(7)} ${'bytes'.padStart(12)}\n${lines.join('\n')}\n`;
}

/** At the first difference of two ways the one with more packets goes first; a beginning before what goes on. */
function byWay(protocols: ReadonlyMap<string, Sum>): (a: string, b: string) => number {
  return (a, b) => {
    const [one, other] = [a.split(':'), b.split(':')];
    const at = one.findIndex((name, i) => name !== other[i]);
    if (at < 0 || at >= other.length) return one.length - other.length;
    const weight = (way: readonly string[]) => protocols.get(way.slice(0, at + 1).join(':'))?.packets ?? 0;
    return weight(other) - weight(one) || (a < b ? -1 : 1);
  };
}

function formatSizes({ sizes, total }: CaptureStats): string {
  const most = Math.max(...[...sizes.values()].map(({ packets }) => packets));
  let from = 0;
  const lines: string[] = [];
  for (const [limit, { packets }] of sizes) {
    const range = Number.isFinite(limit) ? `${from} to ${limit - 1}` : `${from} and more`;
    const line = `${range.padStart(16)} |${bar(packets, most)}| ${count(packets)} ${percent(packets, total.packets)}`;
    if (packets > 0) lines.push(line);
    from = limit;
  }
  return `size in bytes\n${lines.join('\n')}\n`;
}

function formatRates({ rate }: CaptureStats): string {
  const buckets = rate.buckets();
  if (buckets.length === 0) return '';
  const joined = Math.ceil(buckets.length / RATE_LINES);
  const seconds = rate.widthSeconds * joined;
  const rows = [];
  for (let at = 0; at < buckets.length; at += joined) {
    const group = buckets.slice(at, at + joined);
    const sum = (key: 'packets' | 'bytes') => group.reduce((before, bucket) => before + bucket[key], 0);
    rows.push({ startNs: group[0]!.startNs, packets: sum('packets'), bytes: sum('bytes') });
  }
  const most = Math.max(...rows.map(({ packets }) => packets));
  const lines = rows.map(({ startNs, packets, bytes }) => {
    const rates = `${scaled(packets / seconds)}packets/s, ${scaled((bytes * 8) / seconds)}bit/s`;
    return `${formatTime(startNs).slice(11)} |${bar(packets, most)}| ${rates}`;
  });
  return `rate, each line ${seconds} s\n${lines.join('\n')}\n`;
}

function formatTalkers({ talkers, total }: CaptureStats): string {
  const top = talkers.top(TOP_TALKERS);
  if (top.length === 0) return '';
  const lines = top.map(({ key, weight, excess }) => {
    const doubt = excess === 0 ? '' : ` (at most ${excess} too many)`;
    return `${key.padEnd(40)} ${count(weight)} ${percent(weight, total.bytes)}${doubt}`;
  });
  return `who sends most${''.padEnd(26)} ${'bytes'.padStart(12)}\n${lines.join('\n')}\n`;
}

function bar(value: number, most: number): string {
  const length = most === 0 ? 0 : Math.ceil((value / most) * BAR_WIDTH);
  return '#'.repeat(length).padEnd(BAR_WIDTH);
}

function count(value: number): string {
  return String(value).padStart(12);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`.padStart(7);
}

function scaled(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let unit = 0;
  let rest = value;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${rest >= 100 || Number.isInteger(rest) ? rest.toFixed(0) : rest.toPrecision(3)} ${units[unit]}`;
}

function formatTime(ns: bigint): string {
  const seconds = Number(ns / 1_000_000_000n);
  return `${formatDate(new Date(seconds * 1000))} ${formatTimeOfDay(seconds, Number(ns % 1_000_000_000n))}`;
}
