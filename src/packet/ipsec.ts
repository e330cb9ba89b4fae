/** IPsec: the Authentication Header (RFC 4302, section 2) and what is in clear of ESP (RFC 4303, section 2). */
import { type Part, View } from './part.ts';

export class AhView extends View {
  static readonly minimumLength = 12;

  /** Undefined unless the fixed 12 bytes were captured. */
  static tryOf(part: Part): AhView | undefined {
    return part.has(AhView.minimumLength) ? new AhView(part) : undefined;
  }

  get nextHeader(): number {
    return this.part.u8(0);
  }

  /** In bytes, the integrity check value included. */
  get headerLength(): number {
    return (this.part.u8(1) + 2) * 4;
  }

  get spi(): number {
    return this.part.u32(4);
  }

  get sequence(): number {
    return this.part.u32(8);
  }

  payload(): Part {
    return this.part.after(this.headerLength);
  }
}

export class EspView extends View {
  static readonly headerLength = 8;

  static tryOf(part: Part): EspView | undefined {
    return part.has(EspView.headerLength) ? new EspView(part) : undefined;
  }

  get spi(): number {
    return this.part.u32(0);
  }

  get sequence(): number {
    return this.part.u32(4);
  }
}
