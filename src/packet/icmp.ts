/** ICMP and ICMPv6: the eight bytes that all their messages begin with (RFC 792, RFC 4443). */
import { type Part, View } from './part.ts';

export class IcmpView extends View {
  static readonly headerLength = 8;

  static tryOf(part: Part): IcmpView | undefined {
    return part.has(IcmpView.headerLength) ? new IcmpView(part) : undefined;
  }

  get type(): number {
    return this.part.u8(0);
  }

  get code(): number {
    return this.part.u8(1);
  }

  get checksum(): number {
    return this.part.u16(2);
  }

  /** Of echo messages; of others, the upper half of the word that depends on the type. */
  get identifier(): number {
    return this.part.u16(4);
  }

  get sequence(): number {
    return this.part.u16(6);
  }

  /** The second word: the MTU of "packet too big", the pointer of "parameter problem". */
  get rest(): number {
    return this.part.u32(4);
  }

  /** In error messages, the packet that caused them. */
  payload(): Part {
    return this.part.after(IcmpView.headerLength);
  }
}
