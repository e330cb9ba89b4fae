/**
 * BSD loopback: LINKTYPE_NULL, four bytes with the address family in the byte order of the machine that captured, and
 * LINKTYPE_LOOP, the same in network order.
 */
import { type Part, View } from './part.ts';

/** AF_INET is 2 everywhere; AF_INET6 has many numbers. */
const FAMILY_INET = 2;
const FAMILIES_INET6: readonly number[] = [10, 24, 28, 30];

export class NullLoopbackView extends View {
  static readonly headerLength = 4;

  static tryOf(part: Part): NullLoopbackView | undefined {
    return part.has(NullLoopbackView.headerLength) ? new NullLoopbackView(part) : undefined;
  }

  /** No family is above 0xffff: the order that makes the number small is the right one. */
  get family(): number {
    const big = this.part.u32(0);
    if (big <= 0xffff) return big;
    return (this.part.u8(3) * 0x100 + this.part.u8(2)) * 0x1_0000 + this.part.u8(1) * 0x100 + this.part.u8(0);
  }

  /** The version of IP that follows; undefined for other families. */
  get ipVersion(): 4 | 6 | undefined {
    const { family } = this;
    if (family === FAMILY_INET) return 4;
    return FAMILIES_INET6.includes(family) ? 6 : undefined;
  }

  payload(): Part {
    return this.part.after(NullLoopbackView.headerLength);
  }
}
