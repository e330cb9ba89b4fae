import { describe, expect, test } from 'vitest';
import type { MadePacket } from '../../../test/fakes/made-cursor.ts';
import { MadeSources, T0 } from '../../../test/fakes/made-sources.ts';
import { Conversion } from '../conversion.ts';
import type { ItemSource } from '../item-source.ts';
import { Timeline } from './timeline.ts';
import type { Moment, TimelineSink, Track } from './timeline-sink.ts';

/** A timeline as lines: what, where, when, which flows. */
class Lines implements TimelineSink {
  readonly lines: string[] = [];
  readonly tracks: Track[] = [];

  addTrack(track: Track): void {
    if (track.parent !== undefined) expect(this.tracks).toContain(track.parent);
    this.tracks.push(track);
  }

  begin(track: Track, moment: Moment): void {
    this.#put('begin', track, moment);
  }

  end(track: Track, timeNs: bigint): void {
    this.lines.push(`end ${track.name} ${timeNs - T0}`);
  }

  instant(track: Track, moment: Moment): void {
    this.#put('instant', track, moment);
  }

  count(track: Track, timeNs: bigint, value: number | bigint): void {
    this.lines.push(`count ${track.name} ${timeNs - T0} ${value}`);
  }

  #put(kind: string, track: Track, { timeNs, name, flows }: Moment): void {
    const marks = flows.map(({ flow, part }) => ` ${flow}:${part}`).join('');
    this.lines.push(`${kind} ${track.name} ${timeNs - T0} ${name}${marks}`);
  }
}

async function timelineOf(sources: readonly ItemSource[]) {
  const sink = new Lines();
  const timeline = new Timeline(sink);
  const conversion = new Conversion(sources, { fromNs: undefined, beforeNs: undefined, items: undefined });
  await conversion
    .run({
      notes: [],
      put: (item) => void timeline.put(item),
      flush: async () => {},
      finish: async () => timeline.finish(),
    })
    .catch((error: Error) => sink.lines.push(error.message));
  return { ...sink, timeline };
}

type Row = readonly [atNs: number, name: string, fields?: Record<string, string | number | bigint>];

function packet(rows: readonly Row[], more: Partial<MadePacket> = {}): MadePacket {
  return {
    events: rows.map(([at, name, fields = {}]) => ({ timeNs: T0 + BigInt(at), name, fields })),
    ...more,
  };
}

async function linesOf(rows: readonly Row[]): Promise<readonly string[]> {
  const made = new MadeSources();
  return (await timelineOf([made.trace(made.session('s', false), [packet(rows)])])).lines;
}

describe('bursts', () => {
  test('last until the thread asks for packets again, where empty polls tell', async () => {
    expect(
      await linesOf([
        [10, 'lib.ethdev.rx.burst.nonempty', { nb_rx: 4 }],
        [15, 'lib.ethdev.tx.burst', { nb_pkts: 4 }],
        [18, 'lib.ethdev.rx.burst.empty'],
        [30, 'dpdk:rx_poll', { nb_rx: 0 }],
        [40, 'dpdk:rx_poll', { nb_rx: 2 }],
        [50, 'dpdk:rx_poll', { nb_rx: 1 }],
      ]),
    ).toEqual([
      'begin lcore 1 10 lib.ethdev.rx.burst.nonempty',
      'instant lcore 1 15 lib.ethdev.tx.burst',
      'end lcore 1 18',
      'instant lcore 1 18 lib.ethdev.rx.burst.empty',
      'instant lcore 1 30 dpdk:rx_poll',
      'begin lcore 1 40 dpdk:rx_poll',
      'end lcore 1 50',
      'begin lcore 1 50 dpdk:rx_poll',
      'end lcore 1 50',
    ]);
  });

  test('without polls, until the last that the thread was seen doing', async () => {
    expect(
      await linesOf([
        [10, 'dpdk:rx_burst', { nb_rx: 4 }],
        [12, 'app:x:y'],
        [15, 'dpdk:tx_burst', { nb_tx: 4 }],
        [900, 'dpdk:rx_burst', { nb_rx: 1 }],
        [905, 'dataplane:lcore_idle'],
      ]),
    ).toEqual([
      'begin lcore 1 10 dpdk:rx_burst',
      'instant lcore 1 12 app:x:y',
      'instant lcore 1 15 dpdk:tx_burst',
      'end lcore 1 15',
      'begin lcore 1 900 dpdk:rx_burst',
      'end lcore 1 900',
      'begin lcore 1 activity 905 idle',
    ]);
  });

  test('are of their thread, whatever others do', async () => {
    const made = new MadeSources();
    const session = made.session('s', false);
    const two = { context: { lcore_id: 2, tid: 101, thread_name: 'two' } };
    const { lines } = await timelineOf([
      made.trace(session, [
        packet([
          [10, 'dpdk:rx_burst'],
          [30, 'dpdk:tx_burst'],
        ]),
      ]),
      made.trace(session, [
        packet(
          [
            [20, 'dpdk:rx_burst'],
            [25, 'x'],
          ],
          two,
        ),
      ]),
    ]);
    expect(lines).toEqual([
      'begin lcore 1 10 dpdk:rx_burst',
      'begin lcore 2 20 dpdk:rx_burst',
      'instant lcore 2 25 x',
      'instant lcore 1 30 dpdk:tx_burst',
      'end lcore 1 30',
      'end lcore 2 25',
    ]);
  });
});

describe('stages', () => {
  test('nest in a row of their own; an end ends what is within, one without a beginning is a moment', async () => {
    expect(
      await linesOf([
        [1, 'app:dataplane:stage_end', { stage: 'late' }],
        [2, 'dataplane:stage_begin', { stage: 'lookup' }],
        [3, 'dataplane:stage_begin', { stage: 'acl' }],
        [5, 'dataplane:stage_end', { stage: 'lookup' }],
        [6, 'dataplane:stage_begin', { stage: 3 }],
        [7, 'dataplane:stage_end', { stage: 3 }],
      ]),
    ).toEqual([
      'instant lcore 1 1 app:dataplane:stage_end',
      'begin lcore 1 stages 2 lookup',
      'begin lcore 1 stages 3 acl',
      'end lcore 1 stages 5',
      'end lcore 1 stages 5',
      'begin lcore 1 stages 6 stage 3',
      'end lcore 1 stages 7',
    ]);
  });

  test('idle and busy follow each other', async () => {
    expect(
      await linesOf([
        [1, 'dataplane:lcore_busy', { lcore: 1 }],
        [4, 'dataplane:lcore_idle', { lcore: 1 }],
        [9, 'dataplane:lcore_busy', { lcore: 1 }],
      ]),
    ).toEqual([
      'begin lcore 1 activity 1 busy',
      'end lcore 1 activity 4',
      'begin lcore 1 activity 4 idle',
      'end lcore 1 activity 9',
      'begin lcore 1 activity 9 busy',
    ]);
  });
});

test('samples become counters, named by what was sampled', async () => {
  expect(
    await linesOf([
      [1, 'dpdk:port_stats', { port: 0, ipackets: 5n, opackets: 7n }],
      [2, 'dpdk:mempool_level', { name: 'mb_pool', available: 100, size: 128 }],
      [3, 'dpdk:ring_level', { name: 'tx', count: 1, capacity: 255 }],
    ]),
  ).toEqual([
    'count port 0 ipackets 1 5',
    'count port 0 opackets 1 7',
    'count mb_pool available 2 100',
    'count mb_pool size 2 128',
    'count tx count 3 1',
    'count tx capacity 3 255',
  ]);
});

const rx = (at: number, mbuf: bigint, packet_id = 0n): Row => [at, 'dpdk:rx_packet', { mbuf, packet_id }];
const tx = (at: number, mbuf: bigint, packet_id = 0n): Row => [at, 'dpdk:tx_packet', { mbuf, packet_id }];

describe('flows', () => {
  test('join an mbuf from where it was received to where it is sent next, once', async () => {
    expect(
      await linesOf([tx(0, 7n), rx(1, 7n), rx(2, 8n), tx(3, 7n), tx(4, 7n), rx(5, 8n), tx(6, 8n)]),
    ).toEqual([
      'instant lcore 1 0 dpdk:tx_packet',
      'instant lcore 1 1 dpdk:rx_packet 1:first',
      'instant lcore 1 2 dpdk:rx_packet 2:first',
      'instant lcore 1 3 dpdk:tx_packet 1:last',
      'instant lcore 1 4 dpdk:tx_packet',
      'instant lcore 1 5 dpdk:rx_packet 3:first',
      'instant lcore 1 6 dpdk:tx_packet 3:last',
    ]);
  });

  test('never join over a loss, in whichever stream it was', async () => {
    for (const loss of [{ eventsDiscarded: 1n }, { sequenceNumber: 2 }]) {
      const made = new MadeSources();
      const session = made.session('s', false);
      const { lines, timeline } = await timelineOf([
        made.trace(session, [packet([rx(1, 7n)]), packet([tx(9, 7n), rx(10, 7n), tx(11, 7n)])]),
        made.trace(session, [packet([[2, 'x']]), packet([[5, 'x']], loss)], { name: 'other' }),
      ]);
      expect(lines.filter((line) => line.includes('_packet'))).toEqual([
        'instant lcore 1 1 dpdk:rx_packet 1:first',
        'instant lcore 1 9 dpdk:tx_packet',
        'instant lcore 1 10 dpdk:rx_packet 2:first',
        'instant lcore 1 11 dpdk:tx_packet 2:last',
      ]);
      expect(timeline.joined).toBe(1);
    }
  });

  test('never join behind the end of a stream that was damaged, or lost its end', async () => {
    const ends: readonly [MadePacket[], string | undefined][] = [
      [[packet([[2, 'x']])], 'cut short'],
      [[packet([[2, 'x']]), { events: [], eventsDiscarded: 3n }], undefined],
    ];
    for (const [packets, damage] of ends) {
      const made = new MadeSources();
      const session = made.session('s', false);
      const { timeline } = await timelineOf([
        made.trace(session, [packet([rx(1, 7n), [3, 'x'], rx(4, 8n), tx(5, 8n), tx(9, 7n)])]),
        made.trace(session, packets, { damage }),
      ]);
      expect(timeline.joined).toBe(0);
    }
  });

  test('of another session are other packets', async () => {
    const made = new MadeSources();
    const { timeline } = await timelineOf([
      made.trace(made.session('a', false), [packet([rx(1, 7n)])]),
      made.trace(made.session('b', false), [packet([tx(2, 7n)])]),
    ]);
    expect(timeline.joined).toBe(0);
  });

  test('go from the captured packet over its events to the captured packet that was sent', async () => {
    const made = new MadeSources();
    const session = made.session('s', true);
    const { lines } = await timelineOf([
      made.trace(session, [packet([rx(1, 7n, 100n), tx(5, 7n, 200n), tx(8, 9n, 201n)])]),
      made.capture(session, [
        { timeNs: T0 + 1n, direction: 'in', packetId: 100n },
        { timeNs: T0 + 5n, direction: 'out', packetId: 200n },
        { timeNs: T0 + 7n, direction: 'out', packetId: 201n },
      ]),
    ]);
    expect(lines.map((line) => line.replace(/ (dpdk|00:).*(?= \d+:)/, ''))).toEqual([
      'instant lcore 1 1 1:first',
      'instant port 0 1 1:middle',
      'instant lcore 1 5 1:middle',
      'instant port 0 5 1:last',
      'instant port 0 7 2:first',
      'instant lcore 1 8 2:last',
    ]);
  });
});

test('what was damaged is told behind everything else', async () => {
  const made = new MadeSources();
  const session = made.session('s', false);
  const { lines } = await timelineOf([
    made.trace(session, [packet([[1, 'x']])], { damage: 'stream: cut short' }),
    made.trace(session, [packet([[2, 'y']])], { name: 'other' }),
  ]);
  expect(lines).toEqual(['instant lcore 1 1 x', 'instant lcore 1 2 y', 'stream: cut short']);
});
