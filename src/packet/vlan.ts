/** VLAN tags: 802.1Q, 802.1ad and the numbers that were used before it (IEEE 802.1Q, 9.6). */
import { ETHERTYPES } from './ethernet.ts';
import { type Part, View } from './part.ts';

const TAG_TYPES: readonly number[] = [
  ETHERTYPES.VLAN,
  ETHERTYPES.QinQ,
  ETHERTYPES.QinQ9100,
  ETHERTYPES.QinQ9200,
];

/** Whether a VLAN tag follows this EtherType. */
export function isVlanType(etherType: number): boolean {
  return TAG_TYPES.includes(etherType);
}

/** What follows the tag's EtherType: the tag control information, then the next EtherType. */
export class VlanView extends View {
  static tryOf(part: Part): VlanView | undefined {
    return part.has(4) ? new VlanView(part) : undefined;
  }

  get id(): number {
    return this.part.u16(0) & 0xfff;
  }

  /** 802.1p, 0 to 7. */
  get priority(): number {
    return this.part.u8(0) >> 5;
  }

  get dropEligible(): boolean {
    return (this.part.u8(0) & 0x10) !== 0;
  }

  get etherType(): number {
    return this.part.u16(2);
  }

  payload(): Part {
    return this.part.after(4);
  }
}
