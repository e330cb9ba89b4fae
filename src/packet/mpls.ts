/** One entry of an MPLS label stack (RFC 3032, 2.1; RFC 5462). */
import { type Part, View } from './part.ts';

export class MplsView extends View {
  static tryOf(part: Part): MplsView | undefined {
    return part.has(4) ? new MplsView(part) : undefined;
  }

  get label(): number {
    return this.part.u24(0) >> 4;
  }

  get trafficClass(): number {
    return (this.part.u8(2) >> 1) & 7;
  }

  get bottomOfStack(): boolean {
    return (this.part.u8(2) & 1) !== 0;
  }

  get ttl(): number {
    return this.part.u8(3);
  }

  payload(): Part {
    return this.part.after(4);
  }
}
