/** What recordings are written as, read by babeltrace2. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeIndexEntry, encodeIndexHeader } from './encode-index.ts';
import { encodePacketHead } from './encode-packet-head.ts';
import { EventEncoder, type RecordedValue } from './event-encoder.ts';
import { formatRecordingMetadata } from './format-recording-metadata.ts';
import type { PacketHead, RecordedFieldShape, RecordingShape } from './recording-shape.ts';

const haveBabeltrace = spawnSync('babeltrace2', ['--version']).status === 0;

function integer(
  name: string,
  bytes: 1 | 2 | 4 | 8,
  more: { isSigned?: boolean; base?: 16; labels?: { label: string; value: number }[] } = {},
): RecordedFieldShape {
  return { name, type: { kind: 'integer', bytes, isSigned: false, base: 10, ...more } };
}

const burst = {
  id: 0,
  name: 'dpdk:rx_burst',
  logLevel: 13,
  fields: [
    integer('port', 2),
    integer('mbuf', 8, { base: 16 }),
    integer('delta', 4, { isSigned: true }),
    integer('wide', 8, { isSigned: true }),
    integer('state', 1, {
      labels: [
        { label: 'link "up"', value: 1 },
        { label: 'down', value: 0 },
      ],
    }),
    { name: 'load', type: { kind: 'float', bytes: 8 } },
    { name: 'share', type: { kind: 'float', bytes: 4 } },
    { name: 'name', type: { kind: 'text' } },
  ],
} as const satisfies RecordingShape['events'][number];

const awkward = {
  id: 65_535,
  name: 'an "event"\\',
  logLevel: 6,
  fields: ['int', '_own', '9lives', 'a b', 'a_b', '', 'event'].map((name) => integer(name, 1)),
};

const nothing = { id: 7, name: 'nothing', logLevel: 14, fields: [] };

const shape: RecordingShape = {
  uuid: Uint8Array.from({ length: 16 }, (_, index) => index * 17),
  environment: { hostname: 'a "name"\\\n\u0001 é', tracer_major: 3, offset: -4 },
  events: [burst, awkward, nothing],
};

const START = 1_700_000_000_000_000_000n;

interface Packet {
  readonly events: readonly (readonly [RecordingShape['events'][number], bigint, readonly RecordedValue[]])[];
  readonly head: Partial<PacketHead> & { readonly beginNs: bigint; readonly endNs: bigint };
}

/** A stream's file and its index. */
function stream(packets: readonly Packet[]): { bytes: Buffer; index: Buffer } {
  const parts: Uint8Array[] = [];
  const index = [encodeIndexHeader()];
  let offset = 0;
  const encoder = new EventEncoder();
  for (const { events, head } of packets) {
    encoder.clear();
    for (const [event, timeNs, values] of events) encoder.add(event, timeNs, values);
    const whole: PacketHead = {
      streamInstance: 0,
      sequenceNumber: index.length - 1,
      eventsDiscarded: 0n,
      cpu: 1,
      lcore: 2,
      tid: 42,
      threadName: 'worker',
      eventBytes: encoder.lengthBytes,
      ...head,
    };
    const bytes = encodePacketHead(shape.uuid, whole);
    index.push(encodeIndexEntry(whole, offset, bytes.length));
    parts.push(bytes, encoder.borrowBytes().slice());
    offset += bytes.length + encoder.lengthBytes;
  }
  return { bytes: Buffer.concat(parts), index: Buffer.concat(index) };
}

describe('babeltrace2', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hone-ctf-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function read(
    name: string,
    streams: readonly ReturnType<typeof stream>[],
    ...options: string[]
  ): { lines: string[]; stderr: string } {
    const path = join(folder, name);
    mkdirSync(join(path, 'index'), { recursive: true });
    writeFileSync(join(path, 'metadata'), formatRecordingMetadata(shape, '1.8'));
    streams.forEach(({ bytes, index }, number) => {
      writeFileSync(join(path, `stream_${number}`), bytes);
      writeFileSync(join(path, 'index', `stream_${number}.idx`), index);
    });
    const { stdout, stderr } = spawnSync('babeltrace2', [...options, path], {
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC' },
    });
    return { lines: stdout.split('\n').slice(0, -1), stderr };
  }

  const text = ['--clock-seconds', '--no-delta', '--fields=loglevel'];

  test('reads events, names and values as they were given', (ctx) => {
    if (!haveBabeltrace) ctx.skip('needs babeltrace2: apt-get install babeltrace2');
    const { lines, stderr } = read(
      'values',
      [
        stream([
          {
            head: { beginNs: START, endNs: START + 9n },
            events: [
              [burst, START, [65_535, 0xffff_ffff_ffff_fff0n, -5, -2, 1, 1.5, -0.25, 'mb\u00e9_0\0after']],
              [awkward, START + 1n, [1, 2, 3, 4, 5, 6, 7]],
              [nothing, START + 9n, []],
            ],
          },
          {
            head: { beginNs: START + 10n, endNs: START + 20n, lcore: undefined, threadName: '' },
            events: [],
          },
          {
            head: { beginNs: START + 20n, endNs: START + 20n, lcore: undefined, threadName: 'a\0b' },
            events: [[burst, START + 20n, [0, 2 ** 40 + 3, 7n, 2 ** 53, 9n, 0, 0, '']]],
          },
        ]),
      ],
      ...text,
    );
    expect(stderr).toBe('');
    const context = '{ cpu_id = 1, lcore_id = 2, tid = 42, thread_name = "worker" }';
    const other = '{ cpu_id = 1, lcore_id = 4294967295, tid = 42, thread_name = "a" }';
    expect(lines).toEqual([
      `[1700000000.000000000] TRACE_DEBUG_LINE (13) dpdk:rx_burst: ${context}, { port = 65535, mbuf = 0xFFFFFFFFFFFFFFF0, ` +
        'delta = -5, wide = -2, state = ( "link \\"up\\"" : container = 1 ), load = 1.5, share = -0.25, name = "mbé_0" }',
      `[1700000000.000000001] TRACE_INFO (6) an "event"\\: ${context}, { int = 1, _own = 2, 9lives = 3, a_b = 4, a_b_ = 5, ` +
        'unnamed = 6, event = 7 }',
      `[1700000000.000000009] TRACE_DEBUG (14) nothing: ${context}, { }`,
      `[1700000000.000000020] TRACE_DEBUG_LINE (13) dpdk:rx_burst: ${other}, { port = 0, mbuf = 0x10000000003, ` +
        'delta = 7, wide = 9007199254740992, state = ( <unknown> : container = 9 ), load = 0, share = 0, name = "" }',
    ]);
  });

  test('counts what was discarded as it was written, and sees packets that are missing', (ctx) => {
    if (!haveBabeltrace) ctx.skip('needs babeltrace2: apt-get install babeltrace2');
    const packet = (number: number, eventsDiscarded: bigint, events: Packet['events'] = []): Packet => ({
      head: {
        beginNs: START + BigInt(number) * 10n,
        endNs: START + BigInt(number) * 10n + 9n,
        sequenceNumber: number,
        eventsDiscarded,
      },
      events,
    });
    const { stderr } = read('loss', [stream([packet(0, 0n), packet(1, 2n), packet(2, 7n), packet(5, 7n)])]);
    expect(stderr.match(/Tracer discarded \d+ \w+/g)).toEqual([
      'Tracer discarded 2 events',
      'Tracer discarded 5 events',
      'Tracer discarded 2 packets',
    ]);
    expect(stderr.match(/WARNING/g)).toHaveLength(3);
  });

  test('says nothing of the room that a killed host leaves: packets without events, all of the next number', (ctx) => {
    if (!haveBabeltrace) ctx.skip('needs babeltrace2: apt-get install babeltrace2');
    const room: Packet = {
      head: { beginNs: START + 9n, endNs: START + 9n, sequenceNumber: 1 },
      events: [],
    };
    const first: Packet = {
      head: { beginNs: START, endNs: START + 9n },
      events: [[nothing, START + 9n, []]],
    };
    const { lines, stderr } = read('killed', [stream([first, room, room, room])], ...text);
    expect([lines.length, stderr]).toEqual([1, '']);
  });

  test('shows streams, clock, environment and classes', (ctx) => {
    if (!haveBabeltrace) ctx.skip('needs babeltrace2: apt-get install babeltrace2');
    const event = (at: bigint) => [nothing, START + at, []] as const;
    const one = stream([{ head: { beginNs: START, endNs: START + 5n }, events: [event(0n), event(5n)] }]);
    const two = stream([
      { head: { beginNs: START + 1n, endNs: START + 3n, streamInstance: 1 }, events: [event(1n), event(3n)] },
    ]);
    const { lines, stderr } = read('details', [one, two], '-c', 'sink.text.details');
    expect(stderr).toBe('');
    const trimmed = lines.map((line) => line.trim());
    expect(trimmed.filter((line) => line.startsWith('Event `')).length).toBe(4);
    for (const line of [
      'Frequency (Hz): 1,000,000,000',
      'Origin is Unix epoch: Yes',
      'Supports discarded events: Yes',
      'Supports discarded packets: Yes',
      'UUID: 00112233-4455-6677-8899-aabbccddeeff',
      'offset: -4',
      'tracer_major: 3',
      'Log level: Debug (line)',
      'mbuf: Unsigned integer (64-bit, Base 16)',
      'state: Unsigned enumeration (8-bit, Base 10, 2 mappings):',
      'Stream (ID 1, Class ID 0)',
    ]) {
      expect(trimmed).toContain(line);
    }
  });
});
