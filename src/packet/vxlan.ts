/** VXLAN headers (RFC 7348, section 5). */
import { type Part, View } from './part.ts';

export const VXLAN_PORT = 4789;

export class VxlanView extends View {
  static readonly headerLength = 8;

  static tryOf(part: Part): VxlanView | undefined {
    return part.has(VxlanView.headerLength) ? new VxlanView(part) : undefined;
  }

  get flags(): number {
    return this.part.u8(0);
  }

  /** The network identifier, 24 bits. */
  get vni(): number {
    return this.part.u24(4);
  }

  /** An Ethernet frame. */
  payload(): Part {
    return this.part.after(VxlanView.headerLength);
  }
}
