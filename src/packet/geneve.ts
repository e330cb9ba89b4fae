/** GENEVE headers (RFC 8926, 3.4). The options are not taken apart. */
import { type Part, View } from './part.ts';

export const GENEVE_PORT = 6081;

export class GeneveView extends View {
  static readonly minimumLength = 8;

  /** Undefined unless the fixed 8 bytes were captured. */
  static tryOf(part: Part): GeneveView | undefined {
    return part.has(GeneveView.minimumLength) ? new GeneveView(part) : undefined;
  }

  get version(): number {
    return this.part.u8(0) >> 6;
  }

  /** In bytes, options included. */
  get headerLength(): number {
    return GeneveView.minimumLength + (this.part.u8(0) & 0x3f) * 4;
  }

  /** The flags of the second byte: 0x80 is a control packet (O), 0x40 critical options (C). */
  get flags(): number {
    return this.part.u8(1) & 0xc0;
  }

  /** An EtherType. */
  get protocol(): number {
    return this.part.u16(2);
  }

  /** The network identifier, 24 bits. */
  get vni(): number {
    return this.part.u24(4);
  }

  optionsPart(): Part {
    return this.part.limit(this.headerLength).after(GeneveView.minimumLength);
  }

  payload(): Part {
    return this.part.after(this.headerLength);
  }
}
