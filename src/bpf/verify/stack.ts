/**
 * The 512 bytes of stack of a function, as 64 slots of 8: which bytes were written, and the value that was stored in
 * one piece, if any. Offsets count from the end, -512 to -1. Bytes of stored pointers are no numbers.
 */
import { MAX_BPF_STACK } from '../isa/insn.ts';
import { type IdentityMap, isValueWithin, type Value } from './value.ts';

/** Immutable. `written` has a bit a byte, the lowest for the lowest. */
interface Slot {
  readonly written: number;
  /** What was stored in all 8 bytes at once. */
  readonly spill: Value | undefined;
}

const SLOT_BYTES = 8;
const bitsOf = (at: number, lengthBytes: number): number => ((1 << lengthBytes) - 1) << at;

/** What a load finds: a value that was stored, bytes, nothing, or parts of a pointer. */
export type Loaded = Value | 'bytes' | 'unwritten' | 'pointer';

export class Stack {
  private readonly slots: (Slot | undefined)[];

  constructor(slots: readonly (Slot | undefined)[] = []) {
    this.slots = slots.slice();
  }

  copy(): Stack {
    return new Stack(this.slots);
  }

  /** The bytes below the end that were written. */
  get depthBytes(): number {
    const first = this.slots.findIndex((slot) => slot !== undefined);
    return first === -1 ? 0 : MAX_BPF_STACK - first * SLOT_BYTES;
  }

  /** An aligned store of up to 8 bytes; a pointer takes all 8. */
  store(offset: number, lengthBytes: number, value: Value): void {
    const at = (MAX_BPF_STACK + offset) % SLOT_BYTES;
    const index = (MAX_BPF_STACK + offset - at) / SLOT_BYTES;
    const written = (this.slots[index]?.written ?? 0) | bitsOf(at, lengthBytes);
    this.slots[index] = { written, spill: lengthBytes === SLOT_BYTES ? value : undefined };
  }

  /** An aligned load of up to 8 bytes. */
  load(offset: number, lengthBytes: number): Loaded {
    const at = (MAX_BPF_STACK + offset) % SLOT_BYTES;
    const slot = this.slots[(MAX_BPF_STACK + offset - at) / SLOT_BYTES];
    const bits = bitsOf(at, lengthBytes);
    if (slot === undefined || (slot.written & bits) !== bits) return 'unwritten';
    if (slot.spill === undefined) return 'bytes';
    if (lengthBytes === SLOT_BYTES) return slot.spill;
    return slot.spill.kind === 'pointer' ? 'pointer' : 'bytes';
  }

  /** What is in the bytes from `offset` on: all written and no pointers, or the first that is not so. */
  inspect(offset: number, lengthBytes: number): { at: number; found: 'unwritten' | 'pointer' } | undefined {
    for (let at = offset; at < offset + lengthBytes; at++) {
      const found = this.load(at, 1);
      if (found === 'unwritten' || found === 'pointer') return { at, found };
    }
    return undefined;
  }

  /** Numbers stored over the bytes, all of them, or where some of them lie is not known. */
  overwrite(offset: number, lengthBytes: number, isCertain: boolean): void {
    for (let at = offset; at < offset + lengthBytes; at++) {
      const index = Math.floor((MAX_BPF_STACK + at) / SLOT_BYTES);
      const slot = this.slots[index];
      const added = isCertain ? bitsOf((MAX_BPF_STACK + at) % SLOT_BYTES, 1) : 0;
      const written = (slot?.written ?? 0) | added;
      if (slot !== undefined || added !== 0) this.slots[index] = { written, spill: undefined };
    }
  }

  /** Each stored value in the place of what `change` makes of it; undefined forgets it and its bytes. */
  change(change: (value: Value) => Value | undefined): void {
    this.slots.forEach((slot, index) => {
      if (slot?.spill === undefined) return;
      const spill = change(slot.spill);
      if (spill !== slot.spill) this.slots[index] = spill && { ...slot, spill };
    });
  }

  *values(): Generator<readonly [offset: number, value: Value]> {
    for (const [index, slot] of this.slots.entries()) {
      if (slot?.spill !== undefined) yield [index * SLOT_BYTES - MAX_BPF_STACK, slot.spill];
    }
  }

  /** Whether a program that does nothing wrong with `outer` does nothing wrong with this stack. */
  isWithin(outer: Stack, ids: IdentityMap): boolean {
    return outer.slots.every((slot, index) => {
      if (slot === undefined) return true;
      const mine = this.slots[index];
      if (mine === undefined || (slot.written & ~mine.written) !== 0) return false;
      if (slot.spill === undefined) return mine.spill?.kind !== 'pointer';
      return mine.spill !== undefined && isValueWithin(mine.spill, slot.spill, ids);
    });
  }
}
