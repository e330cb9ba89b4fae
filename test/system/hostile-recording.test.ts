/**
 * hone record beside an application that corrupts the rings which both share, and an application beside a host that does: who is
 * lied to ends with one clear error, or goes on; the files are whole.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ABI, STRUCTS } from '../../src/target/abi.ts';
import type { ReplayServer } from '../../src/target/replay/replay-server.ts';
import type { ReplayTrace } from '../../src/target/replay/replay-trace.ts';
import { readEvents } from './events.ts';
import { hone, type Running, sleep, startHone, until } from './hone.ts';
import { now, packet, startLiar } from './liar.ts';
import { forwardsOn, heldMemory, missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';

const { head: HEAD, tail: TAIL } = STRUCTS.hone_ring.fields;
const EVENTS = 10;

let folder: string;
let recordings = 0;
let host: Running | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-hostile-recording-'));
});
afterEach(() => {
  host?.child.kill('SIGKILL');
  host = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

const fresh = () => join(folder, `recording-${recordings++}`);

function write64(ring: number | string, offset: number, value: bigint): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  const fd = typeof ring === 'number' ? ring : openSync(ring, 'r+');
  writeSync(fd, bytes, 0, 8, offset);
  if (fd !== ring) closeSync(fd);
}

/** The word that publishes records up to a position. */
const published = (position: number, lastBytes: number) =>
  (BigInt(lastBytes) << BigInt(ABI.HONE_RECORD_LENGTH_SHIFT)) | BigInt(position);

/** One line of the host says what is wrong, none looks like a defect. */
function expectError({ stderr }: { readonly stderr: string }, message: RegExp): void {
  const lines = stderr.split('\n').filter((line) => line.startsWith('hone record: '));
  expect(lines, stderr).toEqual([expect.stringMatching(message)]);
  expect(stderr).not.toMatch(/defect|^ {4}at /m);
}

/** Whole packets, which babeltrace2 reads as well. */
function expectWhole(path: string, events: number): void {
  expect(readEvents(path)).toEqual({ events, damages: [] });
  if (spawnSync('babeltrace2', ['--version']).status !== 0) return;
  const { stdout, stderr, status } = spawnSync('babeltrace2', [path], { encoding: 'utf8' });
  expect([stdout.split('\n').length - 1, stderr, status]).toEqual([events, '', 0]);
}

describe('the host', () => {
  let server: ReplayServer;
  beforeAll(() => {
    server = startLiar();
  });
  afterAll(() => server.close());

  /** A recording whose first events are in the file, and how long those are in the ring. */
  async function recording(path: string, ...args: readonly string[]) {
    host = startHone([
      ...['record', '-p', `${process.pid}`, '-e', 'dpdk:rx_packet', '-B', '1', '-o', path],
      ...args,
    ]);
    await until('the trace', () => server.traces.length === 1);
    const trace = server.traces[0]!;
    for (let n = 0; n < EVENTS; n++) hit(trace, n);
    return { trace, fd: trace.records!.fd };
  }

  function hit(trace: ReplayTrace, number: number): void {
    trace.run([packet], number, now(), undefined);
    trace.publish();
  }

  /** Of one of these events, as many as the ring's word says for the last one. */
  async function eventBytes({ records }: ReplayTrace): Promise<number> {
    await until('the events to be taken', () => records!.isDrained);
    const word = new BigUint64Array(1);
    readSync(records!.fd, word, 0, 8, HEAD.offset);
    return Number(word[0]! >> BigInt(ABI.HONE_RECORD_LENGTH_SHIFT));
  }

  test.each<[string, (bytes: number, ringBytes: number) => bigint, RegExp]>([
    ['a head beyond the ring', (b, ring) => published(EVENTS * b + ring + 1, b), /head is \d+, expected/],
    ['a head that goes back', (b) => published(9 * b, b), /head is \d+, expected/],
    ['a head at the end of all positions', () => 2n ** 64n - 1n, /head is 281474976710655, expected/],
    ['a last record of nothing', (b) => published(11 * b, 0), /the last record has 0 bytes/],
    ['a last record without a head', (b) => published(11 * b, 9), /the last record has 9 bytes/],
    ['a last record longer than all', (b) => published(11 * b, b + 1), /the last record has \d+ bytes/],
  ])('%s ends a recording with exit 1, and its files are whole', async (_, lie, message) => {
    const path = fresh();
    const { trace, fd } = await recording(path);
    const bytes = await eventBytes(trace);
    write64(fd, HEAD.offset, lie(bytes, trace.records!.event.data_bytes));
    const ended = await host!.finished();
    expectError(ended, message);
    expect([ended.code, ended.signal]).toEqual([1, null]);
    expectWhole(path, EVENTS);
    expect(existsSync(join(path, 'events/index/stream-0.idx'))).toBe(true);
  });

  test('a flight recorder ends likewise, with what it had taken in', async () => {
    const path = fresh();
    const { fd } = await recording(path, '--overwrite');
    host!.child.kill('SIGUSR1');
    await host!.stderrMatches(/snapshot-1/);
    write64(fd, HEAD.offset, published(1, 1));
    const ended = await host!.finished();
    expectError(ended, /head is 1, expected/);
    expect(ended.code).toBe(1);
    expect(readdirSync(path)).toEqual(['snapshot-1']);
  });

  describe('events that are none, in a ring that adds up', () => {
    async function garbage(path: string, ...args: readonly string[]): Promise<void> {
      const { trace, fd } = await recording(path, ...args);
      const bytes = await eventBytes(trace);
      writeSync(fd, Buffer.alloc(bytes, 0xff), 0, bytes, ABI.HONE_RECORD_RING_DATA + EVENTS * bytes);
      write64(fd, HEAD.offset, published((EVENTS + 1) * bytes, bytes));
    }

    test('end a recording that counts them', async () => {
      const path = fresh();
      await garbage(path, '-a', 'events:1000');
      const ended = await host!.finished();
      expectError(ended, /no whole event record at byte 0/);
      expect(ended.code).toBe(1);
      expectWhole(path, EVENTS);
    });

    test('are in whole packets of one that takes them as they are, whose readers say so', async () => {
      const path = fresh();
      await garbage(path);
      await sleep(500);
      host!.child.kill('SIGINT');
      const ended = await host!.finished();
      expect([ended.code, ended.stderr]).toEqual([0, expect.not.stringMatching(/defect|^ {4}at /m)]);
      const { events, damages } = readEvents(path);
      expect([events, damages]).toEqual([
        EVENTS,
        [expect.stringMatching(/event at byte \d+: no event of stream 0 has the id 65535$/)],
      ]);
      expect(existsSync(join(path, 'events/index/stream-0.idx'))).toBe(true);
    });
  });

  test('a ring that changes all the time', async () => {
    const path = fresh();
    const { trace, fd } = await recording(path);
    await eventBytes(trace);
    // Until the host closes its connection.
    while (server.traces.length > 0) {
      write64(fd, HEAD.offset, published(randomInt(4 * trace.records!.event.data_bytes), randomInt(5000)));
      write64(fd, TAIL.offset, BigInt(randomInt(2 ** 40)));
      await sleep(1);
    }
    const ended = await host!.finished();
    expectError(ended, /head is|the last record has/);
    expect(ended.code).toBe(1);
    const { damages } = readEvents(path);
    // What was published was never written; packets hold it all the same.
    for (const damage of damages) expect(damage).toMatch(/event at byte/);
  });
});

describe('beside dpdk-testpmd', () => {
  let app: Testpmd;
  beforeEach(async (context) => {
    const missing = missingDpdk();
    if (missing !== undefined) context.skip(missing);
    app = await startTestpmd({ vdevs: ['net_null0,size=64', 'net_null1,size=64'] });
  });
  afterEach(() => app?.kill());

  const rings = () =>
    readdirSync(`/proc/${app.pid}/fd`)
      .map((fd) => `/proc/${app.pid}/fd/${fd}`)
      .filter((path) => readlinkSync(path).startsWith('/memfd:hone-records'));

  async function recording(path: string): Promise<void> {
    host = startHone(['record', '-p', `${app.pid}`, '-e', 'dpdk:rx_burst', '-B', '1', '-o', path]);
    await host.stderrMatches(/^Recording /m);
    await until('rings', () => rings().length > 0);
  }

  test.each([
    ['far away', published(2 ** 40, 28)],
    ['at an odd place', published(3, 3)],
    ['absurd', 2n ** 64n - 1n],
  ])('whoever sets the heads %s ends the recording, and not the application', async (_, word) => {
    const path = fresh();
    await recording(path);
    for (const ring of rings()) write64(ring, HEAD.offset, word);
    const ended = await host!.finished();
    expectError(ended, /ring \d+: (head is|the last record has)/);
    expect(ended.code).toBe(1);
    expectWhole(path, 0);
    await until('the agent to let go', () => heldMemory(app.pid).length === 0);
    await app.command('start');
    await forwardsOn(app);
  });

  test.each([
    ['far away', 1n << 50n],
    ['at the end of all positions', 2n ** 64n - 1n],
    ['back at the start', 0n],
    ['a little ahead', 1n << 19n],
  ])(
    'a host that sets the tails %s: the application forwards on, and can be recorded again',
    async (_, tail) => {
      await app.command('start');
      await recording(fresh());
      for (let round = 0; round < 50 && host!.child.exitCode === null; round++) {
        try {
          for (const ring of rings()) write64(ring, TAIL.offset, tail);
        } catch (error) {
          // The host has seen what came of it, and ended: then the rings go away under our hands.
          expect(['ENOENT', 'ENXIO']).toContain((error as NodeJS.ErrnoException).code);
        }
        await sleep(2);
      }
      host!.child.kill('SIGKILL');
      const { stderr } = await host!.finished();
      expect(stderr).not.toMatch(/defect|^ {4}at /m);
      await until('the agent to let go', () => heldMemory(app.pid).length === 0);
      await forwardsOn(app);
      const again = fresh();
      expect(
        await hone('record', '-p', `${app.pid}`, '-e', 'dpdk:rx_burst', '-a', 'events:1000', '-o', again),
      ).toMatchObject({
        code: 0,
      });
      expectWhole(again, 1000);
    },
  );
});
