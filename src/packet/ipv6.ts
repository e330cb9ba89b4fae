/** IPv6 headers and the extension headers that may follow (RFC 8200, sections 3 and 4). */
import { type Part, View } from './part.ts';

export class Ipv6View extends View {
  static readonly headerLength = 40;

  static tryOf(part: Part): Ipv6View | undefined {
    return part.has(Ipv6View.headerLength) ? new Ipv6View(part) : undefined;
  }

  get version(): number {
    return this.part.u8(0) >> 4;
  }

  get trafficClass(): number {
    return (this.part.u16(0) >> 4) & 0xff;
  }

  get flowLabel(): number {
    return this.part.u24(1) & 0xfffff;
  }

  /** Bytes after the header, extension headers included; 0 may stand for a jumbo payload. */
  get payloadLength(): number {
    return this.part.u16(4);
  }

  /** A protocol number, of an extension header or of what the packet carries. */
  get nextHeader(): number {
    return this.part.u8(6);
  }

  get hopLimit(): number {
    return this.part.u8(7);
  }

  borrowSource(): Uint8Array {
    return this.part.borrow(8, 16);
  }

  borrowDestination(): Uint8Array {
    return this.part.borrow(24, 16);
  }

  /** What follows the header, as long as the header says. */
  payload(): Part {
    return this.part.after(Ipv6View.headerLength).limit(this.payloadLength);
  }
}

/** Hop-by-Hop Options, Destination Options and Routing: they share the place of their first two fields. */
export class Ipv6ExtensionView extends View {
  /** Undefined unless the whole extension header was captured. */
  static tryOf(part: Part): Ipv6ExtensionView | undefined {
    if (!part.has(2)) return undefined;
    const view = new Ipv6ExtensionView(part);
    return part.has(view.length) ? view : undefined;
  }

  get nextHeader(): number {
    return this.part.u8(0);
  }

  /** Of the whole extension header, a multiple of 8 bytes. */
  get length(): number {
    return (this.part.u8(1) + 1) * 8;
  }

  payload(): Part {
    return this.part.after(this.length);
  }
}

/** The Fragment header (RFC 8200, 4.5). */
export class Ipv6FragmentView extends View {
  static tryOf(part: Part): Ipv6FragmentView | undefined {
    return part.has(8) ? new Ipv6FragmentView(part) : undefined;
  }

  get nextHeader(): number {
    return this.part.u8(0);
  }

  /** In bytes. */
  get fragmentOffset(): number {
    return this.part.u16(2) & 0xfff8;
  }

  get moreFragments(): boolean {
    return (this.part.u8(3) & 1) !== 0;
  }

  get identification(): number {
    return this.part.u32(4);
  }

  payload(): Part {
    return this.part.after(8);
  }
}
