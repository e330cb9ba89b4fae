/** Linux "cooked" captures: LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2, of libpcap's own making. */
import { type Part, View } from './part.ts';

/** What both forms say, each at its own place. */
abstract class CookedView extends View {
  /** 0 to us, 1 broadcast, 2 multicast, 3 to somebody else, 4 from us. */
  abstract get packetType(): number;
  /** ARPHRD_ value of the interface: it tells what `protocol` means. */
  abstract get hardwareType(): number;
  /** An EtherType, or one of Linux's own numbers below 0x600. */
  abstract get protocol(): number;
  abstract payload(): Part;
}

export class LinuxSllView extends CookedView {
  static readonly headerLength = 16;

  static tryOf(part: Part): LinuxSllView | undefined {
    return part.has(LinuxSllView.headerLength) ? new LinuxSllView(part) : undefined;
  }

  get packetType(): number {
    return this.part.u16(0);
  }

  get hardwareType(): number {
    return this.part.u16(2);
  }

  get protocol(): number {
    return this.part.u16(14);
  }

  payload(): Part {
    return this.part.after(LinuxSllView.headerLength);
  }
}

export class LinuxSll2View extends CookedView {
  static readonly headerLength = 20;

  static tryOf(part: Part): LinuxSll2View | undefined {
    return part.has(LinuxSll2View.headerLength) ? new LinuxSll2View(part) : undefined;
  }

  get packetType(): number {
    return this.part.u8(10);
  }

  get hardwareType(): number {
    return this.part.u16(8);
  }

  get interfaceIndex(): number {
    return this.part.u32(4);
  }

  get protocol(): number {
    return this.part.u16(0);
  }

  payload(): Part {
    return this.part.after(LinuxSll2View.headerLength);
  }
}
