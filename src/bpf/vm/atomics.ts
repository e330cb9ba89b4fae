/**
 * Atomic operations of RFC 9669, section 5.3, for one thread: what lies at `place` of the memory, the registers as pairs of
 * 32-bit words, and the immediate value of the instruction as the operation.
 */
import { BPF_ADD, BPF_AND, BPF_CMPXCHG, BPF_FETCH, BPF_OR, BPF_XOR } from '../isa/insn.ts';

export function atomic32(
  words: Int32Array,
  view: DataView,
  place: number,
  operation: number,
  src: number,
): void {
  const old = view.getInt32(place, true);
  if (operation === BPF_CMPXCHG) {
    if (old === words[0]) view.setInt32(place, words[src]!, true);
    words[0] = old;
    words[1] = 0;
    return;
  }
  view.setInt32(place, combine(operation, old, words[src]!, 0), true);
  if ((operation & BPF_FETCH) !== 0) {
    words[src] = old;
    words[src + 1] = 0;
  }
}

export function atomic64(
  words: Int32Array,
  view: DataView,
  place: number,
  operation: number,
  src: number,
): void {
  const low = view.getInt32(place, true);
  const high = view.getInt32(place + 4, true);
  if (operation === BPF_CMPXCHG) {
    if (low === words[0] && high === words[1]) {
      view.setInt32(place, words[src]!, true);
      view.setInt32(place + 4, words[src + 1]!, true);
    }
    words[0] = low;
    words[1] = high;
    return;
  }
  const carry = (low >>> 0) + (words[src]! >>> 0) > 0xffffffff ? 1 : 0;
  view.setInt32(place, combine(operation, low, words[src]!, 0), true);
  view.setInt32(place + 4, combine(operation, high, words[src + 1]!, carry), true);
  if ((operation & BPF_FETCH) !== 0) {
    words[src] = low;
    words[src + 1] = high;
  }
}

/** One word of the new value. */
function combine(operation: number, old: number, value: number, carry: number): number {
  switch (operation & ~BPF_FETCH) {
    case BPF_ADD:
      return old + value + carry;
    case BPF_OR:
      return old | value;
    case BPF_AND:
      return old & value;
    case BPF_XOR:
      return old ^ value;
    default:
      return value;
  }
}
