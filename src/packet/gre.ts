/** GRE, version 0 (RFC 2784, RFC 2890). */
import { type Part, View } from './part.ts';

const CHECKSUM_PRESENT = 0x8000;
const KEY_PRESENT = 0x2000;
const SEQUENCE_PRESENT = 0x1000;

export class GreView extends View {
  /** Undefined unless the header with all its optional fields was captured. */
  static tryOf(part: Part): GreView | undefined {
    if (!part.has(4)) return undefined;
    const view = new GreView(part);
    return part.has(view.headerLength) ? view : undefined;
  }

  get version(): number {
    return this.part.u16(0) & 7;
  }

  /** An EtherType. */
  get protocol(): number {
    return this.part.u16(2);
  }

  get headerLength(): number {
    return (
      4 + this.#checksumLength + (this.#has(KEY_PRESENT) ? 4 : 0) + (this.#has(SEQUENCE_PRESENT) ? 4 : 0)
    );
  }

  get checksum(): number | undefined {
    return this.#has(CHECKSUM_PRESENT) ? this.part.u16(4) : undefined;
  }

  /** Of the routing information, when a checksum is there; reserved since RFC 2784. */
  get offset(): number | undefined {
    return this.#has(CHECKSUM_PRESENT) ? this.part.u16(6) : undefined;
  }

  get key(): number | undefined {
    return this.#has(KEY_PRESENT) ? this.part.u32(4 + this.#checksumLength) : undefined;
  }

  get sequence(): number | undefined {
    return this.#has(SEQUENCE_PRESENT) ? this.part.u32(this.headerLength - 4) : undefined;
  }

  payload(): Part {
    return this.part.after(this.headerLength);
  }

  get #checksumLength(): number {
    return this.#has(CHECKSUM_PRESENT) ? 4 : 0;
  }

  #has(flag: number): boolean {
    return (this.part.u16(0) & flag) !== 0;
  }
}
