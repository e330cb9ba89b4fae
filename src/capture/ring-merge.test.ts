import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeFeed, FakeRing, fakePort } from '../../test/fakes/feed.ts';
import { RingMerge } from './ring-merge.ts';

const MS = 1_000_000;

/** A burst of one packet whose only byte is `mark`. */
function burst(timeNs: number, mark: number) {
  return { timeNs, packets: [{ interfaceId: 0, timestamp: BigInt(timeNs), data: Uint8Array.of(mark) }] };
}

/** Takes everything that may be taken and gives the time and the mark of each burst. */
function takeAll(merge: RingMerge): [number, number][] {
  const taken: [number, number][] = [];
  while (merge.next()) {
    const { lane } = merge;
    while (lane.ready && lane.timeNs <= merge.untilNs) {
      const start = lane.offset;
      taken.push([lane.timeNs, lane.view[start + 28]!]);
      lane.take();
    }
  }
  merge.release();
  return taken;
}

test('bursts of two idle rings come in order of time, and runs of one ring are given at once', () => {
  const rings = [new FakeRing(0), new FakeRing(1)];
  for (const [time, mark] of [
    [1, 10],
    [2, 11],
    [6, 12],
  ] as const)
    rings[0]!.publish(burst(time, mark));
  for (const [time, mark] of [
    [3, 20],
    [4, 21],
    [5, 22],
  ] as const)
    rings[1]!.publish(burst(time, mark));
  const feed = new FakeFeed(rings);
  feed.timeNs = 2 * MS;
  const merge = new RingMerge([feed]);
  merge.look();
  const runs: number[] = [];
  const marks: number[] = [];
  while (merge.next()) {
    runs.push(merge.lane.ring.ringId);
    while (merge.lane.ready && merge.lane.timeNs <= merge.untilNs) {
      marks.push(merge.lane.view[merge.lane.offset + 28]!);
      merge.lane.take();
    }
  }
  expect(marks).toEqual([10, 11, 20, 21, 22, 12]);
  expect(runs).toEqual([0, 1, 0]);
});

test('one ring alone holds nothing back', () => {
  const ring = new FakeRing(0);
  ring.writing = true;
  ring.publish(burst(5 * MS, 1));
  const merge = new RingMerge([new FakeFeed([ring])]);
  merge.look();
  expect(takeAll(merge)).toEqual([[5 * MS, 1]]);
});

test('a burst waits until no ring can publish an older one', () => {
  const [a, b] = [new FakeRing(0), new FakeRing(1)];
  const feed = new FakeFeed([a, b]);
  const merge = new RingMerge([feed]);
  a.publish(burst(10 * MS, 1));
  b.publish(burst(8 * MS, 2));
  b.writing = true;
  feed.timeNs = 20 * MS;
  merge.look();
  // b is writing a burst that may be as old as its last one.
  expect(takeAll(merge)).toEqual([[8 * MS, 2]]);
  b.publish(burst(9 * MS, 3));
  b.writing = false;
  merge.look();
  expect(takeAll(merge)).toEqual([
    [9 * MS, 3],
    [10 * MS, 1],
  ]);
});

test('within one application the clock need not be trusted to a millisecond', () => {
  const [a, b] = [new FakeRing(0), new FakeRing(1)];
  const feed = new FakeFeed([a, b]);
  const merge = new RingMerge([feed]);
  merge.look();
  a.publish(burst(10 * MS, 1));
  b.publish(burst(10 * MS + 1, 2));
  feed.timeNs = 10 * MS + 2;
  merge.look();
  expect(takeAll(merge).map(([, mark]) => mark)).toEqual([1, 2]);
});

test('between applications, what is newer than the slack of their clocks waits', () => {
  const [a, b] = [new FakeRing(0), new FakeRing(0)];
  const feeds = [new FakeFeed([a]), new FakeFeed([b])];
  const merge = new RingMerge(feeds);
  a.publish(burst(10 * MS, 1));
  for (const feed of feeds) feed.timeNs = 10.5 * MS;
  merge.look();
  expect(takeAll(merge)).toEqual([]);
  for (const feed of feeds) feed.timeNs = 11.5 * MS;
  merge.look();
  expect(takeAll(merge)).toEqual([[10 * MS, 1]]);
});

test('a writer’s small and large ring are one: neither waits for the other', () => {
  const [small, large, other] = [new FakeRing(0), new FakeRing(1), new FakeRing(2)];
  large.writerTid = small.writerTid;
  small.writing = large.writing = true;
  const merge = new RingMerge([new FakeFeed([small, large, other])]);
  merge.look();
  small.publish(burst(10, 1));
  merge.look();
  expect(takeAll(merge)).toEqual([[10, 1]]);
});

test('of a burst that was split over two rings the part in the lower ring comes first', () => {
  const [small, large] = [new FakeRing(4), new FakeRing(5)];
  large.writerTid = small.writerTid;
  const feed = new FakeFeed([large, small]);
  const merge = new RingMerge([feed]);
  large.publish(burst(3, 1));
  small.publish(burst(5, 2));
  large.publish(burst(5, 3));
  merge.look();
  expect(takeAll(merge).map(([, mark]) => mark)).toEqual([1, 2, 3]);
});

test('a ring that a writer takes joins its group', () => {
  const [own, spare, other] = [new FakeRing(0), new FakeRing(1), new FakeRing(2)];
  spare.writerTid = 0;
  const merge = new RingMerge([new FakeFeed([own, spare, other])]);
  merge.look();
  spare.writerTid = own.writerTid;
  own.writing = spare.writing = true;
  spare.publish(burst(7, 1));
  merge.look();
  expect(takeAll(merge)).toEqual([[7, 1]]);
});

test('feeds that started at different times are on one clock', () => {
  const [a, b] = [new FakeRing(0), new FakeRing(1)];
  const feeds = [new FakeFeed([a], { baseNs: 1_000_000_000n }), new FakeFeed([b], { baseNs: 999_999_000n })];
  feeds[0]!.timeNs = feeds[1]!.timeNs = 9 * MS;
  a.publish(burst(100, 1));
  b.publish(burst(1050, 2)); // 50 on a's clock
  const merge = new RingMerge(feeds);
  merge.look();
  expect(takeAll(merge)).toEqual([
    [50, 2],
    [100, 1],
  ]);
});

test('a ring that is more than half full is not held back by a writer that hangs', () => {
  const [a, b] = [new FakeRing(0, 1000), new FakeRing(1)];
  const feed = new FakeFeed([a, b]);
  const merge = new RingMerge([feed]);
  b.publish(burst(1, 9));
  b.writing = true;
  feed.timeNs = 100 * MS;
  for (let i = 0; i < 10; i++) a.publish(burst(MS + i, i)); // 360 bytes
  merge.look();
  expect(takeAll(merge)).toEqual([[1, 9]]);
  for (let i = 10; i < 15; i++) a.publish(burst(MS + i, i)); // 540 bytes
  merge.look();
  expect(takeAll(merge).map(([, mark]) => mark)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
});

test('nothing is held back for more than a second, and order returns with the writer that hung', () => {
  let clockMs = 0;
  const [a, b] = [new FakeRing(0), new FakeRing(1)];
  const feed = new FakeFeed([a, b]);
  const merge = new RingMerge([feed], () => clockMs);
  b.publish(burst(1, 9));
  b.writing = true;
  feed.timeNs = 100 * MS;
  a.publish(burst(MS, 1));
  merge.look();
  expect(takeAll(merge)).toEqual([[1, 9]]);
  for (clockMs of [5, 1005]) {
    merge.look();
    expect(takeAll(merge)).toEqual([]);
  }
  clockMs = 1006;
  merge.look();
  expect(takeAll(merge)).toEqual([[MS, 1]]);

  b.publish(burst(2 * MS, 2));
  a.publish(burst(4 * MS, 4));
  clockMs = 1007;
  merge.look();
  expect(takeAll(merge)).toEqual([[2 * MS, 2]]);
});

test('a ring that appears between two looks is looked at before anything newer is written', () => {
  const [a, b] = [new FakeRing(0), new FakeRing(1)];
  const late = new FakeRing(2);
  const feed = new FakeFeed([a, b]);
  feed.timeNs = 10 * MS;
  const merge = new RingMerge([feed]);
  merge.look();
  a.publish(burst(14 * MS, 1));
  feed.timeNs = 20 * MS;
  feed.onPoll = () => {
    if (feed.rings.length > 2) return;
    late.publish(burst(13 * MS, 2));
    feed.rings.push(late);
  };
  merge.look();
  expect(takeAll(merge)).toEqual([
    [13 * MS, 2],
    [14 * MS, 1],
  ]);
});

test('what is published while the rings are looked at does not overtake', () => {
  const [a, b] = [new FakeRing(0), new FakeRing(1)];
  const merge = new RingMerge([new FakeFeed([a, b])]);
  merge.look();
  let looks = 0;
  b.onRefresh = () => {
    if (++looks !== 2) return;
    // a was seen idle for the second time already.
    a.publish(burst(5, 1));
    b.publish(burst(6, 2));
  };
  merge.look();
  expect(takeAll(merge)).toEqual([]);
  merge.look();
  expect(takeAll(merge).map(([, mark]) => mark)).toEqual([1, 2]);
});

test('a writer marks only its first ring, which is looked at before the second', () => {
  const [first, second, other] = [new FakeRing(0), new FakeRing(1), new FakeRing(2)];
  second.writerTid = first.writerTid;
  const feed = new FakeFeed([first, second, other]);
  const merge = new RingMerge([feed]);
  merge.look();
  first.writing = true;
  feed.timeNs = 10 * MS;
  other.publish(burst(8 * MS, 3));
  merge.look();
  expect(takeAll(merge)).toEqual([]);
  first.writing = false;
  let looks = 0;
  first.onRefresh = () => {
    if (++looks !== 2) return;
    first.publish(burst(5 * MS, 1));
    second.publish(burst(6 * MS, 2));
  };
  merge.look();
  expect(takeAll(merge).map(([, mark]) => mark)).toEqual([1, 2, 3]);
});

test('the interfaces of packets in a new ring are announced in the same look', () => {
  const feed = new FakeFeed([]);
  const merge = new RingMerge([feed]);
  let polls = 0;
  feed.onPoll = () => {
    polls++;
    if (polls === 1) {
      const late = new FakeRing(0);
      late.publish(burst(1, 1));
      feed.rings.push(late);
    } else if (polls === 2) {
      feed.events.push({ kind: 'port-added', interfaceId: 0, port: fakePort(0, 'late') });
    }
  };
  expect(merge.look()).toMatchObject([{ source: 0, event: { kind: 'port-added' } }]);
  expect(takeAll(merge)).toEqual([[1, 1]]);
});

test('when a source is gone, everything that it left is given', () => {
  const [a, b] = [new FakeRing(0), new FakeRing(1)];
  const feed = new FakeFeed([a, b]);
  a.writing = b.writing = true;
  a.publish(burst(5 * MS, 1));
  const merge = new RingMerge([feed]);
  merge.look();
  expect(takeAll(merge)).toEqual([]);
  feed.events.push({ kind: 'gone' });
  expect(merge.look()).toEqual([{ source: 0, event: { kind: 'gone' } }]);
  expect(takeAll(merge)).toEqual([[5 * MS, 1]]);
});

test('what a source published last, before it was gone, keeps its place', () => {
  const [a, b] = [new FakeRing(0), new FakeRing(1)];
  const feed = new FakeFeed([a, b]);
  const merge = new RingMerge([feed]);
  merge.look();
  b.publish(burst(6, 2));
  feed.onPoll = () => {
    feed.onPoll = () => {};
    a.publish(burst(5, 1));
    feed.events.push({ kind: 'gone' });
  };
  merge.look();
  expect(takeAll(merge).map(([, mark]) => mark)).toEqual([1, 2]);
});

test('a burst that does not start with a packet block is the peer’s fault', () => {
  const ring = new FakeRing(3);
  ring.publishBytes(1, 1, new Uint8Array(64));
  const merge = new RingMerge([new FakeFeed([ring])]);
  merge.look();
  expect(merge.next()).toBe(true);
  expect(() => merge.lane.interfaceId).toThrow(
    'ring 3: broken packet block (got type 0 of 0 bytes, expected type 6 of 32 to 64 bytes)',
  );
});

test('property: over any schedule of writers the output is in order and nothing is lost', () => {
  const step = fc.record({
    ring: fc.nat(2),
    forwardNs: fc.integer({ min: 0, max: 3 * MS }),
    /** A writer first reads its clock and publishes in a later step. */
    action: fc.constantFrom('begin', 'publish', 'look'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const rings = [0, 1, 2].map((id) => new FakeRing(id, 1 << 20));
      const begun: (number | undefined)[] = [undefined, undefined, undefined];
      const feed = new FakeFeed(rings);
      const merge = new RingMerge([feed], () => 0);
      const published: number[] = [];
      const taken: number[] = [];
      for (const { ring, forwardNs, action } of steps) {
        feed.timeNs += forwardNs;
        const begunNs = begun[ring];
        if (action === 'begin' && begunNs === undefined) {
          begun[ring] = feed.timeNs;
          rings[ring]!.writing = true;
        } else if (action === 'publish' && begunNs !== undefined) {
          rings[ring]!.publish(burst(begunNs, ring));
          rings[ring]!.writing = false;
          published.push(begunNs);
          begun[ring] = undefined;
        } else if (action === 'look') {
          merge.look();
          taken.push(...takeAll(merge).map(([timeNs]) => timeNs));
        }
      }
      merge.lookFinally();
      taken.push(...takeAll(merge).map(([timeNs]) => timeNs));
      expect(taken).toEqual(published.toSorted((x, y) => x - y));
    }),
    { numRuns: 300 },
  );
});
