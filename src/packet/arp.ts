/** ARP and RARP (RFC 826, RFC 903), whatever the lengths of their addresses. */
import { type Part, View } from './part.ts';

export const ARP_HARDWARE_ETHERNET = 1;
export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;

export class ArpView extends View {
  /** Undefined unless all four addresses were captured. */
  static tryOf(part: Part): ArpView | undefined {
    if (!part.has(8)) return undefined;
    const view = new ArpView(part);
    return part.has(view.length) ? view : undefined;
  }

  get hardwareType(): number {
    return this.part.u16(0);
  }

  /** An EtherType. */
  get protocolType(): number {
    return this.part.u16(2);
  }

  get hardwareLength(): number {
    return this.part.u8(4);
  }

  get protocolLength(): number {
    return this.part.u8(5);
  }

  get operation(): number {
    return this.part.u16(6);
  }

  /** Of the packet, without the frame's padding. */
  get length(): number {
    return 8 + 2 * (this.hardwareLength + this.protocolLength);
  }

  borrowSenderHardware(): Uint8Array {
    return this.part.borrow(8, this.hardwareLength);
  }

  borrowSenderProtocol(): Uint8Array {
    return this.part.borrow(8 + this.hardwareLength, this.protocolLength);
  }

  borrowTargetHardware(): Uint8Array {
    return this.part.borrow(8 + this.hardwareLength + this.protocolLength, this.hardwareLength);
  }

  borrowTargetProtocol(): Uint8Array {
    return this.part.borrow(8 + 2 * this.hardwareLength + this.protocolLength, this.protocolLength);
  }
}
