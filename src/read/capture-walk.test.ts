import { describe, expect, test } from 'vitest';
import { expectedOf, GivenSource, keepsIp } from '../../test/fakes/given-source.ts';
import { makeCapture } from '../../test/fakes/made-capture.ts';
import type { CbpfProgram, Collect } from '../bpf/classic.ts';
import { CaptureWalk } from './capture-walk.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const compileIp = (): CbpfProgram => keepsIp;

interface Walked {
  /** Of every packet that passes, in order: place in the file, and bytes. */
  readonly packets: string[];
  /** The bytes of everything that is no packet. */
  readonly others: string[];
  readonly records: string;
}

/** Takes all that a walk gives. Packets that were not walked over are in `alone`, and pass. */
async function walkAll(walk: CaptureWalk, collect: Collect): Promise<Walked & { readonly alone: number }> {
  const walked = { packets: [] as string[], others: [] as string[], records: '', alone: 0 };
  if ((await walk.open()) === undefined) return walked;
  walk.start(collect);
  for (;;) {
    const next = walk.next();
    if (next === undefined) {
      if (!(await walk.fill())) return walked;
    } else if (next !== 'matches') {
      if (next.type === 'packet') {
        walked.alone++;
        walked.packets.push(`${next.offset} ${hex(next.data)}`);
      } else walked.others.push(hex(walk.borrowRecord()));
    } else if (collect === 'list') {
      for (let index = 0; index < walk.walker.listed; index++) {
        const { offset, data } = walk.readMatch(index);
        walked.packets.push(`${offset} ${hex(data)}`);
      }
    } else walked.records += hex(walk.walker.takeRecords());
  }
}

const shapes = [
  { kind: 'pcap', littleEndian: true },
  { kind: 'pcap', littleEndian: false },
  { kind: 'pcapng', littleEndian: true },
  { kind: 'pcapng', littleEndian: false },
] as const;

for (const shape of shapes) {
  const file = makeCapture({ ...shape, seed: 5, packets: 300 });
  const want = expectedOf(file);

  describe(`${shape.kind}, little-endian: ${shape.littleEndian}`, () => {
    for (const { pieceBytes, isAside } of [
      { pieceBytes: 1 << 20, isAside: false },
      { pieceBytes: 1 << 20, isAside: true },
      { pieceBytes: 1000, isAside: true },
      { pieceBytes: 1, isAside: false },
    ]) {
      test(`pieces of ${pieceBytes}, read by another: ${isAside}`, async () => {
        const source = new GivenSource(file, { pieceBytes, isAside });
        const walk = new CaptureWalk(source, { compile: compileIp });
        const walked = await walkAll(walk, 'list');
        expect(walk.damage).toBeUndefined();
        expect(walked.packets).toEqual(want.matches.map(({ offset, data }) => `${offset} ${hex(data)}`));
        expect(walked.others).toEqual(want.others.map(hex));
        expect([walk.seen + walked.alone, walk.matched + walked.alone]).toEqual([
          want.seen,
          want.matches.length,
        ]);
        walk.close();
        expect(source.isOpen).toBe(false);
      });
    }

    test('records as they are in the file', async () => {
      const walk = new CaptureWalk(new GivenSource(file, { pieceBytes: 777 }), { compile: compileIp });
      const { records } = await walkAll(walk, 'records');
      expect(records).toBe(want.matches.map(({ bytes }) => hex(bytes)).join(''));
    });

    test('ends after so many matches, whatever comes then', async () => {
      const walk = new CaptureWalk(new GivenSource(file), { compile: compileIp, mostMatches: 7 });
      const { packets } = await walkAll(walk, 'list');
      expect(packets).toHaveLength(7);
      expect(walk.matched).toBe(7);
      expect(walk.seen).toBeLessThan(want.seen);
    });
  });
}

test('without a filter everything passes', async () => {
  const file = makeCapture({ kind: 'pcapng', littleEndian: true, seed: 6, packets: 40 });
  const walk = new CaptureWalk(new GivenSource(file), { compile: () => undefined });
  await walkAll(walk, 'nothing');
  expect([walk.seen, walk.matched]).toEqual([40, 40]);
});

test('a filter is compiled once for a link type, whatever sections come', async () => {
  const file = makeCapture({ kind: 'pcapng', littleEndian: true, seed: 7, packets: 400 });
  const asked: number[] = [];
  const walk = new CaptureWalk(new GivenSource(file), {
    compile: (linkType) => {
      asked.push(linkType);
      return keepsIp;
    },
  });
  expect((await walkAll(walk, 'list')).others.length).toBeGreaterThan(8);
  expect(asked).toEqual([1, 228]);
});

test('a block longer than the room goes to the reader and the walk goes on behind it', async () => {
  const before = makeCapture({ kind: 'pcapng', littleEndian: true, seed: 8, packets: 3 });
  const behind = makeCapture({ kind: 'pcapng', littleEndian: true, seed: 9, packets: 30 });
  const long = new Uint8Array((5 << 20) + 12);
  const view = new DataView(long.buffer);
  view.setUint32(0, 0x0bad_beef, true);
  view.setUint32(4, long.length, true);
  view.setUint32(long.length - 4, long.length, true);
  const file = Buffer.concat([before, long, behind]);
  const walk = new CaptureWalk(new GivenSource(file, { pieceBytes: 300_000, isAside: true }), {
    compile: compileIp,
  });
  const walked = await walkAll(walk, 'list');
  const want = expectedOf(file);
  expect(walk.damage).toBeUndefined();
  expect(walked.packets).toEqual(want.matches.map(({ offset, data }) => `${offset} ${hex(data)}`));
  expect(walked.others.map((one) => one.length)).toEqual(want.others.map(({ length }) => 2 * length));
});

describe('what is wrong with a file is told with its name, after all that stands before it', () => {
  const pcap = makeCapture({ kind: 'pcap', littleEndian: true, seed: 3, packets: 20, pcapMagic: 0xa1b2c3d4 });
  const second = 24 + 16 + new DataView(pcap.buffer).getUint32(24 + 8, true);
  const broken = pcap.slice();
  new DataView(broken.buffer).setUint32(second + 8, 0xffff_ffff, true);

  for (const { what, file, seen, offset, message } of [
    { what: 'nothing', file: new Uint8Array(0), seen: 0, offset: 0, message: /^it: / },
    { what: 'three bytes', file: pcap.slice(0, 3), seen: 0, offset: 0, message: /^it: / },
    { what: 'no capture', file: Buffer.from('GET / HTTP/1.0\r\n\r\n'), seen: 0, offset: 0, message: /^it: / },
    { what: 'half a header', file: pcap.slice(0, 20), seen: 0, offset: 0, message: /^it: / },
    { what: 'half a packet', file: pcap.slice(0, second + 17), seen: 1, offset: second, message: /^it: / },
    { what: 'a length that cannot be', file: broken, seen: 1, offset: second, message: /^it: .*packet/ },
  ]) {
    for (const pieceBytes of [1 << 20, 5]) {
      test(`${what}, pieces of ${pieceBytes}`, async () => {
        const walk = new CaptureWalk(new GivenSource(file, { pieceBytes }), { compile: () => undefined });
        const { alone } = await walkAll(walk, 'list');
        expect(walk.damage?.message).toMatch(message);
        expect([walk.damage?.offsetBytes, walk.seen + alone]).toEqual([offset, seen]);
      });
    }
  }
});

test.for([true, false])(
  'a read that fails is thrown when it is its turn; by another: %s',
  async (isAside) => {
    const file = makeCapture({ kind: 'pcap', littleEndian: true, seed: 3, packets: 50 });
    const failure = new Error('no such luck');
    const walk = new CaptureWalk(
      new GivenSource(file, { pieceBytes: 400, isAside, failsAt: 1604, failure }),
      {
        compile: () => undefined,
      },
    );
    await expect(walkAll(walk, 'list')).rejects.toBe(failure);
    expect(walk.seen).toBeGreaterThan(0);
  },
);

test('closed while it waits: the wait ends, and nothing more comes', async () => {
  const file = makeCapture({ kind: 'pcap', littleEndian: true, seed: 3, packets: 50 });
  const source = new GivenSource(file, { pieceBytes: 400, isAside: true });
  const walk = new CaptureWalk(source, { compile: () => undefined });
  await walk.open();
  walk.start('list');
  while (walk.next() !== undefined) {}
  const waiting = walk.fill();
  walk.close();
  expect(await waiting).toBe(false);
  expect(walk.next()).toBeUndefined();
  expect(walk.damage).toBeUndefined();
});
