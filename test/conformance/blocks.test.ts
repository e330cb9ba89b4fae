/** What the agent's capture path (capture.c, block.c) writes for bursts of every shape, against the blocks that `encodeBlock` makes. */
import { expect, test } from 'vitest';
import { type BlockOptions, encodeBlock } from '../../src/pcapng/index.ts';
import { hasDpdk, runHarness } from './agent-harness.ts';

interface Packet {
  readonly length: number;
  readonly bytes: string;
  readonly tags: string;
  readonly comment: string;
  readonly matches: number;
  readonly rss?: number;
  /** The adapter's time. */
  readonly ns?: string;
}

interface RingState {
  /** Before the burst. */
  readonly room: number;
  readonly entries: readonly { readonly ns: string; readonly bytes: number; readonly packets: number }[];
  readonly bytes: string;
}

interface Burst {
  readonly snaplen: number;
  readonly direction: number;
  readonly queue: number;
  readonly interface: number;
  readonly ns: string;
  readonly firstId: string;
  readonly seen: number;
  readonly matched: number;
  readonly captured: number;
  readonly dropped: number;
  readonly bytes: number;
  readonly hook: number;
  readonly active: number;
  readonly packets: readonly Packet[];
  readonly rings: readonly [RingState, RingState];
}

/** The frame on the wire, as far as it is there. */
function frameOf({ length, bytes, tags }: Packet): Buffer {
  const data = Buffer.from(bytes, 'hex');
  const isTagged = tags !== '' && data.length >= 12;
  const parts = isTagged ? [data.subarray(0, 12), Buffer.from(tags, 'hex'), data.subarray(12)] : [data];
  return Buffer.concat(parts, length + tags.length / 2);
}

function blockOf(burst: Burst, index: number, lost: number): Uint8Array {
  const packet = burst.packets[index]!;
  const frame = frameOf(packet);
  const hash = Buffer.alloc(5, 5);
  hash.writeUInt32LE(packet.rss ?? 0, 1);
  const options: BlockOptions['list'] = [
    { code: 2, value: burst.direction },
    { code: 6, value: burst.queue },
    ...(packet.rss === undefined ? [] : [{ code: 3, bytes: hash }]),
    ...(lost === 0 ? [] : [{ code: 4, value: BigInt(lost) }]),
    ...(packet.comment === '' ? [] : [{ code: 1, value: packet.comment }]),
    { code: 5, value: BigInt(burst.firstId) + BigInt(index) },
  ];
  return encodeBlock({
    type: 'EPB',
    interfaceId: burst.interface,
    timestamp: BigInt(packet.ns ?? burst.ns),
    originalLength: frame.length,
    data: frame.subarray(0, burst.snaplen),
    options: { list: options, ended: true },
  });
}

/** The agent takes a burst in parts of so many packets. */
const PART = 64;

interface Entry {
  readonly packets: number;
  readonly bytes: number;
}

class Expected {
  readonly blocks: readonly [Buffer[], Buffer[]] = [[], []];
  readonly entries: readonly [Entry[], Entry[]] = [[], []];
  matched = 0;
  captured = 0;
  bytes = 0;
  /** Packets of the hook since the last captured one. */
  lost: number;

  readonly #burst: Burst;
  readonly #room: number[];

  /** @param lost before the burst */
  constructor(burst: Burst, lost: number) {
    this.lost = lost;
    this.#burst = burst;
    this.#room = burst.rings.map(({ room }) => room);
    for (let first = 0; first < burst.packets.length; first += PART) this.#addPart(first);
  }

  /** The first ring takes what it has room for, the second what comes then; the rest of the part is lost. */
  #addPart(first: number): void {
    const { packets } = this.#burst;
    const part: [Buffer[], Buffer[]] = [[], []];
    let ring = 0;
    for (let index = first; index < Math.min(first + PART, packets.length); index++) {
      if (packets[index]!.matches === 0) continue;
      this.matched++;
      const block = Buffer.from(blockOf(this.#burst, index, this.lost));
      while (ring < 2 && block.length > this.#room[ring]!) ring++;
      if (ring === 2) {
        this.lost++;
        continue;
      }
      part[ring]!.push(block);
      this.#room[ring]! -= block.length;
      this.captured++;
      this.bytes += frameOf(packets[index]!).length;
      this.lost = 0;
    }
    for (const [n, blocks] of part.entries()) {
      if (blocks.length === 0) continue;
      this.blocks[n]!.push(...blocks);
      this.entries[n]!.push({ packets: blocks.length, bytes: Buffer.concat(blocks).length });
    }
  }
}

test.skipIf(!hasDpdk)(
  'the agent writes each packet as its block, in the first ring that has room, and counts the others',
  () => {
    const { status, signal, stdout } = runHarness('blocks-harness.c', [
      'block.c',
      'capture.c',
      'clock.c',
      'comment.c',
      'program_interpret.c',
      'ring.c',
      'writer.c',
    ]);
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    const bursts = stdout
      .trimEnd()
      .split('\n')
      .map((line): Burst => JSON.parse(line));
    const lost = new Map<number, number>();
    let [losses, overflows] = [0, 0];
    for (const [n, burst] of bursts.entries()) {
      const expected = new Expected(burst, lost.get(burst.hook) ?? 0);
      lost.set(burst.hook, expected.lost);
      losses += expected.matched - expected.captured;
      overflows += expected.entries[1].length;
      const written = {
        rings: burst.rings.map(({ bytes }) => bytes),
        entries: burst.rings.map(({ entries }) => entries),
        counts: [burst.seen, burst.matched, burst.captured, burst.dropped, burst.bytes],
        active: burst.active,
      };
      expect(written, `burst ${n}`).toEqual({
        rings: expected.blocks.map((blocks) => Buffer.concat(blocks).toString('hex')),
        entries: expected.entries.map((entries) => entries.map((entry) => ({ ns: burst.ns, ...entry }))),
        counts: [
          burst.packets.length,
          expected.matched,
          expected.captured,
          expected.matched - expected.captured,
          expected.bytes,
        ],
        active: 0,
      });
    }
    expect(bursts).toHaveLength(1500);
    expect(losses).toBeGreaterThan(1000);
    expect(overflows).toBeGreaterThan(100);
  },
  120_000,
);
