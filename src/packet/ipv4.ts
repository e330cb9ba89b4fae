/** IPv4 headers (RFC 791, 3.1). */
import { type Part, View } from './part.ts';

export class Ipv4View extends View {
  static readonly minimumLength = 20;

  /** Undefined unless the fixed 20 bytes were captured; the lengths and the version are not checked. */
  static tryOf(part: Part): Ipv4View | undefined {
    return part.has(Ipv4View.minimumLength) ? new Ipv4View(part) : undefined;
  }

  get version(): number {
    return this.part.u8(0) >> 4;
  }

  /** In bytes, options included: 0 to 60; less than 20 is an error of the packet. */
  get headerLength(): number {
    return (this.part.u8(0) & 0xf) * 4;
  }

  get trafficClass(): number {
    return this.part.u8(1);
  }

  /** Of header and payload in bytes. */
  get totalLength(): number {
    return this.part.u16(2);
  }

  get identification(): number {
    return this.part.u16(4);
  }

  get dontFragment(): boolean {
    return (this.part.u8(6) & 0x40) !== 0;
  }

  get moreFragments(): boolean {
    return (this.part.u8(6) & 0x20) !== 0;
  }

  /** In bytes. */
  get fragmentOffset(): number {
    return (this.part.u16(6) & 0x1fff) * 8;
  }

  get ttl(): number {
    return this.part.u8(8);
  }

  get protocol(): number {
    return this.part.u8(9);
  }

  get checksum(): number {
    return this.part.u16(10);
  }

  borrowSource(): Uint8Array {
    return this.part.borrow(12, 4);
  }

  borrowDestination(): Uint8Array {
    return this.part.borrow(16, 4);
  }

  /** What follows the header, as long as the header says. */
  payload(): Part {
    return this.part.limit(this.totalLength).after(this.headerLength);
  }
}
