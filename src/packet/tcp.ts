/** TCP headers and the walk over their options (RFC 9293, 3.1). */
import { type Part, View } from './part.ts';

/** The flags of byte 13. */
export const TCP_FLAGS = {
  FIN: 0x01,
  SYN: 0x02,
  RST: 0x04,
  PSH: 0x08,
  ACK: 0x10,
  URG: 0x20,
  ECE: 0x40,
  CWR: 0x80,
} as const;

export const TCP_OPTIONS = { EOL: 0, NOP: 1, MSS: 2, WSCALE: 3, SACK: 5, TIMESTAMP: 8 } as const;

/** One option: `data` is what follows its kind and length. */
export interface TcpOption {
  readonly kind: number;
  /** As the option says, its kind and length included; 1 for those that have no length. */
  readonly length: number;
  readonly data: Part;
}

export class TcpView extends View {
  static readonly minimumLength = 20;

  /** Undefined unless the fixed 20 bytes were captured. */
  static tryOf(part: Part): TcpView | undefined {
    return part.has(TcpView.minimumLength) ? new TcpView(part) : undefined;
  }

  get sourcePort(): number {
    return this.part.u16(0);
  }

  get destinationPort(): number {
    return this.part.u16(2);
  }

  get sequence(): number {
    return this.part.u32(4);
  }

  get acknowledgement(): number {
    return this.part.u32(8);
  }

  /** In bytes, options included; less than 20 is an error of the packet. */
  get headerLength(): number {
    return (this.part.u8(12) >> 4) * 4;
  }

  get flags(): number {
    return this.part.u8(13);
  }

  get window(): number {
    return this.part.u16(14);
  }

  get checksum(): number {
    return this.part.u16(16);
  }

  get urgentPointer(): number {
    return this.part.u16(18);
  }

  payload(): Part {
    return this.part.after(this.headerLength);
  }

  /** The bytes of the header after the first 20. */
  optionsPart(): Part {
    return this.part.limit(this.headerLength).after(TcpView.minimumLength);
  }
}

/**
 * The option at the start of `part`, or why there is none: 'truncated' when it was not captured whole, 'bad' when
 * its length is less than 2 or leads out of the header.
 */
export function tryTcpOption(part: Part): TcpOption | 'truncated' | 'bad' {
  if (!part.has(1)) return 'truncated';
  const kind = part.u8(0);
  if (kind === TCP_OPTIONS.EOL || kind === TCP_OPTIONS.NOP) return { kind, length: 1, data: part.limit(0) };
  if (part.length < 2) return 'bad';
  if (!part.has(2)) return 'truncated';
  const length = part.u8(1);
  if (length < 2 || length > part.length) return 'bad';
  if (!part.has(length)) return 'truncated';
  return { kind, length, data: part.limit(length).after(2) };
}
