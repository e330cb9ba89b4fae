/** Events gone over in WebAssembly give what events give one by one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encodeCapture, T0 } from '../../test/fakes/made-sources.ts';
import { EventWalk } from '../bpf/index.ts';
import {
  EventEncoder,
  encodePacketHead,
  formatRecordingMetadata,
  type RecordedEventShape,
  type RecordedValue,
} from '../ctf/index.ts';
import { trace } from './trace-recording.fixture.ts';

const integer = (name: string, bytes: 1 | 2 | 4 | 8, isSigned = false) =>
  ({ name, type: { kind: 'integer', bytes, isSigned, base: 10 } }) as const;
const place = [integer('port_id', 2), integer('queue_id', 2)];
const SHAPES: readonly RecordedEventShape[] = [
  { id: 0, name: 'lib.ethdev.rx.burst.nonempty', logLevel: 13, fields: [...place, integer('nb_rx', 2)] },
  {
    ...{ id: 1, name: 'app:x:numbers', logLevel: 13 },
    fields: [
      ...[integer('a', 1, true), integer('b', 8), integer('c', 4, true), integer('d', 8, true)],
      ...[integer('e', 1), integer('f', 2), integer('g', 4), integer('h', 2, true)],
    ],
  },
  { id: 2, name: 'app:x:word', logLevel: 13, fields: [{ name: 'word', type: { kind: 'text' } }] },
  { id: 3, name: 'dpdk:tx_packet', logLevel: 13, fields: [...place, integer('len', 4)] },
  { id: 2000, name: 'app:x:far', logLevel: 13, fields: [integer('n', 2)] },
];
const UUID = new Uint8Array(16);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-lanes-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Numbers that look random, the same for the same seed. */
function below(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

type Random = ReturnType<typeof below>;

function valuesOf({ name }: RecordedEventShape, random: Random): RecordedValue[] {
  switch (name) {
    case 'app:x:numbers':
      return [
        ...[random(256) - 128, BigInt(random(1e9)) << 33n, random(2 ** 32) - 2 ** 31, -BigInt(random(1e9))],
        ...[random(256), random(65_536), random(2 ** 32), random(65_536) - 32_768],
      ];
    case 'app:x:word':
      return ['w'.repeat(random(5))];
    case 'app:x:far':
      return [random(100)];
    default:
      return [[0, 1, 40_000][random(3)]!, random(2), random(33)];
  }
}

interface Plan {
  readonly seed: number;
  readonly streams: number;
  readonly packets: number;
  readonly events: number;
  readonly shapes: readonly RecordedEventShape[];
  /** One event in so many is older than the one before. */
  readonly backward?: number;
  /** All that the trace declares. */
  readonly declared?: readonly RecordedEventShape[];
  readonly into?: string;
}

/** Streams whose events are of the same few times again and again. @returns how many there are */
function record({ seed, streams, packets, events, shapes, backward = 1e9, ...where }: Plan): number {
  const { declared = SHAPES, into = folder } = where;
  const random = below(seed);
  const metadata = formatRecordingMetadata({ uuid: UUID, events: declared, environment: { pid: 7 } }, '1.8');
  writeFileSync(join(into, 'metadata'), metadata);
  let count = 0;
  for (let stream = 0; stream < streams; stream++) {
    const parts: Uint8Array[] = [];
    let timeNs = T0 + BigInt(random(20));
    for (let packet = 0; packet < packets; packet++) {
      const encoder = new EventEncoder();
      const beginNs = timeNs;
      for (let event = packet === 0 ? 0 : random(2) * events; event < events; event++) {
        timeNs += BigInt(random(backward) === 0 && backward < 1e9 ? -30 : random(4) * 10);
        const shape = shapes[random(shapes.length)]!;
        encoder.add(shape, timeNs, valuesOf(shape, random));
        count++;
      }
      const head = {
        ...{ streamInstance: stream, beginNs, endNs: timeNs, eventBytes: encoder.lengthBytes },
        ...{ sequenceNumber: packet, eventsDiscarded: 0n, cpu: 0, lcore: stream, tid: 100 + stream },
        threadName: `forwarder-no-${stream}`,
      };
      parts.push(encodePacketHead(UUID, head), encoder.borrowBytes().slice());
    }
    writeFileSync(join(into, `stream-${stream}`), Buffer.concat(parts));
  }
  return count;
}

const SCRIPTS = [
  'dpdk:rx_burst { @n[tid, comm, args.port] = count(); @sizes = hist(args.nb_rx); } dpdk:tx_packet { @out[lcore] = sum(args.len); }',
  'dpdk:rx_burst:1 { @one = count(); } dpdk:rx_burst:1:0 { @queue = count(); } dpdk:tx_packet:40000 { @two = sum(args.len); }',
  'app:x:numbers { printf("%d %d %llu %d %lld %llu\\n", tid, args.a, args.b, args.c, args.d, nsecs); printf("%d %d %u %d\\n", args.e, args.f, args.g, args.h); }' +
    'dpdk:rx_burst { printf("%d rx %d %llu\\n", tid, args.nb_rx, nsecs); } app:x:word { printf("%d %s\\n", tid, args.word); }' +
    'app:x:far { printf("%d far %d\\n", tid, args.n); }',
  'dpdk:rx_burst { @n = count(); if (args.nb_rx == 31) { print(@n); } } interval:us:1 { printf("-- %llu\\n", nsecs); print(@n); }',
  'dpdk:rx_burst { @n = count(); } app:x:numbers /args.a == 100/ { exit(); }',
  'app:x:numbers { @low = min(args.c); @high = max(args.b); @sum = sum(args.a); }',
];

const ONE_BY_ONE = { fewEvents: undefined };
const EACH_TRIED = { fewEvents: 0 };

/**
 * Each way, for each script.
 * @param events in the recording
 * @returns how many of them were gone over by the first script
 */
async function expectSame(events: number): Promise<number> {
  const run = vi.spyOn(EventWalk.prototype, 'run');
  const walked: number[] = [];
  for (const script of SCRIPTS) {
    run.mockClear();
    const oneByOne = await trace(folder, script, ONE_BY_ONE);
    expect(await trace(folder, script, EACH_TRIED)).toBe(oneByOne);
    walked.push(run.mock.results.reduce((sum, { value }) => sum + (value as { events: number }).events, 0));
    expect(await trace(folder, script)).toBe(oneByOne);
  }
  expect(Math.max(...walked)).toBeLessThanOrEqual(events);
  return walked[0]!;
}

const [burst, numbers, word, sent, far] = SHAPES as [
  ...[RecordedEventShape, RecordedEventShape, RecordedEventShape, RecordedEventShape, RecordedEventShape],
];

test.each([
  ['one stream', { streams: 1, packets: 3, events: 400, shapes: [burst, numbers, sent] }],
  [
    'streams whose events take turns',
    { streams: 4, packets: 3, events: 300, shapes: [burst, numbers, sent] },
  ],
  ['kinds that are not gone over between', { streams: 3, packets: 3, events: 200, shapes: SHAPES }],
  ['times that go back', { streams: 2, packets: 2, events: 300, shapes: [burst, numbers], backward: 40 }],
  ['packets of one event, and empty ones', { streams: 3, packets: 60, events: 1, shapes: [burst, sent] }],
] as const)('%s', async (_what, plan) => {
  for (let seed = 1; seed <= 4; seed++) {
    expect(await expectSame(record({ ...plan, seed }))).toBeGreaterThan(0);
  }
});

test('more than a lane or the window of a cursor holds', async () => {
  const events = record({ seed: 5, streams: 2, packets: 2, events: 12_000, shapes: [burst, numbers, sent] });
  expect(await expectSame(events)).toBe(events);
});

test('where nothing can be gone over', async () => {
  const events = record({ seed: 6, streams: 2, packets: 2, events: 100, shapes: [word, far] });
  expect(await expectSame(events)).toBe(0);
});

test('packets of a capture between', async () => {
  const into = join(folder, 'events');
  mkdirSync(into);
  // Of packets events tell nothing here.
  const declared = [burst, numbers];
  record({ seed: 9, streams: 3, packets: 2, events: 500, shapes: declared, declared, into });
  const data = Buffer.alloc(60);
  // Some at the times of events, close to each other at first.
  const packets = Array.from({ length: 120 }, (_, n) => ({
    ...{ timeNs: T0 + BigInt(n < 60 ? 7 * n : 97 * n), data },
    direction: n % 3 === 0 ? ('out' as const) : ('in' as const),
  }));
  writeFileSync(join(folder, 'packets.pcapng'), encodeCapture(packets));
  const script =
    'dpdk:rx_packet { printf("%d in %llu\\n", args.len, nsecs); @in = count(); } dpdk:rx_burst { printf("%d rx %llu\\n", tid, nsecs); }' +
    'app:x:numbers { printf("%d %llu %llu\\n", tid, args.b, nsecs); }';
  const run = vi.spyOn(EventWalk.prototype, 'run');
  const oneByOne = await trace(folder, script, ONE_BY_ONE);
  expect(await trace(folder, script, EACH_TRIED)).toBe(oneByOne);
  expect(await trace(folder, script)).toBe(oneByOne);
  const walked = run.mock.results.map(({ value }) => (value as { events: number }).events);
  expect(Math.max(...walked)).toBeGreaterThan(10);
});

test('two traces whose events have the same numbers', async () => {
  const swapped = [{ ...burst, id: numbers.id }, { ...numbers, id: burst.id }, word, sent, far];
  let [events, seed] = [0, 8];
  for (const [name, declared] of [
    ['a', SHAPES],
    ['b', swapped],
  ] as const) {
    const into = join(folder, name);
    mkdirSync(into);
    events += record({
      seed: seed++,
      streams: 2,
      packets: 2,
      events: 200,
      shapes: declared.slice(0, 2),
      declared,
      into,
    });
  }
  expect(await expectSame(events)).toBeGreaterThan(0);
});

test('a stream that is damaged gives what is before the damage', async () => {
  const events = record({ seed: 7, streams: 1, packets: 1, events: 100, shapes: [burst, numbers] });
  const encoder = new EventEncoder();
  for (let n = 0; n < 10; n++) encoder.add(burst, T0 + BigInt(n), [1, 0, n]);
  const head = {
    ...{ streamInstance: 9, beginNs: T0, endNs: T0 + 9n, eventBytes: encoder.lengthBytes, sequenceNumber: 0 },
    ...{ eventsDiscarded: 0n, cpu: 0, lcore: 9, tid: 109, threadName: 'cut' },
  };
  const whole = Buffer.concat([encodePacketHead(UUID, head), encoder.borrowBytes()]);
  writeFileSync(join(folder, 'stream-9'), whole.subarray(0, whole.length - 5));
  expect(await expectSame(events + 10)).toBeGreaterThan(0);
  expect(await trace(folder, 'dpdk:rx_burst /tid == 109/ { @ = count(); }')).toBe('@: 9');
});
