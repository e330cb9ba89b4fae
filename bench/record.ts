/**
 * The price of a recorded event: an application that does nothing but make events of three integers (record-event.c), alone, under
 * `hone record` and under LTTng-UST, in turns.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchName } from '../src/bench/leftovers.ts';
import { hone } from './beside.ts';
import { type EventMaker, RecordEvents } from './record-event.ts';
import { formatSpread, printTable } from './statistics.ts';

const TURNS = 20;
/** Between turns: the recorder writes what the ring holds. */
const PAUSE_MS = 30;

type Subject = 'nobody listens' | 'hone record' | 'LTTng-UST';

async function turns(events: RecordEvents): Promise<number[]> {
  const values: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    values.push(await events.turn());
    await sleep(PAUSE_MS);
  }
  return values;
}

async function idle(folder: string): Promise<number[]> {
  return using('hone', folder, (events) => turns(events));
}

async function using(
  maker: EventMaker,
  folder: string,
  run: (events: RecordEvents) => Promise<number[]>,
): Promise<number[]> {
  const events = await RecordEvents.start(maker, folder);
  try {
    return await run(events);
  } finally {
    await events.end();
  }
}

/** What it says at its end is printed: how much was recorded and lost. */
async function underHone(folder: string): Promise<number[]> {
  return using('hone', folder, async (events) => {
    const output = join(folder, 'hone');
    const command = [...hone, 'record', '-t', String(events.pid), '-e', 'app:bench:event', '-o', output];
    const recorder = spawn('taskset', ['-c', '0', ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
    const closed = once(recorder, 'close');
    let said = '';
    recorder.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    while (!said.includes('ecording')) {
      if (recorder.exitCode !== null) throw new Error(said);
      await sleep(10);
    }
    await sleep(500);
    const values = await turns(events);
    recorder.kill('SIGINT');
    await closed;
    console.log(said.trim());
    return values;
  });
}

async function underLttng(folder: string): Promise<number[]> {
  const session = benchName('record');
  const lttng = (...words: string[]) => execFileSync('lttng', words, { stdio: 'ignore' });
  spawnSync('lttng-sessiond', ['--daemonize'], { stdio: 'ignore' });
  lttng('create', session, `--output=${join(folder, 'lttng')}`);
  try {
    lttng('enable-event', '--userspace', 'bench:event');
    lttng('start');
    return await using('lttng', folder, (events) => turns(events));
  } finally {
    lttng('destroy', session);
  }
}

export async function benchRecord(rounds = 3): Promise<void> {
  const hasLttng = spawnSync('pkg-config', ['--exists', 'lttng-ust']).status === 0;
  if (!hasLttng) console.log('LTTng-UST is left out: apt-get install lttng-tools liblttng-ust-dev\n');
  const subjects: readonly (readonly [Subject, (folder: string) => Promise<number[]>])[] = [
    ['nobody listens', idle],
    ['hone record', underHone],
    ...(hasLttng ? ([['LTTng-UST', underLttng]] as const) : []),
  ];
  const values = new Map(subjects.map(([subject]) => [subject, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [subject, measure] of subjects) {
      const folder = mkdtempSync(`/dev/shm/${benchName('record')}`);
      try {
        values.get(subject)!.push(...(await measure(folder)));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  }
  printTable(
    ['an event of three integers', 'ns in the application'],
    [...values].map(([subject, list]) => [subject, formatSpread(list)]),
  );
}
