/** Logical Link Control with its SubNetwork Access Protocol (IEEE 802.2, 3.2 and 5.4; IEEE 802, 9.5). */
import { type Part, View } from './part.ts';

const SNAP_SAP = 0xaa;
/** The last two bits of a control field of one byte: an unnumbered frame. */
const UNNUMBERED = 3;

export class LlcView extends View {
  /** Undefined unless the addresses and the whole control field were captured. */
  static tryOf(part: Part): LlcView | undefined {
    if (!part.has(3)) return undefined;
    const view = new LlcView(part);
    return part.has(view.#controlEnd) ? view : undefined;
  }

  get destinationSap(): number {
    return this.part.u8(0);
  }

  get sourceSap(): number {
    return this.part.u8(1);
  }

  /** One byte of unnumbered frames; of the others two, the first of which is the lower. */
  get control(): number {
    return this.#controlEnd === 3 ? this.part.u8(2) : this.part.u8(2) | (this.part.u8(3) << 8);
  }

  /** In bytes, with the five of a SNAP header. */
  get headerLength(): number {
    return this.isSnap ? this.#controlEnd + 5 : this.#controlEnd;
  }

  get isSnap(): boolean {
    return this.destinationSap === SNAP_SAP && this.sourceSap === SNAP_SAP;
  }

  /** The organisation of a SNAP header: with 0, `protocol` is an EtherType. Undefined without one, or cut short. */
  get organization(): number | undefined {
    return this.isSnap && this.part.has(this.headerLength) ? this.part.u24(this.#controlEnd) : undefined;
  }

  /** Of a SNAP header. Undefined without one, or cut short. */
  get protocol(): number | undefined {
    return this.isSnap && this.part.has(this.headerLength) ? this.part.u16(this.#controlEnd + 3) : undefined;
  }

  get #controlEnd(): number {
    return (this.part.u8(2) & UNNUMBERED) === UNNUMBERED ? 3 : 4;
  }
}
