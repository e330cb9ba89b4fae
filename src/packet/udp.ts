/** UDP headers (RFC 768). */
import { type Part, View } from './part.ts';

export class UdpView extends View {
  static readonly headerLength = 8;

  static tryOf(part: Part): UdpView | undefined {
    return part.has(UdpView.headerLength) ? new UdpView(part) : undefined;
  }

  get sourcePort(): number {
    return this.part.u16(0);
  }

  get destinationPort(): number {
    return this.part.u16(2);
  }

  /** Of header and payload in bytes; less than 8 is an error of the packet. */
  get length(): number {
    return this.part.u16(4);
  }

  get checksum(): number {
    return this.part.u16(6);
  }

  payload(): Part {
    return this.part.limit(this.length).after(UdpView.headerLength);
  }
}
