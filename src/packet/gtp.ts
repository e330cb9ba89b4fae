/** GTP version 1, user plane (3GPP TS 29.281, section 5): the header with its optional words and extension headers. */
import { type Part, View } from './part.ts';

/** The UDP port of GTP-U. */
export const GTP_USER_PORT = 2152;
/** The message that carries a user's packet. */
export const GTP_G_PDU = 255;

const HAS_EXTENSION = 0x04;
const HAS_SEQUENCE = 0x02;
const HAS_N_PDU = 0x01;
/** Sequence number u16, N-PDU number u8, next extension header type u8: all there when one flag is set. */
const OPTIONAL_LENGTH = 4;

export class GtpView extends View {
  static readonly minimumLength = 8;

  /** Undefined unless the fixed 8 bytes were captured. */
  static tryOf(part: Part): GtpView | undefined {
    return part.has(GtpView.minimumLength) ? new GtpView(part) : undefined;
  }

  get version(): number {
    return this.part.u8(0) >> 5;
  }

  /** True for GTP, false for the charging protocol GTP'. */
  get isGtp(): boolean {
    return (this.part.u8(0) & 0x10) !== 0;
  }

  get flags(): number {
    return this.part.u8(0);
  }

  get messageType(): number {
    return this.part.u8(1);
  }

  /** Bytes after the first 8. */
  get payloadLength(): number {
    return this.part.u16(2);
  }

  get teid(): number {
    return this.part.u32(4);
  }

  get sequence(): number | undefined {
    return this.flags & HAS_SEQUENCE && this.part.has(10) ? this.part.u16(8) : undefined;
  }

  /**
   * In bytes, with the optional word and all extension headers; undefined when they were not all captured, or one of
   * them has no length.
   */
  tryHeaderLength(): number | undefined {
    if ((this.flags & (HAS_EXTENSION | HAS_SEQUENCE | HAS_N_PDU)) === 0) return GtpView.minimumLength;
    let at = GtpView.minimumLength + OPTIONAL_LENGTH;
    if (!this.part.has(at)) return undefined;
    let next = this.flags & HAS_EXTENSION ? this.part.u8(at - 1) : 0;
    while (next !== 0) {
      if (!this.part.has(at + 1)) return undefined;
      const length = this.part.u8(at) * 4;
      if (length === 0 || !this.part.has(at + length)) return undefined;
      next = this.part.u8(at + length - 1);
      at += length;
    }
    return at;
  }
}
