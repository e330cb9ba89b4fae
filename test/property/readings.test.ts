/**
 * A reading whose packets go from file to file many at a time, against the same reading packet by packet: the same bytes
 * written, the same counts, the same error, for whole and for damaged files.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { HoneError, UsageError } from '../../src/base/index.ts';
import { builtinNames } from '../../src/filter/index.ts';
import {
  BulkSession,
  type ByteSource,
  CaptureInput,
  CaptureWalk,
  collectFor,
  FilterMatcher,
  fileForm,
  openFileSink,
  ReadSession,
  walkCompiler,
} from '../../src/read/index.ts';
import { makeCapture } from '../fakes/made-capture.ts';

const folder = mkdtempSync(join(tmpdir(), 'hone-readings-'));
afterAll(() => rmSync(folder, { recursive: true }));

class MemorySource implements ByteSource {
  readonly name = 'in';
  readonly sizeBytes: number;
  takenBytes = 0;
  readonly #bytes: Uint8Array;
  readonly #mostBytes: number;
  readonly #isLate: boolean;

  /** @param isLate reads as another thread does: until the bytes come, anything may stand where they go */
  constructor(bytes: Uint8Array, mostBytes: number, isLate: boolean) {
    this.#bytes = bytes;
    this.sizeBytes = bytes.length;
    this.#mostBytes = mostBytes;
    this.#isLate = isLate;
  }

  read(target: Uint8Array): number | Promise<number> {
    if (!this.#isLate) return this.#read(target);
    target.fill(0xee);
    return new Promise((resolve) => setImmediate(() => resolve(this.#read(target))));
  }

  #read(target: Uint8Array): number {
    const most = Math.min(target.length, this.#mostBytes);
    const piece = this.#bytes.subarray(this.takenBytes, this.takenBytes + most);
    target.set(piece);
    this.takenBytes += piece.length;
    return piece.length;
  }

  close(): void {}
}

interface Case {
  readonly file: Uint8Array;
  readonly filter: string;
  readonly format: 'pcap' | 'pcapng';
  readonly packets: number | undefined;
  readonly pieceBytes: number;
  readonly isLate: boolean;
}

interface Outcome {
  /** Undefined when nothing was written. */
  readonly written: string | undefined;
  /** Undefined when the output refused a record: nobody is told then. */
  readonly passed: number | undefined;
  readonly error: string | undefined;
}

async function outcome(session: ReadSession | BulkSession, path: string): Promise<Outcome> {
  let error: HoneError | undefined;
  try {
    await session.run();
  } catch (thrown) {
    if (!(thrown instanceof HoneError)) throw thrown;
    error = thrown;
  }
  const passed = error instanceof UsageError ? undefined : session.passed;
  return { written: readOutput(path), passed, error: error?.message };
}

function readOutput(path: string): string | undefined {
  try {
    return readFileSync(path, 'hex');
  } catch {
    return undefined;
  } finally {
    rmSync(path, { force: true });
  }
}

function sinkOf({ format }: Case, path: string, form: ReturnType<typeof fileForm>) {
  const facts = { inputForm: form, application: 'test', comment: undefined, givesUp: () => false };
  return openFileSink({ kind: 'write', path, format }, facts);
}

async function inBulk(one: Case): Promise<Outcome> {
  const path = join(folder, 'bulk');
  const { file, filter, packets, pieceBytes, isLate, format } = one;
  const compile = walkCompiler(filter, builtinNames)!;
  const walk = new CaptureWalk(new MemorySource(file, pieceBytes, isLate), { compile, mostMatches: packets });
  const form = await walk.open();
  const matcher = filter === '' ? undefined : new FilterMatcher(filter, builtinNames);
  const openSink = () => sinkOf(one, path, form);
  return outcome(new BulkSession({ walk, collect: collectFor(format, form), matcher, openSink }), path);
}

async function packetByPacket(one: Case): Promise<Outcome> {
  const path = join(folder, 'single');
  const { file, filter, packets, pieceBytes } = one;
  const matcher = filter === '' ? undefined : new FilterMatcher(filter, builtinNames);
  const session = new ReadSession({
    inputs: [new CaptureInput(new MemorySource(file, pieceBytes, false))],
    order: 'append',
    selection: { packets, ranges: undefined, fromNs: undefined, beforeNs: undefined },
    matcher,
    openSink: (first) => sinkOf(one, path, first && fileForm(first.bytes)),
  });
  return outcome(session, path);
}

const capture = fc
  .record({
    kind: fc.constantFrom('pcap', 'pcapng'),
    littleEndian: fc.boolean(),
    seed: fc.nat(),
    packets: fc.nat(60),
  })
  .map(makeCapture);

const change = fc.record({
  place: fc.noBias(fc.nat()),
  byte: fc.nat(255),
  /** The length of a packet's option instead of any place, if there is one. */
  inOptions: fc.boolean(),
});

const damaged = fc
  .tuple(capture, fc.option(fc.nat(), { freq: 1 }), fc.array(change, { minLength: 1, maxLength: 3 }))
  .map(([file, end, changes]) => {
    const cut = end === null ? file.slice() : file.slice(0, 24 + (end % (file.length - 23)));
    const lengths = optionLengths(file).filter((at) => at < cut.length);
    for (const { place, byte, inOptions } of changes) {
      const at = inOptions ? lengths[place % lengths.length] : undefined;
      cut[at ?? place % cut.length] = byte;
    }
    return cut;
  });

/** Where the lengths of packets' options stand in a pcapng file of `makeCapture`. */
function optionLengths(file: Uint8Array<ArrayBuffer>): number[] {
  if (file[0] !== 0x0a) return [];
  const view = new DataView(file.buffer);
  const littleEndian = view.getUint32(8, true) === 0x1a2b3c4d;
  const u32 = (at: number): number => view.getUint32(at, littleEndian);
  const places: number[] = [];
  for (let at = 0; at < file.length; at += u32(at + 4)) {
    const isTimed = u32(at) === 2 || u32(at) === 6;
    if (isTimed && u32(at + 4) - u32(at + 20) - 32 >= 12) places.push(at + u32(at + 4) - 14);
  }
  return places;
}

function cases(file: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Case> {
  return fc.record({
    file,
    filter: fc.constantFrom('', 'ip', 'udp', 'len > 200', 'tcp or not ip'),
    format: fc.constantFrom('pcap', 'pcapng'),
    packets: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
    pieceBytes: fc.constantFrom(13, 100, 1 << 20),
    isLate: fc.boolean(),
  });
}

for (const [title, file] of [
  ['whole files', capture],
  ['damaged files', damaged],
] as const) {
  test(`${title}: the same written, counted and said`, async () => {
    await fc.assert(
      fc.asyncProperty(cases(file), async (one) => {
        expect(await inBulk(one)).toEqual(await packetByPacket(one));
      }),
      { numRuns: 200 },
    );
  }, 60_000);
}
