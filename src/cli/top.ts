/**
 * `hone top`: what applications do with their packets, again and again: a table on a terminal, an object a line, or metrics
 * that Prometheus fetches.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { UsageError } from '../base/index.ts';
import { firstView, formatMetrics, formatScreen, formatSnapshotJson, type Scale } from '../top/index.ts';
import {
  type ApplicationReading,
  readCyclesPerNs,
  Sampler,
  type Snapshot,
  takeSnapshot,
} from '../watch/index.ts';
import { serveMetrics } from './metrics-server.ts';
import { TopScreen } from './top-screen.ts';

interface TopFlags {
  readonly interval: number;
  readonly format: 'text' | 'json';
  readonly once?: true;
  readonly prometheus?: number;
}

export function registerTop(program: Command): void {
  program
    .command('top')
    .summary('live table of ports, queues and lcores: rates, bursts, utilisation, drops')
    .description(
      'Shows what the ports, queues and polling threads of running DPDK applications do at this moment: packets and bits ' +
        'a second, how full bursts are, which part of the polls is empty, which part of its time a thread is busy, what a packet ' +
        'costs, and where packets are lost. Keys on a terminal: h shows them.',
    )
    .argument('[app]', 'only this application: its pid, file prefix or name')
    .addOption(new Option('-i, --interval <seconds>', 'so often').argParser(parseInterval).default(1))
    .addOption(
      new Option('-T, --format <format>', 'a table, or an object a line')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--once', 'one interval, printed, and no more')
    .option('--prometheus <port>', 'serve /metrics on this port of the loopback address', parsePort)
    .action((wanted: string | undefined, flags: TopFlags) => run(wanted, flags));
}

/** Each reading measures for a while, which costs the application: more of them would cost more than 1 %. */
const SHORTEST_INTERVAL_S = 1;

function parseInterval(text: string): number {
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : 0;
  if (value >= SHORTEST_INTERVAL_S && Number.isFinite(value)) return value;
  throw new UsageError(`-i ${text}: expected seconds, ${SHORTEST_INTERVAL_S} or more`);
}

function parsePort(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (value >= 0 && value <= 65_535) return value;
  throw new UsageError(`--prometheus ${text}: expected a port, 0 to 65535`);
}

async function run(wanted: string | undefined, flags: TopFlags): Promise<void> {
  const { format, once, prometheus } = flags;
  if (prometheus !== undefined && (once || format === 'json')) {
    throw new UsageError(`got --prometheus and ${once ? '--once' : '-T json'}: expected one of them`);
  }
  const isScreen = prometheus === undefined && !once && format === 'text';
  if (isScreen && !process.stdout.isTTY) {
    throw new UsageError('standard output is no terminal: expected --once, -T json or --prometheus PORT');
  }
  const stop = new AbortController();
  const onStop = () => stop.abort();
  for (const signal of SIGNALS) process.on(signal, onStop);
  const notes: string[] = [];
  const onNote = (text: string) => {
    notes.push(text);
    if (!isScreen) process.stderr.write(`${text}\n`);
  };
  const sampler = await Sampler.open(wanted, onNote);
  try {
    const loop = { sampler, intervalMs: flags.interval * 1000, stop };
    const scale = { cyclesPerNs: readCyclesPerNs() };
    if (prometheus !== undefined) await serve(loop, prometheus, scale);
    else if (isScreen) await showScreen(loop, notes, scale);
    else await print(loop, flags, scale);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onStop);
    sampler.close();
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Loop {
  readonly sampler: Sampler;
  readonly intervalMs: number;
  readonly stop: AbortController;
}

/** Readings at equal distances, until it is stopped. */
async function* readings({ sampler, intervalMs, stop }: Loop): AsyncGenerator<readonly ApplicationReading[]> {
  let nextMs = performance.now();
  while (!stop.signal.aborted) {
    yield await sampler.read();
    nextMs = Math.max(nextMs + intervalMs, performance.now());
    await sleep(nextMs - performance.now(), undefined, { signal: stop.signal }).catch(() => {});
  }
}

async function* snapshots(loop: Loop): AsyncGenerator<Snapshot> {
  let before: readonly ApplicationReading[] | undefined;
  for await (const now of readings(loop)) {
    if (loop.stop.signal.aborted) return;
    if (before !== undefined) yield takeSnapshot(now, before, Date.now());
    before = now;
  }
}

async function print(loop: Loop, { format, once }: TopFlags, scale: Scale): Promise<void> {
  for await (const snapshot of snapshots(loop)) {
    if (format === 'json') process.stdout.write(formatSnapshotJson(snapshot, scale));
    else process.stdout.write(formatTableOnce(snapshot, scale));
    if (once) return;
  }
}

/** As wide as it needs to be, unless a terminal is narrower. */
function formatTableOnce(snapshot: Snapshot, scale: Scale): string {
  const isStyled = process.stdout.isTTY && !process.env.NO_COLOR;
  const columns = process.stdout.isTTY ? process.stdout.columns || 80 : 1000;
  const room = { ...scale, columns, rows: Number.POSITIVE_INFINITY, isStyled, hasKeys: false };
  const lines = formatScreen(snapshot, firstView, [], room);
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

async function showScreen(loop: Loop, notes: readonly string[], scale: Scale): Promise<void> {
  const screen = new TopScreen(notes, scale, () => loop.stop.abort());
  screen.open();
  try {
    for await (const snapshot of snapshots(loop)) screen.show(snapshot);
  } finally {
    screen.close();
  }
}

async function serve(loop: Loop, wantedPort: number, scale: Scale): Promise<void> {
  let last: readonly ApplicationReading[] = [];
  const { server, port } = await serveMetrics(wantedPort, () => formatMetrics(last, scale));
  process.stderr.write(`metrics at http://127.0.0.1:${port}/metrics\n`);
  try {
    for await (const now of readings(loop)) last = now;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
