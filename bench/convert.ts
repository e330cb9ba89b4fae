/**
 * `hone convert`: a recording of 10 million events in four streams into every form, events a second and peak memory of the whole process,
 * beside babeltrace2 for its text; the file is in the page cache.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  EventEncoder,
  encodePacketHead,
  formatRecordingMetadata,
  type RecordedEventShape,
  type RecordedFieldShape,
  type RecordingShape,
} from '../src/ctf/index.ts';
import { hone } from './beside.ts';
import { measureProcess } from './process-run.ts';
import { formatSpread, median, printTable } from './statistics.ts';

const EVENTS = 10_000_000;
const STREAMS = 4;
const EVENTS_A_PACKET = 8192;
const ROUNDS = 3;
const T0 = 1_764_000_000_000_000_000n;

function integer(name: string, bytes: 2 | 4 | 8): RecordedFieldShape {
  return { name, type: { kind: 'integer', bytes, isSigned: false, base: 10 } };
}

const queue = [integer('port_id', 2), integer('queue_id', 2)];
const shapes: readonly RecordedEventShape[] = [
  { name: 'lib.ethdev.rx.burst.nonempty', fields: [...queue, integer('nb_rx', 2), integer('max', 2)] },
  { name: 'dpdk:rx_packet', fields: [...queue, integer('len', 4), integer('mbuf', 8)] },
  { name: 'dpdk:tx_packet', fields: [...queue, integer('len', 4), integer('mbuf', 8)] },
  { name: 'lib.ethdev.tx.burst', fields: [...queue, integer('nb_pkts', 2), integer('max', 2)] },
].map((event, id) => ({ id, logLevel: 13, ...event }));

/** Bursts of eight packets, each received, sent, and both told. */
function writeRecording(folder: string): void {
  const shape: RecordingShape = {
    uuid: Uint8Array.from({ length: 16 }, (_, index) => index),
    events: shapes,
    environment: { procname: 'bench', vpid: 42 },
  };
  mkdirSync(folder);
  writeFileSync(join(folder, 'metadata'), formatRecordingMetadata(shape, '1.8'));
  for (let stream = 0; stream < STREAMS; stream++) writeStream(folder, stream, shape.uuid);
}

function writeStream(folder: string, stream: number, uuid: Uint8Array): void {
  const fd = openSync(join(folder, `stream-${stream}`), 'w');
  const encoder = new EventEncoder();
  let [timeNs, beginNs, sequenceNumber] = [T0 + BigInt(stream), T0, 0];
  for (let event = 0; event < EVENTS / STREAMS; event++) {
    const place = event % 18;
    const kind = place === 0 ? 0 : place <= 8 ? 1 : place <= 16 ? 2 : 3;
    const mbuf = 0x1_0000_0000n + BigInt(stream * 65_536 + ((place - 1) % 8) * 2176);
    timeNs += 50n;
    const more = kind === 0 || kind === 3 ? [8, 32] : [64 + (event % 1400), mbuf];
    encoder.add(shapes[kind]!, timeNs, [stream, 0, ...more]);
    if ((event + 1) % EVENTS_A_PACKET !== 0 && event + 1 < EVENTS / STREAMS) continue;
    const head = encodePacketHead(uuid, {
      streamInstance: stream,
      beginNs,
      endNs: timeNs,
      eventBytes: encoder.lengthBytes,
      sequenceNumber: sequenceNumber++,
      eventsDiscarded: 0n,
      cpu: stream,
      lcore: stream,
      tid: 1000 + stream,
      threadName: `worker-${stream}`,
    });
    writeSync(fd, head);
    writeSync(fd, encoder.borrowBytes());
    encoder.clear();
    beginNs = timeNs;
  }
  closeSync(fd);
}

export async function benchConvert(rounds: number = ROUNDS): Promise<void> {
  const folder = mkdtempSync(join(process.env.TMPDIR ?? '/tmp', 'hone-bench-'));
  const recording = join(folder, 'recording');
  try {
    writeRecording(recording);
    const rows: string[][] = [];
    for (const [name, command] of commands(recording, folder)) {
      const runs = Array.from({ length: rounds }, () => {
        rmSync(join(folder, 'ctf'), { recursive: true, force: true });
        return measureProcess(command);
      });
      const rates = runs.map(({ seconds }) => EVENTS / seconds / 1e6);
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
