import { expect, test } from 'vitest';
import { expectedOf, GivenSource, keepsIp } from '../../test/fakes/given-source.ts';
import { makeCapture } from '../../test/fakes/made-capture.ts';
import { SysError } from '../base/index.ts';
import { runCbpf } from '../bpf/classic.ts';
import { ReaderGoneError } from '../output/index.ts';
import { BulkSession } from './bulk-session.ts';
import { CaptureWalk } from './capture-walk.ts';
import type { PacketMatcher } from './packet-matcher.ts';
import type { RecordSink } from './record-sink.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What a sink was given, in order; `matches` and `packet` with the record's bytes. */
class Kept {
  readonly log: string[] = [];
  opened = 0;
  failsAfter = Number.POSITIVE_INFINITY;
  failure: Error = new Error('not set');

  readonly #takesMatches: boolean;

  constructor(takesMatches = true) {
    this.#takesMatches = takesMatches;
  }

  readonly open = async (): Promise<RecordSink> => {
    this.opened++;
    const note = (what: string): void => {
      if (this.log.length >= this.failsAfter) throw this.failure;
      this.log.push(what);
    };
    const sink: RecordSink = {
      putPacket: async (_packet, number, origin) =>
        note(`packet ${number} of ${origin.inputIndex} ${hex(origin.borrowRecord())}`),
      putOther: async (record, origin) => note(`${record.type} ${hex(origin.borrowRecord())}`),
      flush: async () => note('flush'),
      finish: async () => {
        this.log.push('finish');
      },
    };
    if (!this.#takesMatches) return sink;
    return { ...sink, putMatches: async (walker) => note(`matches ${hex(walker.takeRecords())}`) };
  };

  /** The bytes of everything but how it was given. */
  get bytes(): string {
    return this.log.map((line) => /[0-9a-f]{8,}$/.exec(line)?.[0] ?? '').join('');
  }
}

const matcher: PacketMatcher = {
  prepare: () => {},
  matches: ({ data, originalLength }) => runCbpf(keepsIp, data, originalLength) !== 0,
};

interface Setup {
  readonly collect?: 'nothing' | 'list' | 'records';
  readonly pieceBytes?: number;
  readonly isPipe?: boolean;
  readonly mostMatches?: number;
  readonly onOpen?: () => void;
}

async function openBulk(file: Uint8Array, kept: Kept, setup: Setup = {}) {
  const { collect = 'records', pieceBytes = 1000, isPipe, mostMatches } = setup;
  const source = new GivenSource(file, {
    pieceBytes,
    isAside: true,
    sizeBytes: isPipe ? undefined : file.length,
  });
  const walk = new CaptureWalk(source, { compile: () => keepsIp, mostMatches });
  await walk.open();
  const openSink = (): Promise<RecordSink> => {
    setup.onOpen?.();
    return kept.open();
  };
  const session = new BulkSession({ walk, collect, matcher, openSink });
  return { source, session };
}

const pcapng = makeCapture({ kind: 'pcapng', littleEndian: true, seed: 21, packets: 200 });
const want = expectedOf(pcapng);

/** Everything but the packets that do not pass, in file order. */
function keptBytes(file: Uint8Array): string {
  const { matches, others } = expectedOf(file);
  const left = [...others];
  const parts: string[] = [];
  let offset = 0;
  const byOffset = new Map(matches.map((one) => [one.offset, one.bytes]));
  const view = new DataView(file.buffer, file.byteOffset);
  while (offset < file.length) {
    const length = view.getUint32(offset + 4, true);
    const isPacket = [2, 3, 6].includes(view.getUint32(offset, true));
    const bytes = isPacket ? byOffset.get(offset) : left.shift();
    if (bytes !== undefined) parts.push(hex(bytes));
    offset += length;
  }
  return parts.join('');
}

test('packets that pass, many at a time, and all other blocks, in the order of the file', async () => {
  const kept = new Kept();
  const { session, source } = await openBulk(pcapng, kept);
  await session.run();
  expect(kept.bytes).toBe(keptBytes(pcapng));
  expect(kept.log.at(-1)).toBe('finish');
  expect(kept.log.filter((line) => line.startsWith('matches')).length).toBeLessThan(want.matches.length);
  expect([session.seen, session.passed]).toEqual([want.seen, want.matches.length]);
  expect([kept.opened, source.isOpen]).toEqual([1, false]);
});

test('a sink that takes one packet after another gets each', async () => {
  const kept = new Kept(false);
  const { session } = await openBulk(pcapng, kept, { collect: 'list' });
  await session.run();
  expect(kept.bytes).toBe(keptBytes(pcapng));
  expect(kept.log.filter((line) => line.startsWith('packet'))).toHaveLength(want.matches.length);
});

test('counting gives the sink no packet', async () => {
  const kept = new Kept();
  const { session } = await openBulk(pcapng, kept, { collect: 'nothing' });
  await session.run();
  expect(kept.log.filter((line) => /^(matches|packet)/.test(line))).toEqual([]);
  expect([session.seen, session.passed]).toEqual([want.seen, want.matches.length]);
});

test('a packet too long for the walk passes its filter too, and is counted', async () => {
  const ofIp = new Uint8Array((6 << 20) + 32);
  const view = new DataView(ofIp.buffer);
  for (const [at, value] of [
    [0, 6],
    [4, ofIp.length],
    [20, ofIp.length - 32],
    [24, ofIp.length - 32],
    [28 + 12, 8],
    [ofIp.length - 4, ofIp.length],
  ] as const) {
    view.setUint32(at, value, true);
  }
  const other = ofIp.slice();
  other[28 + 12] = 9;
  for (const [packet, passes] of [
    [ofIp, 1],
    [other, 0],
  ] as const) {
    const file = Buffer.concat([pcapng, packet, packet]);
    const kept = new Kept();
    const { session } = await openBulk(file, kept, { pieceBytes: 1 << 20 });
    await session.run();
    expect([session.seen, session.passed]).toEqual([want.seen + 2, want.matches.length + 2 * passes]);
    const alone = kept.log.filter((line) => line.startsWith('packet'));
    expect(alone).toHaveLength(2 * passes);
    for (const line of alone) expect(line.endsWith(hex(packet))).toBe(true);
  }
});

test('what stands before the first packet is kept, but not without bound', async () => {
  const head = makeCapture({ kind: 'pcapng', littleEndian: true, seed: 1, packets: 0 });
  const block = Buffer.alloc(16);
  block.writeUInt32LE(0x0bad, 0);
  block.writeUInt32LE(16, 4);
  block.writeUInt32LE(16, 12);
  const file = Buffer.concat([head, ...Array<Buffer>(1500).fill(block)]);
  const kept = new Kept();
  let takenAtOpening = 0;
  const { session, source } = await openBulk(file, kept, {
    pieceBytes: 500,
    onOpen: () => {
      takenAtOpening = source.takenBytes;
    },
  });
  await session.run();
  expect(kept.bytes).toBe(hex(file));
  // 1000 of them, two pieces read ahead.
  expect(takenAtOpening).toBeGreaterThan(15_000);
  expect(takenAtOpening).toBeLessThan(18_000);
});

test('a pipe makes visible what came; a file does not', async () => {
  const flushes = async (setup: Setup): Promise<number> => {
    const kept = new Kept();
    const { session } = await openBulk(pcapng, kept, setup);
    await session.run();
    return kept.log.filter((line) => line === 'flush').length;
  };
  expect(await flushes({})).toBe(0);
  expect(await flushes({ isPipe: true })).toBeGreaterThan(5);
});

test('so many packets, then the output is complete', async () => {
  const kept = new Kept();
  const { session } = await openBulk(pcapng, kept, { mostMatches: 5 });
  await session.run();
  expect([session.passed, kept.log.at(-1)]).toEqual([5, 'finish']);
});

test('damage: everything before it is in a complete output, then it is told', async () => {
  const cut = pcapng.slice(0, -3);
  const kept = new Kept();
  const { session, source } = await openBulk(cut, kept);
  await expect(session.run()).rejects.toThrow(/^it: /);
  expect(kept.log.at(-1)).toBe('finish');
  expect(session.seen).toBe(want.seen - 1);
  expect(source.isOpen).toBe(false);
});

test('no capture at all opens no output', async () => {
  const kept = new Kept();
  const { session } = await openBulk(Buffer.from('GET / HTTP/1.0'), kept);
  await expect(session.run()).rejects.toThrow(/^it: /);
  expect(kept.opened).toBe(0);
});

test('a reader that has gone is no fault, and there is nothing to complete', async () => {
  const kept = new Kept();
  kept.failsAfter = 6;
  kept.failure = new ReaderGoneError('a pipe');
  const { session, source } = await openBulk(pcapng, kept);
  await session.run();
  expect(kept.log).toHaveLength(6);
  expect(source.isOpen).toBe(false);
});

test('an output that fails is told and not completed', async () => {
  const kept = new Kept();
  kept.failsAfter = 6;
  kept.failure = new SysError('write', 28, 'cannot write it: no space left on device');
  const { session, source } = await openBulk(pcapng, kept);
  await expect(session.run()).rejects.toBe(kept.failure);
  expect(kept.log).toHaveLength(6);
  expect(source.isOpen).toBe(false);
});

test('stopped: what was taken is complete, and no damage is told', async () => {
  const kept = new Kept();
  const { session, source } = await openBulk(pcapng.slice(0, -3), kept);
  const running = session.run();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  session.stop();
  await running;
  expect(session.seen).toBeLessThan(want.seen);
  expect(kept.log.at(-1)).toBe('finish');
  expect(source.isOpen).toBe(false);
});
