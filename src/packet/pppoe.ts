/** PPP over Ethernet (RFC 2516, section 4). Tags of the discovery stage are not taken apart. */
import { type Part, View } from './part.ts';

/** The PPP protocol numbers of what is taken apart here (RFC 1661, section 2). */
export const PPP_IPV4 = 0x0021;
export const PPP_IPV6 = 0x0057;

export class PppoeView extends View {
  static readonly headerLength = 6;

  static tryOf(part: Part): PppoeView | undefined {
    return part.has(PppoeView.headerLength) ? new PppoeView(part) : undefined;
  }

  /** 0 in the session stage; PADI 9, PADO 7, PADR 0x19, PADS 0x65, PADT 0xa7. */
  get code(): number {
    return this.part.u8(1);
  }

  get sessionId(): number {
    return this.part.u16(2);
  }

  /** Bytes after the header, as it says. */
  get payloadLength(): number {
    return this.part.u16(4);
  }

  payload(): Part {
    return this.part.after(PppoeView.headerLength).limit(this.payloadLength);
  }
}
