/** Scripts from their text to what is printed, on threads that a test makes hit probes. */
import { expect, test } from 'vitest';
import { runTrace, type TraceRunOptions } from '../../test/fakes/trace-feed.ts';

const BURST = 'dpdk:rx_burst';
/** What a trace prints behind the line that says how many probes there are. */
const lines = (text: string) => text.replace(/^Attaching.*\n/, '');
type Play = NonNullable<TraceRunOptions['play']>;
const once =
  (play: Play): Play =>
  (feed, poll) => {
    if (poll === 0) play(feed, poll);
    if (poll === 1) feed.queued.push({ kind: 'gone' });
  };

test('maps of all threads are one', async () => {
  const { text, result, feed } = await runTrace(
    `${BURST} { @n[args.queue] = count(); @b = sum(args.nb_rx); }`,
    {
      threads: 3,
      play: once(({ threads }) => {
        for (const [n, thread] of threads.entries()) thread.hit(BURST, n, [0, 7, n + 1, 32]);
        threads[1]!.hit(BURST, 9, [0, 8, 32, 32]);
      }),
    },
  );
  expect(text).toBe('Attaching 1 probe...\n\n\n@b: 38\n@n[8]: 1\n@n[7]: 3\n');
  expect(result).toMatchObject({ end: 'gone', error: undefined, threads: 3 });
  expect(feed!.isClosed).toBe(true);
});

test('lines of several threads come in the order of their time, and wait for what may be older', async () => {
  const { text } = await runTrace(`${BURST} { printf("%d at %d\\n", tid, args.nb_rx); }`, {
    threads: 2,
    nowNs: (poll) => poll * 100,
    play: ({ threads, queued }, poll) => {
      // The clock says 0 at the first look and 100 at the second: what is later waits.
      if (poll === 0) for (const at of [30, 70, 130]) threads[0]!.hit(BURST, at, [0, 0, at, 0]);
      if (poll === 1) for (const at of [20, 50, 60]) threads[1]!.hit(BURST, at, [0, 0, at, 0]);
      if (poll === 3) queued.push({ kind: 'gone' });
    },
  });
  expect(lines(text).match(/at \d+/g)).toEqual(['at 20', 'at 30', 'at 50', 'at 60', 'at 70', 'at 130']);
});

test('exit ends the trace: what comes after it is not printed, END and the maps are', async () => {
  const { text, result } = await runTrace(
    `${BURST} { @n = count(); printf("%d\\n", args.nb_rx); if (args.nb_rx == 2) { exit(); } } END { printf("end\\n"); }`,
    {
      play: once(({ threads: [thread] }) => {
        for (const n of [1, 2, 3]) thread!.hit(BURST, n, [0, 0, n, 0]);
      }),
    },
  );
  expect(lines(text)).toBe('1\n2\nend\n\n\n@n: 3\n');
  expect(result.end).toBe('exit');
});

test('behind an exit no other thread prints, and no event is lost', async () => {
  const { text, result } = await runTrace(
    `${BURST} { printf("%d\\n", args.nb_rx); exit(); } END { printf("end\\n"); }`,
    {
      threads: 2,
      nowNs: (poll) => poll * 100,
      play: ({ threads }, poll) => {
        if (poll === 1) threads[0]!.lostEvents = 2n;
        if (poll !== 3) return;
        threads[0]!.hit(BURST, 250, [0, 0, 1, 0]);
        // What is newer than the look waits in its ring until the end.
        threads[1]!.hit(BURST, 900, [0, 0, 2, 0]);
        threads[1]!.lostEvents = 1000n;
      },
    },
  );
  expect(lines(text)).toBe('1\nend\n\n\nLost 2 events\n');
  expect(result).toMatchObject({ end: 'exit', losses: { events: 2n } });
});

test('every writer starts with what BEGIN left', async () => {
  const { text } = await runTrace(
    `BEGIN { @limit = 5; @seen[1] = 1; } ${BURST} /args.nb_rx > @limit/ { printf("%d %d\\n", args.nb_rx, @seen[1]); }`,
    {
      threads: 2,
      play: once(({ threads }) => {
        for (const [n, one] of threads.entries()) one.hit(BURST, n, [0, 0, 5 + n, 0]);
      }),
    },
  );
  expect(lines(text)).toBe('6 1\n\n\n@limit: 5\n@seen[1]: 1\n');
});

test('an interval sees all writers as one and clears them', async () => {
  const { text } = await runTrace(
    `${BURST} { @n = count(); @q[args.queue] = sum(args.nb_rx); } interval:ms:1 { print(@n); print(@q); clear(@n); clear(@q); }`,
    {
      threads: 2,
      // Only the second look is past the first millisecond.
      nowNs: (poll) => (poll < 2 ? 0 : 1_500_000),
      play: ({ threads, queued }, poll) => {
        if (poll === 0) for (const [n, one] of threads.entries()) one.hit(BURST, n, [0, n, 10, 0]);
        if (poll === 2) threads[0]!.hit(BURST, 1_600_000, [0, 5, 1, 0]);
        if (poll === 3) queued.push({ kind: 'gone' });
      },
    },
  );
  expect(lines(text)).toMatch(/^@n: 3\n@q\[5\]: 1\n@q\[[01]\]: 10\n@q\[[01]\]: 10\n/);
  expect(lines(text).split('\n\n\n')[1]).toBe('@n: 0\n\n');
});

test('what an interval assigns, writers find', async () => {
  const { text } = await runTrace(
    `BEGIN { @on = 0; } ${BURST} /@on/ { printf("hit %d\\n", args.nb_rx); } interval:ms:1 { @on = 1; }`,
    {
      nowNs: (poll) => (poll < 2 ? 0 : 1_500_000),
      play: ({ threads, queued }, poll) => {
        if (poll === 0) threads[0]!.hit(BURST, 1, [0, 0, 1, 0]);
        if (poll === 3) threads[0]!.hit(BURST, 2, [0, 0, 2, 0]);
        if (poll === 4) queued.push({ kind: 'gone' });
      },
    },
  );
  expect(lines(text)).toBe('hit 2\n\n\n@on: 1\n');
});

test('END sees what the writers gathered', async () => {
  const { text } = await runTrace(
    `${BURST} { @last = args.nb_rx; } END { printf("last %d\\n", @last); clear(@last); }`,
    {
      threads: 2,
      play: once(({ threads }) => {
        threads[1]!.hit(BURST, 2, [0, 0, 22, 0]);
        threads[0]!.hit(BURST, 1, [0, 0, 11, 0]);
      }),
    },
  );
  expect(lines(text)).toBe('last 22\n\n\n\n');
});

test('a time that is over ends the trace, snapshots come meanwhile', async () => {
  const { text, frames, result } = await runTrace(`${BURST} { @n = count(); }`, {
    durationMs: 50,
    snapshotMs: 10,
    play: ({ threads }) => threads[0]!.hit(BURST, 1, [0, 0, 1, 0]),
  });
  expect(result.end).toBe('duration');
  expect(frames.length).toBeGreaterThan(1);
  expect(frames.every((frame) => /^@n: \d+\n$/.test(frame))).toBe(true);
  expect(text).toMatch(/\n@n: \d+\n$/);
});

test('losses and prices are in the result', async () => {
  const { text, result } = await runTrace(
    `${BURST} { @n[args.port, args.queue] = count(); printf("x\\n"); }`,
    {
      play: once((feed) => {
        feed.prices = [{ hits: 7n, matched: 0n, sampledHits: 2n, sampledNs: 11n }];
        feed.threads[0]!.lostEvents = 3n;
        feed.unplacedHits = 9n;
      }),
    },
  );
  expect(result.losses).toEqual({ events: 3n, withoutRoom: [], unplacedHits: 9n });
  expect(result.costs).toEqual([{ probe: BURST, hits: 7n, nsPerHit: 5.5 }]);
  expect(text).toContain('Lost 3 events\n');
});

test('a peer that breaks the protocol ends the trace; what was gathered is printed', async () => {
  const { text, result } = await runTrace(`${BURST} { @n = count(); printf("x\\n"); }`, {
    play: once(({ threads }) => {
      threads[0]!.hit(BURST, 1, [0, 0, 1, 0]);
      threads[0]!.ring.put(2, Uint8Array.of(99, 0, 0, 0, 0, 0, 0, 0));
    }),
  });
  expect(result.end).toBe('failed');
  expect(String(result.error)).toContain('an event has the number 99');
  expect(text).toContain('@n: 1\n');
});
