/**
 * Reading recordings of 10 million events, of one stream and of four whose events take turns, from the page cache: babeltrace2, which does
 * nothing with them, and hone in the same rounds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchName } from '../src/bench/leftovers.ts';
import { Merge, openInputs } from '../src/convert/index.ts';
import { hone } from './beside.ts';
import { writeRecording } from './made-recording.ts';
import { measureProcess } from './process-run.ts';
import { formatSpread, median, printTable } from './statistics.ts';

const EVENT_COUNT = 10_000_000;
const COUNT_ALL = 'dpdk:*_burst, dpdk:*_packet { @ = count(); }';
const SUM_FIELDS =
  'dpdk:*_packet { @bytes[probe, tid, args.port] = sum(args.len); } dpdk:rx_burst { @sizes[args.queue] = hist(args.nb_rx); }';

/** Seconds that one reading takes. */
type Reader = (recording: string) => Promise<number>;

const wholeProcess =
  (command: (recording: string) => readonly string[]): Reader =>
  async (recording) =>
    measureProcess(command(recording)).seconds;

/** Every event in the order of time, its time and place known, nothing decoded of it. */
async function walk(recording: string): Promise<number> {
  const begun = performance.now();
  const { sources } = await openInputs([recording], []);
  const merge = new Merge(sources);
  let events = 0;
  do {
    while (merge.next() !== undefined) events++;
  } while (await merge.fill());
  for (const source of sources) source.close();
  if (events !== EVENT_COUNT) throw new Error(`${events} events of ${EVENT_COUNT}`);
  return (performance.now() - begun) / 1000;
}

const READERS: readonly (readonly [string, Reader])[] = [
  ['babeltrace2, sink.utils.dummy', wholeProcess((path) => ['babeltrace2', path, '-c', 'sink.utils.dummy'])],
  ['hone, in this process: each event in its turn', walk],
  ...(
    [
      ['a count of all', COUNT_ALL],
      ['of all packets sums of a field by two others, of bursts a histogram', SUM_FIELDS],
    ] as const
  ).map(([what, script]): readonly [string, Reader] => [
    `hone trace --read, ${what}`,
    wholeProcess((path) => [...hone, 'trace', '-q', '--read', path, '-e', script]),
  ]),
];

export async function benchRecordings(rounds = 5): Promise<void> {
  const folder = mkdtempSync(`/dev/shm/${benchName('recordings')}`);
  try {
    const rows: string[][] = [];
    for (const streams of [1, 4]) {
      const recording = join(folder, `${streams}`);
      writeRecording(recording, EVENT_COUNT, streams);
      const seconds = READERS.map((): number[] => []);
      for (let round = 0; round < rounds; round++) {
        for (const [index, [, read]] of READERS.entries()) seconds[index]!.push(await read(recording));
      }
      const peer = median(seconds[0]!);
      for (const [index, [name]] of READERS.entries()) {
        const rates = seconds[index]!.map((one) => EVENT_COUNT / one / 1e6);
        const times = (peer / median(seconds[index]!)).toFixed(2);
        rows.push([`${streams}`, name, formatSpread(rates, 2), times]);
      }
      rmSync(recording, { recursive: true });
    }
    printTable(['streams', 'reader', 'M events/s', 'times babeltrace2'], rows);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
