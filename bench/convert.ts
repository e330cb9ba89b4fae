/**
 * `hone convert`: a recording of 10 million events in four streams into every form, events a second and peak memory of the whole process,
 * beside babeltrace2 for its text; the file is in the page cache.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchName } from '../src/bench/leftovers.ts';
import { hone } from './beside.ts';
import { writeRecording } from './made-recording.ts';
import { measureProcess } from './process-run.ts';
import { formatSpread, median, printTable } from './statistics.ts';

const EVENT_COUNT = 10_000_000;
const ROUNDS = 3;

export async function benchConvert(rounds: number = ROUNDS): Promise<void> {
  const folder = mkdtempSync(join(process.env.TMPDIR ?? '/tmp', benchName('convert')));
  const recording = join(folder, 'recording');
  try {
    writeRecording(recording, EVENT_COUNT, 4);
    const rows: string[][] = [];
    for (const [name, command] of commands(recording, folder)) {
      const runs = Array.from({ length: rounds }, () => {
        rmSync(join(folder, 'ctf'), { recursive: true, force: true });
        return measureProcess(command);
      });
      const rates = runs.map(({ seconds }) => EVENT_COUNT / seconds / 1e6);
      rows.push([name, formatSpread(rates, 2), `${Math.round(median(runs.map(({ peakMiB }) => peakMiB)))}`]);
    }
    printTable(['10 M events into', 'M events/s', 'peak MiB'], rows);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function commands(recording: string, folder: string): (readonly [string, readonly string[]])[] {
  const to = (format: string, path: string) => [
    ...hone,
    'convert',
    '-q',
    recording,
    '--to',
    format,
    '-w',
    path,
  ];
  return [
    ...['perfetto', 'chrome', 'json', 'text', 'csv'].map(
      (format) => [format, to(format, join(folder, 'out'))] as const,
    ),
    ['ctf', to('ctf', join(folder, 'ctf'))],
    ['text by babeltrace2', ['babeltrace2', '--output', join(folder, 'out'), recording]],
  ];
}
