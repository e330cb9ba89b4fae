/** Scripts on recordings: what they print is what the events say, as babeltrace2 reads them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Converted, convertedFile } from '../../test/fakes/converted-file.ts';
import type { MadeEvent } from '../../test/fakes/made-cursor.ts';
import { encodeCapture, MadeSources, T0 } from '../../test/fakes/made-sources.ts';
import {
  EventEncoder,
  encodePacketHead,
  formatRecordingMetadata,
  type RecordedEventShape,
} from '../ctf/index.ts';
import { trace } from './trace-recording.fixture.ts';

const haveBabeltrace = spawnSync('babeltrace2', ['--version']).status === 0;
const SECOND = 1_000_000_000n;

/** Two threads, 1000 events a second each. */
function eventsOf(thread: number): MadeEvent[] {
  return Array.from({ length: 3000 }, (_, n): MadeEvent => {
    const timeNs = T0 + BigInt(n) * 1_000_000n + BigInt(thread);
    const port = { port_id: (n * 7 + thread) % 3, queue_id: thread };
    if (n % 5 === 0) {
      const reason = [
        'no_route',
        'ttl',
        'a reason whose name is longer than any slot of text that there is in a context',
      ][n % 3]!;
      return {
        timeNs,
        name: 'app:fw:drop',
        fields: { reason, balance: n % 2 === 0 ? -n - 1 : n, wide: (1n << 63n) + BigInt(n) },
      };
    }
    return { timeNs, name: 'dpdk:rx_packet', fields: { ...port, len: 64 + (n % 1400), mbuf: BigInt(n) } };
  });
}

let events: Converted;
beforeAll(async () => {
  const made = new MadeSources();
  const session = made.session('s', false);
  const sources = [0, 1].map((thread) =>
    made.trace(session, [
      {
        context: { lcore_id: thread, tid: 100 + thread, thread_name: `w${thread}` },
        events: eventsOf(thread),
      },
    ]),
  );
  events = await convertedFile('ctf', sources);
});
afterAll(() => events.remove());

describe.skipIf(!haveBabeltrace)('as babeltrace2 counts', () => {
  function lines(): string[] {
    return spawnSync('babeltrace2', [events.path], { encoding: 'utf8', maxBuffer: 64 << 20 })
      .stdout.trim()
      .split('\n');
  }

  test('events of a point, of a port, and those that a predicate takes', async () => {
    const all = lines();
    const count = (pattern: RegExp) => all.filter((line) => pattern.test(line)).length;
    const printed = await trace(
      events.path,
      'dpdk:rx_packet { @all = count(); } dpdk:rx_packet:1 { @one = count(); } dpdk:rx_packet:1:0 { @queue = count(); }' +
        'dpdk:rx_packet /args.len > 1000/ { @long = count(); } app:fw:drop /args.reason == "ttl"/ { @ttl = count(); }' +
        'app:fw:drop /args.balance < 0/ { @negative = count(); } app:fw:drop /args.wide > 9223372036854775807/ { @wide = count(); }',
    );
    expect(
      Object.fromEntries(
        printed
          .split('\n')
          .filter(Boolean)
          .map((line) => line.slice(1).split(': ')),
      ),
    ).toEqual({
      all: String(count(/rx_packet/)),
      one: String(count(/rx_packet.* port_id = 1,/)),
      queue: String(count(/rx_packet.* port_id = 1, queue_id = 0,/)),
      long: String(count(/rx_packet.* len = (1\d{3}),/) - count(/ len = 1000,/)),
      ttl: String(count(/reason = "ttl"/)),
      negative: String(count(/balance = -/)),
      wide: String(count(/app:fw:drop/)),
    });
  });
});

test('threads, texts and the time are those of the events', async () => {
  expect(
    await trace(
      events.path,
      'app:fw:drop /args.wide == 9223372036854775813/ { printf("%d %s %s %d %llu\\n", tid, comm, args.reason, args.balance, nsecs); }',
    ),
  ).toBe(
    [
      `100 w0 ${'a reason whose name is longer than any slot of text that there is in a context'.slice(0, 63)} 5 ${T0 + 5_000_000n}`,
      `101 w1 ${'a reason whose name is longer than any slot of text that there is in a context'.slice(0, 63)} 5 ${T0 + 5_000_001n}`,
    ].join('\n'),
  );
});

test('intervals come at their time among the events, maps are printed as they are there', async () => {
  const printed = await trace(events.path, 'dpdk:rx_packet { @ = count(); } interval:s:1 { print(@); }');
  expect(printed.split(/\n+/)).toEqual(['@: 1600', '@: 3200', '@: 4800']);
});

test('an exit ends it behind its event', async () => {
  expect(
    await trace(
      events.path,
      'app:fw:drop { @ = count(); if (args.wide >= 9223372036854775818) { exit(); } }',
    ),
  ).toBe('@: 5');
});

test('points that were not recorded, and what is no recording', async () => {
  await expect(trace(events.path, 'dpdk:tx_packet { @ = count(); }')).rejects.toThrow(
    /no probe dpdk:tx_packet.*dpdk:rx_packet|did you mean/,
  );
  await expect(trace(events.path, 'dpdk:rx_packet /ip.proto == 6/ { @ = count(); }')).rejects.toThrow(
    'dpdk:rx_packet: recorded events have no bytes of packets',
  );
  await expect(trace(dirname(events.path.replace(/\/out$/, '/nowhere/x')), 'BEGIN {}')).rejects.toThrow(
    /cannot read/,
  );
});

test('packets of a capture hit packet points where no events tell of them', async () => {
  const { path, remove } = await convertedFile('ctf', [
    new MadeSources().trace(new MadeSources().session('s', false), [
      { events: [{ timeNs: T0 + SECOND, name: 'x' }] },
    ]),
  ]);
  const folder = dirname(path);
  const data = Buffer.from(`020000000002020000000001080045${'00'.repeat(50)}`, 'hex');
  data[23] = 17;
  writeFileSync(
    join(folder, 'packets.pcapng'),
    encodeCapture([
      { timeNs: T0, direction: 'in', data },
      { timeNs: T0 + 2n * SECOND, direction: 'out', data },
      { timeNs: T0 + 3n * SECOND, direction: 'in', data },
    ]),
  );
  const printed = await trace(
    folder,
    'dpdk:rx_packet { @in[ip.proto] = count(); @len = sum(args.len); } dpdk:tx_packet { @out = count(); }',
  );
  remove();
  expect(printed.split(/\n+/)).toEqual(['@in[17]: 2', '@len: 130', '@out: 1']);
});

test('what was recorded as a burst and as a poll hits each once; narrow numbers keep their sign', async () => {
  const integer = (name: string, isSigned = false) =>
    ({ name, type: { kind: 'integer', bytes: 4, isSigned, base: 10 } }) as const;
  const burst = [integer('port_id'), integer('queue_id'), integer('nb_rx')];
  const shapes: readonly RecordedEventShape[] = [
    { id: 0, name: 'lib.ethdev.rx.burst.nonempty', logLevel: 13, fields: burst },
    { id: 1, name: 'lib.ethdev.rx.burst.empty', logLevel: 13, fields: burst },
    { id: 2, name: 'lib.ethdev.rx.burst.nonempty', logLevel: 13, fields: burst },
    { id: 3, name: 'app:x:y', logLevel: 13, fields: [integer('delta', true)] },
  ];
  const path = mkdtempSync(join(tmpdir(), 'hone-twice-'));
  const uuid = new Uint8Array(16);
  writeFileSync(
    join(path, 'metadata'),
    formatRecordingMetadata({ uuid, events: shapes, environment: {} }, '1.8'),
  );
  const encoder = new EventEncoder();
  encoder.add(shapes[0]!, T0, [0, 0, 4]);
  encoder.add(shapes[2]!, T0, [0, 0, 4]);
  encoder.add(shapes[1]!, T0, [0, 0, 0]);
  encoder.add(shapes[3]!, T0, [-7]);
  const head = {
    ...{ streamInstance: 0, beginNs: T0, endNs: T0, eventBytes: encoder.lengthBytes, sequenceNumber: 0 },
    ...{ eventsDiscarded: 0n, cpu: 0, lcore: 1, tid: 5, threadName: 'w' },
  };
  writeFileSync(join(path, 'stream'), Buffer.concat([encodePacketHead(uuid, head), encoder.borrowBytes()]));
  const printed = await trace(
    path,
    'dpdk:rx_burst { @burst = count(); } dpdk:rx_poll { @poll = count(); } app:x:y /args.delta == -7/ { @delta = count(); }',
  );
  rmSync(path, { recursive: true });
  expect(printed.split(/\n+/)).toEqual(['@burst: 1', '@delta: 1', '@poll: 2']);
});
