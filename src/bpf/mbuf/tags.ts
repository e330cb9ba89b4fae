/**
 * VLAN tags that an adapter took off a frame, or will put on: the filter sees the frame with them in place, as it is
 * written to the file. This file says what stands where in such a frame and loads from it.
 *
 * ```
 *   0        12                    12 + 4n
 *   | MACs   | n tags, from mbuf   | the rest of the frame in memory, from its offset 12
 *   outer tag: 88 a8, vlan_tci_outer      inner or only tag: 81 00, vlan_tci      (both big-endian here)
 * ```
 */

import type { ProgramBuilder } from '../asm/builder.ts';
import { BPF_AND, BPF_B, BPF_H, BPF_LSH, BPF_OR, BPF_RSH, BPF_W } from '../cbpf/isa.ts';
import { BPF_MOV } from '../isa/insn.ts';
import { mbufFields } from './fields.ts';
import { anything, type Range } from './ranges.ts';

/** Where tags are put in: behind the two MAC addresses. A shorter frame has no tags. */
export const TAG_OFFSET = 12;

const TAG_BYTES = 4;

const CONTEXT = 6;

/** A byte of a tag: a constant, or the upper or lower half of a field of the mbuf. */
type TagByte =
  | { readonly constant: number }
  | { readonly field: 'vlanTci' | 'vlanTciOuter'; readonly half: 'upper' | 'lower' };

const only: readonly TagByte[] = tag(0x8100, 'vlanTci');

/** The bytes that are put in, by the number of tags. */
const tagBytes: readonly (readonly TagByte[])[] = [[], only, [...tag(0x88a8, 'vlanTciOuter'), ...only]];

function tag(protocol: number, field: 'vlanTci' | 'vlanTciOuter'): readonly TagByte[] {
  return [
    { constant: protocol >> 8 },
    { constant: protocol & 0xff },
    { field, half: 'upper' },
    { field, half: 'lower' },
  ];
}

/** Frames with `count` tags put in. */
export class TaggedFrame {
  readonly tagsBytes: number;
  private readonly bytes: readonly TagByte[];

  constructor(count: number) {
    this.bytes = tagBytes[count]!;
    this.tagsBytes = count * TAG_BYTES;
  }

  /** Where the frame in memory goes on after the tags. */
  get tagsEnd(): number {
    return TAG_OFFSET + this.tagsBytes;
  }

  /** Whether a load touches a byte of a tag. */
  touchesTags(offset: number, lengthBytes: number): boolean {
    return this.tagsBytes > 0 && offset < this.tagsEnd && offset + lengthBytes > TAG_OFFSET;
  }

  /** The values that a big-endian load can give. */
  rangeOf(offset: number, lengthBytes: number): Range {
    let min = 0;
    let max = 0;
    for (let at = offset; at < offset + lengthBytes; at++) {
      const byte = this.bytes[at - TAG_OFFSET];
      const known = byte !== undefined && 'constant' in byte ? byte.constant : undefined;
      min = min * 256 + (known ?? 0);
      max = max * 256 + (known ?? 255);
    }
    return { min, max, bound: this.touchesTags(offset, lengthBytes) ? anything.bound : max };
  }

  /**
   * Code that loads into r0; r1 to r5 are lost. A load that touches a tag is put together from what lies in memory,
   * from constants, and from the fields of the mbuf.
   */
  emitLoad(to: ProgramBuilder, offset: number, lengthBytes: 1 | 2 | 4): void {
    if (!this.touchesTags(offset, lengthBytes)) {
      to.packet(sizeBits(lengthBytes), offset < TAG_OFFSET ? offset : offset - this.tagsBytes);
      return;
    }
    const inTags = [...Array(lengthBytes).keys()].flatMap((i) => {
      const byte = this.bytes[offset + i - TAG_OFFSET];
      return byte === undefined ? [] : [{ byte, shift: 8 * (lengthBytes - 1 - i) }];
    });
    let isEmpty = !this.emitMemory(to, offset, lengthBytes);
    for (const field of ['vlanTciOuter', 'vlanTci'] as const) {
      const shiftOf = (half: 'upper' | 'lower'): number | undefined =>
        inTags.find(({ byte }) => 'field' in byte && byte.field === field && byte.half === half)?.shift;
      if (emitField(to, isEmpty ? 0 : 1, field, shiftOf('upper'), shiftOf('lower'))) isEmpty = false;
    }
    const constant = inTags.reduce(
      (sum, { byte, shift }) => ('constant' in byte ? sum + byte.constant * 2 ** shift : sum),
      0,
    );
    if (isEmpty) to.wConstant(BPF_MOV, 0, constant);
    else if (constant !== 0) to.wConstant(BPF_OR, 0, constant);
  }

  /** Whether a load takes all its bytes from tags. */
  isInTags(offset: number, lengthBytes: number): boolean {
    return offset >= TAG_OFFSET && offset + lengthBytes <= this.tagsEnd;
  }

  /** The bytes of the load that lie in memory, in their places in r0; false when there are none. */
  private emitMemory(to: ProgramBuilder, offset: number, lengthBytes: number): boolean {
    const before = Math.max(0, TAG_OFFSET - offset);
    const after = Math.max(0, offset + lengthBytes - this.tagsEnd);
    if (before > 0) {
      emitRun(to, offset, before);
      to.wConstant(BPF_LSH, 0, 8 * (lengthBytes - before));
    } else if (after > 0) {
      emitRun(to, TAG_OFFSET, after);
    }
    return before > 0 || after > 0;
  }
}

/** A run of one to three bytes; three are read as four, the byte before them cut off. */
function emitRun(to: ProgramBuilder, offset: number, lengthBytes: number): void {
  if (lengthBytes !== 3) {
    to.packet(sizeBits(lengthBytes as 1 | 2), offset);
  } else {
    to.packet(BPF_W, offset - 1);
    to.wConstant(BPF_AND, 0, 0xff_ffff);
  }
}

/**
 * Loads a field's halves, each at its shift, into r0, or through r1 into what r0 holds already. A half without a
 * shift is not wanted; false when neither is.
 */
function emitField(
  to: ProgramBuilder,
  register: 0 | 1,
  field: 'vlanTci' | 'vlanTciOuter',
  upper: number | undefined,
  lower: number | undefined,
): boolean {
  if (upper === undefined && lower === undefined) return false;
  to.load(BPF_H, register, CONTEXT, mbufFields[field].offset);
  if (upper === undefined) to.wConstant(BPF_AND, register, 0xff);
  if (lower === undefined) to.wConstant(BPF_RSH, register, 8);
  const shift = lower ?? upper!;
  if (shift > 0) to.wConstant(BPF_LSH, register, shift);
  if (register === 1) to.wRegister(BPF_OR, 0, 1);
  return true;
}

/** The BPF_SIZE of a load. */
export function sizeBits(lengthBytes: 1 | 2 | 4): number {
  return lengthBytes === 1 ? BPF_B : lengthBytes === 2 ? BPF_H : BPF_W;
}
