/**
 * A target that lies: it speaks the protocol well and then corrupts the memory that it shares. The host must end with
 * an error, and soon, and leave a file that is whole.
 */
import { ftruncateSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCaptureReader } from '../../src/pcapng/index.ts';
import { ABI, STRUCTS } from '../../src/target/abi.ts';
import type { ReplayServer } from '../../src/target/replay/replay-server.ts';
import type { ReplaySession } from '../../src/target/replay/replay-session.ts';
import { type Running, startHone, until } from './hone.ts';
import { now, packet, startLiar } from './liar.ts';

const HEADER = STRUCTS.hone_ring.fields;
let folder: string;
let server: ReplayServer;
let host: Running | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-hostile-'));
  server = startLiar();
});

afterEach(() => {
  host?.child.kill('SIGKILL');
  host = undefined;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function publish(session: ReplaySession): void {
  const { ring } = session;
  ring.setActive(true);
  session.capture([packet], 0, now(), undefined);
  ring.setActive(false);
}

/** A capture that has written ten packets. */
async function capturing(path: string, output = ['-w', path]): Promise<ReplaySession> {
  host = startHone(['capture', '-i', `${process.pid}/all`, '-B', '1', ...output]);
  await until('the session', () => server.sessions.length === 1);
  const session = server.sessions[0]!;
  for (let n = 0; n < 10; n++) publish(session);
  await until('the packets to be taken', () => session.ring.isDrained);
  return session;
}

function packetsIn(path: string): number {
  const reader = createCaptureReader();
  reader.push(readFileSync(path));
  let packets = 0;
  for (let record = reader.read(); record !== undefined; record = reader.read()) {
    if (record.type === 'packet') packets++;
  }
  reader.end();
  return packets;
}

type Corrupt = (session: ReplaySession) => void;

const word64 =
  (field: 'head' | 'index_head', value: bigint): Corrupt =>
  ({ ring }) => {
    new BigUint64Array(ring.buffer, HEADER[field].offset, 1)[0] = value;
  };

/** Publishes a burst with a lying index entry, the eleventh. */
const entry =
  (bytes: number, packets: number): Corrupt =>
  ({ ring }) => {
    const view = new DataView(ring.buffer);
    const at = ABI.HONE_RING_INDEX + 10 * STRUCTS.hone_index_entry.size;
    view.setUint32(at + 8, bytes, true);
    view.setUint32(at + 12, packets, true);
    const headAt = HEADER.head.offset;
    view.setBigUint64(HEADER.index_head.offset, 11n, true);
    view.setBigUint64(headAt, view.getBigUint64(headAt, true) + 128n, true);
  };

const counters: Corrupt = ({ ring }) => {
  new Uint8Array(ring.buffer, ABI.HONE_RING_COUNTERS, 65_536).fill(0xff);
};

describe('the host ends with one line and exit 1, and the file is whole', () => {
  test.each<[string, Corrupt, RegExp]>([
    ['a head far away', word64('head', 2n ** 63n), /ring 0: head is/],
    ['a head that goes back', word64('head', 0n), /ring 0: head is 0/],
    ['an index head far away', word64('index_head', 2n ** 64n - 1n), /ring 0: index_head is/],
    ['bytes without an entry', word64('head', 1408n), /ring 0: 128 bytes have no entry/],
    ['an empty burst', entry(0, 1), /a burst has 0 bytes/],
    ['a burst of odd size', entry(127, 1), /a burst has 127 bytes/],
    ['a burst larger than the ring', entry(0xffff_fffc, 1), /a burst has 4294967292 bytes/],
    ['more packets than bytes', entry(128, 0xffff_ffff), /has 4294967295 packets/],
  ])('%s', async (_, corrupt, message) => {
    const path = join(folder, 'out.pcapng');
    corrupt(await capturing(path));
    const { code, signal, stderr } = await host!.finished();
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/defect|at .*\.js:\d+/);
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(packetsIn(path)).toBe(10);
  });
});

test('absurd counters harm nobody', async () => {
  const path = join(folder, 'counters.pcapng');
  counters(await capturing(path));
  host!.child.kill('SIGINT');
  const { code, stderr } = await host!.finished();
  expect(stderr).not.toMatch(/defect|at .*\.js:\d+/);
  expect(code).toBe(0);
  expect(packetsIn(path)).toBe(10);
});

test('the memory cannot be cut short under the host', async () => {
  const path = join(folder, 'cut.pcapng');
  const session = await capturing(path);
  expect(() => ftruncateSync(session.ring.fd, 0)).toThrow(/EPERM/);
  publish(session);
  await until('the packet to be taken', () => session.ring.isDrained);
  host!.child.kill('SIGINT');
  expect((await host!.finished()).code).toBe(0);
  expect(packetsIn(path)).toBe(11);
});

test.each([['to a file'], ['as lines']])('blocks that are no blocks end a capture %s', async (how) => {
  const path = join(folder, 'blocks.pcapng');
  const session = await capturing(path, how === 'as lines' ? [] : ['-w', path]);
  const at = session.ring.reserve(128);
  session.ring.data.fill(0xff, at, at + 128);
  session.ring.commit(128);
  session.ring.setActive(true);
  session.ring.publish(0x1fff_ffff, 0, 1);
  session.ring.setActive(false);
  const { code, signal, stderr } = await host!.finished();
  expect(stderr).toMatch(/hone capture: ring 0: broken packet block/);
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  if (how === 'to a file') expect(packetsIn(path)).toBe(10);
});
