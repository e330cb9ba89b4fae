/**
 * The walk over capture files in WebAssembly against the capture reader and the interpreter of classic BPF: the same
 * packets, whatever way the bytes come in; on damaged files the same up to the damage, and an end.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/base/index.ts';
import {
  CaptureWalker,
  type CbpfProgram,
  type Collect,
  match,
  NO_TIME,
  runCbpf,
  type WalkLimits,
} from '../../src/bpf/index.ts';
import { compileFilter } from '../../src/filter/index.ts';
import { createCaptureReader } from '../../src/pcapng/index.ts';
import { makeCapture } from '../fakes/made-capture.ts';

const corpora = process.env.HONE_CORPORA ?? join(import.meta.dirname, '../../../shared/corpora');

interface Match {
  readonly offset: number;
  readonly data: string;
  readonly originalLength: number;
  readonly interfaceId: number;
}

interface Outcome {
  readonly matches: readonly Match[];
  readonly seen: number;
  /** Where the file stops making sense. */
  readonly damage: number | undefined;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What the reader and the interpreter find. `filters` by link type; other packets do not match. */
function expected(
  file: Uint8Array,
  filters: ReadonlyMap<number, CbpfProgram>,
): Outcome & { readonly message: string | undefined } {
  const reader = createCaptureReader();
  const matches: Match[] = [];
  let seen = 0;
  reader.push(file);
  try {
    for (let record = reader.read(); record !== undefined; record = reader.read()) {
      if (record.type !== 'packet') continue;
      seen++;
      const { data, originalLength, offset, linkType } = record;
      const filter = filters.get(linkType);
      if (filter === undefined || runCbpf(filter, data, originalLength) === 0) continue;
      matches.push({ offset, data: hex(data), originalLength, interfaceId: record.interface.id });
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { matches, seen, damage: error.offsetBytes, message: error.message };
  }
  return { matches, seen, damage: undefined, message: undefined };
}

interface Walked extends Outcome {
  readonly records: string;
}

interface WalkOptions {
  readonly collect: Collect;
  readonly chunkBytes: () => number;
  readonly limits?: WalkLimits;
  readonly listLength?: number;
}

/** A user of the walker, as `hone read` is one: it reads headers, sections and interfaces itself. */
class Driver {
  readonly #file: Uint8Array;
  readonly #view: DataView;
  readonly #isPcapng: boolean;
  readonly #filters: ReadonlyMap<number, CbpfProgram>;
  readonly #numbers = new Map<number, number>();
  readonly #options: WalkOptions;
  readonly walker: CaptureWalker;
  readonly matches: Match[] = [];
  records = '';
  #littleEndian = true;
  #fed = 0;

  constructor(file: Uint8Array, filters: ReadonlyMap<number, CbpfProgram>, options: WalkOptions) {
    this.#file = file;
    this.#view = new DataView(file.buffer, file.byteOffset, file.length);
    this.#filters = filters;
    this.#options = options;
    const magic = this.#view.getUint32(0, true);
    this.#isPcapng = magic === 0x0a0d0d0a;
    const littleEndian = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34].includes(magic);
    const pcapMagic = this.#view.getUint32(0, littleEndian);
    this.walker = new CaptureWalker(
      {
        kind: this.#isPcapng ? 'pcapng' : 'pcap',
        littleEndian,
        recordHeaderBytes: pcapMagic === 0xa1b2cd34 ? 24 : 16,
        fractionsPerSecond: pcapMagic === 0xa1b23c4d ? 1_000_000_000 : 1_000_000,
      },
      {
        collect: options.collect,
        times: true,
        dataBytes: 1 << 19,
        listLength: options.listLength ?? 64,
      },
    );
    for (const [linkType, program] of filters) this.#numbers.set(linkType, this.walker.addFilter(program));
    if (!this.#isPcapng) {
      this.#addInterface(this.#view.getUint32(20, littleEndian) & 0xffff, 262_144);
      this.#fed = 24;
    }
  }

  run(): Walked {
    const { walker } = this;
    for (;;) {
      const room = walker.borrowRoom();
      const piece = this.#file.subarray(
        this.#fed,
        this.#fed + Math.min(room.length, this.#options.chunkBytes()),
      );
      room.set(piece);
      walker.filled(piece.length);
      this.#fed += piece.length;
      const isDamaged = !this.#walkAll();
      if (isDamaged || piece.length === 0) {
        const { seen } = walker.totals;
        const at = this.#fed - (walker.end - walker.position);
        const damage = walker.end > walker.position ? at : undefined;
        return { matches: this.matches, seen, damage, records: this.records };
      }
    }
  }

  #walkAll(): boolean {
    const { walker } = this;
    for (;;) {
      const stop = walker.walk(this.#options.limits);
      for (let i = 0; i < walker.listed; i++) this.#note(walker.matchAt(i));
      if (this.#options.collect === 'records') this.records += hex(walker.takeRecords());
      if (stop === 'more') return true;
      if (stop === 'other' && !this.#isPcapng) return false;
      if (stop === 'other' && !this.#block()) return walker.end - walker.position < this.#blockLength();
    }
  }

  #note(at: number): void {
    const { view, bytes } = this.walker;
    const field = (offset: number): number => view.getUint32(at + offset, true);
    const start = field(match.data);
    this.matches.push({
      offset: this.#fed - (this.walker.end - field(match.record)),
      data: hex(bytes.subarray(start, start + field(match.capturedLength))),
      originalLength: field(match.originalLength),
      interfaceId: field(match.interface),
    });
  }

  #blockLength(): number {
    const { view, position, end } = this.walker;
    if (end - position < 12) return 12;
    if (view.getUint32(position, true) === 0x0a0d0d0a) {
      this.#littleEndian = view.getUint32(position + 8, true) === 0x1a2b3c4d;
    }
    const length = view.getUint32(position + 4, this.#littleEndian);
    return length % 4 === 0 && length >= 12 && length < 1 << 19 ? length : 0;
  }

  /** False for one that is not all there, or damaged. */
  #block(): boolean {
    const { walker } = this;
    const { view, position, end } = walker;
    const length = this.#blockLength();
    if (length === 0 || end - position < length) return false;
    const type = view.getUint32(position, this.#littleEndian);
    if (view.getUint32(position + length - 4, this.#littleEndian) !== length) return false;
    if ([2, 3, 6].includes(type)) return false;
    if (type === 0x0a0d0d0a) walker.startSection(this.#littleEndian);
    if (type === 1) {
      this.#addInterface(
        view.getUint16(position + 8, this.#littleEndian),
        view.getUint32(position + 12, this.#littleEndian),
      );
    }
    walker.skip(length);
    return true;
  }

  #addInterface(linkType: number, snaplen: number): void {
    const filter = this.#filters.has(linkType) ? this.#numbers.get(linkType)! : 'none';
    this.walker.addInterface({ filter, snaplen });
  }
}

const walk = (file: Uint8Array, filters: ReadonlyMap<number, CbpfProgram>, options: WalkOptions): Walked =>
  new Driver(file, filters, options).run();

const LINKTYPE_ETHERNET = 1;
const everything: CbpfProgram = [{ code: 0x06, jt: 0, jf: 0, k: 0xffffffff }];
const chosen = new Map([
  [LINKTYPE_ETHERNET, compileFilter('ip or len > 90 or ether[0] & 1 != 0')],
  [228, everything],
]);

const files = ['pcapng', 'pcap'].flatMap((folder) =>
  existsSync(join(corpora, folder))
    ? readdirSync(join(corpora, folder))
        .filter((name) => /\.pcap(ng)?$/.test(name))
        .map((name) => join(corpora, folder, name))
    : [],
);

const kinds = ['pcap', 'pcapng'] as const;
const made = fc.record({
  kind: fc.constantFrom(...kinds),
  littleEndian: fc.boolean(),
  seed: fc.integer(),
  packets: fc.integer({ min: 0, max: 60 }),
});

test.skipIf(files.length === 0)(`${files.length} files of the corpora`, () => {
  for (const path of files) {
    const file = readFileSync(path);
    const want = expected(file, chosen);
    const got = walk(file, chosen, { collect: 'list', chunkBytes: () => 5000 });
    expect({ path, matches: got.matches, seen: got.seen }).toEqual({
      path,
      matches: want.matches,
      seen: want.seen,
    });
  }
});

describe('made files', () => {
  test('the list, the records and the counts, however the bytes come', () => {
    fc.assert(
      fc.property(
        made,
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 1, max: 9 }),
        (shape, chunk, list) => {
          const file = makeCapture(shape);
          const want = expected(file, chosen);
          expect(want.damage).toBeUndefined();
          const chunkBytes = (): number => chunk;
          const listed = walk(file, chosen, { collect: 'list', chunkBytes, listLength: list });
          expect(listed).toEqual({ ...want, records: '' });
          const moved = walk(file, chosen, { collect: 'records', chunkBytes });
          const records = want.matches.map(({ offset }) => hex(recordAt(file, offset, shape)));
          expect(moved).toEqual({ ...want, matches: [], records: records.join('') });
          const counted = new Driver(file, chosen, { collect: 'nothing', chunkBytes });
          counted.run();
          const bytes = (of: (each: Match) => number): number =>
            want.matches.reduce((sum, each) => sum + of(each), 0);
          expect(counted.walker.totals).toEqual({
            seen: want.seen,
            matched: want.matches.length,
            capturedBytes: bytes(({ data }) => data.length / 2),
            originalBytes: bytes(({ originalLength }) => originalLength),
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  test('limits: packets looked at, packets matched', () => {
    fc.assert(
      fc.property(made, fc.integer({ min: 1, max: 20 }), fc.boolean(), (shape, count, ofSeen) => {
        const file = makeCapture(shape);
        const limits = ofSeen ? { seen: count } : { matched: count };
        const driver = new Driver(file, chosen, { collect: 'list', chunkBytes: () => 1 << 18, limits });
        const { walker, matches } = driver;
        expect(driver.run()).toEqual({ ...expected(file, chosen), records: '' });
        expect(matches.length).toBe(walker.totals.matched);
      }),
      { numRuns: 50 },
    );
  });
});

describe('damaged files', () => {
  test('the same packets up to the damage, and always an end', () => {
    const hits = fc.array(
      fc.record({
        at: fc.nat(),
        byte: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(made, hits, fc.nat(), (shape, changes, cut) => {
        const whole = makeCapture(shape);
        const head = shape.kind === 'pcap' ? 24 : 0;
        const file = whole.slice(0, head + (cut % 3 === 0 ? cut % (whole.length - head + 1) : whole.length));
        if (file.length < 24) return;
        for (const { at, byte } of changes) file[head + (at % (file.length - head + 1))] = byte;
        if (hex(file.subarray(0, 4)) !== hex(whole.subarray(0, 4))) return;
        expectUpToDamage(file, shape.kind);
      }),
      { numRuns: 400 },
    );
  });

  test('an option of a block that is no packet', () => {
    const shape = { kind: 'pcapng', littleEndian: true, seed: -190_564_517, packets: 49 } as const;
    const file = makeCapture(shape);
    file[4704] = 1;
    const { damage, message } = expected(file, chosen);
    expect(message).toMatch(/option/i);
    expect(packetBlocks).not.toContain(blockTypeAt(file, damage!));
    expectUpToDamage(file, shape.kind);
  });
});

const packetBlocks: readonly (number | undefined)[] = [2, 3, 6];

/** The walker finds damage in packets; other blocks are its user's concern. */
function expectUpToDamage(file: Uint8Array, kind: 'pcap' | 'pcapng'): void {
  const want = expected(file, chosen);
  const got = walk(file, chosen, { collect: 'list', chunkBytes: () => 333 });
  const { damage } = want;
  const isSeen = damage === undefined || kind === 'pcap' || packetBlocks.includes(blockTypeAt(file, damage));
  expect(isSeen ? got.matches : got.matches.slice(0, want.matches.length)).toEqual(want.matches);
}

/** The type of the block that this byte is in; undefined when it is not all there. Blocks before it are whole. */
function blockTypeAt(file: Uint8Array, offset: number): number | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  let littleEndian = true;
  for (let at = 0; at + 12 <= file.length; ) {
    if (view.getUint32(at, true) === 0x0a0d0d0a) littleEndian = view.getUint32(at + 8, true) === 0x1a2b3c4d;
    const length = view.getUint32(at + 4, littleEndian);
    if (offset < at + Math.max(length, 12)) return view.getUint32(at, littleEndian);
    at += length;
  }
  return undefined;
}

test('times: the range of an interface, and the earliest and latest of its matches', () => {
  const file = makeCapture({
    kind: 'pcap',
    littleEndian: false,
    seed: 1,
    packets: 20,
    pcapMagic: 0xa1b2c3d4,
  });
  const times = new DataView(file.buffer);
  const walker = new CaptureWalker(
    { kind: 'pcap', littleEndian: false, recordHeaderBytes: 16, fractionsPerSecond: 1_000_000 },
    { collect: 'list', times: true, dataBytes: 1 << 18, listLength: 100 },
  );
  const all: bigint[] = [];
  for (let at = 24; at < file.length; at += 16 + times.getUint32(at + 8)) {
    all.push(BigInt(times.getUint32(at)) * 1_000_000n + BigInt(times.getUint32(at + 4)));
  }
  const sorted = all.toSorted((one, other) => Number(one - other));
  const [lowestTime, highestTime] = [sorted[5]!, sorted[14]!];
  walker.addInterface({ filter: 'all', snaplen: 262_144, lowestTime, highestTime });
  expect(walker.timesOf(0)).toBeUndefined();
  walker.borrowRoom().set(file.subarray(24));
  walker.filled(file.length - 24);
  expect(walker.walk()).toBe('more');
  const listed = Array.from({ length: walker.listed }, (_, i) =>
    walker.view.getBigUint64(walker.matchAt(i) + match.time, true),
  );
  expect(listed).toEqual(all.filter((time) => time >= lowestTime && time <= highestTime));
  expect(walker.timesOf(0)).toEqual({ earliest: lowestTime, latest: highestTime });
  expect(listed).not.toContain(NO_TIME);
});

/** The bytes of the record at this place of a made file. */
function recordAt(
  file: Uint8Array,
  offset: number,
  { kind, littleEndian }: { kind: 'pcap' | 'pcapng'; littleEndian: boolean },
): Uint8Array {
  const view = new DataView(file.buffer);
  const length =
    kind === 'pcap'
      ? (view.getUint32(0, littleEndian) === 0xa1b2cd34 ? 24 : 16) + view.getUint32(offset + 8, littleEndian)
      : view.getUint32(offset + 4, littleEndian);
  return file.subarray(offset, offset + length);
}
