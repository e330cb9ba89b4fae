/** Scripts from their text to what is printed, on threads that a test makes hit probes. */
import { describe, expect, test } from 'vitest';
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

describe('maps with keys in probes that the host runs', () => {
  /** At each of five polls a burst of every thread; an interval is due behind all but the first. */
  const everyPoll: Play = ({ threads, queued }, poll) => {
    for (const [n, thread] of threads.entries()) thread.hit(BURST, poll, [0, n, poll + 1, 32]);
    if (poll === 4) queued.push({ kind: 'gone' });
  };
  const traced = async (script: string): Promise<string> => {
    const nowNs = (poll: number) => poll * 1_000_000;
    const { text, result } = await runTrace(script, { threads: 2, nowNs, play: everyPoll });
    expect(result.error).toBeUndefined();
    return lines(text);
  };

  test('an interval gathers under keys of its own', async () => {
    const interval = '@a["x"] = 1; @b[1] = count(); @c["k", 2] = sum(5); @n["x"]++;';
    const text = await traced(`interval:ms:1 { ${interval} } ${BURST} { @b[2] = count(); }`);
    expect(text).toBe('\n\n@a[x]: 1\n@b[1]: 4\n@b[2]: 10\n@c[k, 2]: 20\n@n[x]: 4\n');
  });

  test.each([
    ['a text', '@on["x"]', '@on["x"]'],
    ['a number that makes a place', '@on[7]', '@on[7]'],
    ['a number that can be any', '@on[7000000000]', '@on[args.queue * 0 + 7000000000]'],
    ['several', '@on["x", 1]', '@on["x", 1]'],
  ])('threads find what an interval assigns under %s', async (_, assigned, read) => {
    const text = await traced(
      `interval:ms:1 { ${assigned} = 1; } ${BURST} /${read}/ { @n[args.queue] = count(); }`,
    );
    expect(text).toMatch(/\n@n\[0\]: 3\n@n\[1\]: 3\n@on/);
  });

  test('what an interval deletes is gone, for threads as well', async () => {
    const text = await traced(
      `BEGIN { @on["x"] = 1; @on["y"] = 2; } interval:ms:1 { delete(@on["x"]); } ${BURST} /@on["x"]/ { @n = count(); }`,
    );
    expect(text).toBe('\n\n@n: 4\n@on[y]: 2\n');
  });

  test('a key that a thread makes again behind a delete begins with nothing', async () => {
    const text = await traced(
      `BEGIN { @seen["x"] = sum(100); } ${BURST} { @seen["x"] = sum(1); if (has_key(@seen, "x")) { @z = 1; } } ` +
        'interval:ms:3 { printf("%d\\n", @seen["x"]); delete(@seen["x"]); }',
    );
    expect(text).toBe('108\n\n\n@seen[x]: 2\n@z: 1\n');
  });

  test('BEGIN and END assign, delete, print, clear and zero them', async () => {
    const text = await traced(
      'BEGIN { @a["x"] = 1; @a["y"] = 2; delete(@a["x"]); @b[1] = count(); print(@b[1]); zero(@b); @c["q"] = 5; @d[1] = 1; clear(@d); } ' +
        `${BURST} { @n = count(); } END { @a["end"] = 3; print(@a["end"]); delete(@c["q"]); printf("%d\\n", @a["y"]); }`,
    );
    expect(text).toBe('@b[1]: 1\n@a[end]: 3\n2\n\n\n@a[y]: 2\n@a[end]: 3\n@b[1]: 0\n\n\n@n: 10\n');
  });
});
