/** SCTP: the common header and the headers of the chunks (RFC 9260, section 3). */
import { type Part, View } from './part.ts';

/** The names of the chunk types, as in the specification. */
export const SCTP_CHUNK_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'DATA'],
  [1, 'INIT'],
  [2, 'INIT ACK'],
  [3, 'SACK'],
  [4, 'HB REQ'],
  [5, 'HB ACK'],
  [6, 'ABORT'],
  [7, 'SHUTDOWN'],
  [8, 'SHUTDOWN ACK'],
  [9, 'OP ERR'],
  [10, 'COOKIE ECHO'],
  [11, 'COOKIE ACK'],
  [12, 'ECN ECHO'],
  [13, 'CWR'],
  [14, 'SHUTDOWN COMPLETE'],
]);

export class SctpView extends View {
  static readonly headerLength = 12;

  static tryOf(part: Part): SctpView | undefined {
    return part.has(SctpView.headerLength) ? new SctpView(part) : undefined;
  }

  get sourcePort(): number {
    return this.part.u16(0);
  }

  get destinationPort(): number {
    return this.part.u16(2);
  }

  get verificationTag(): number {
    return this.part.u32(4);
  }

  /** The first chunk and all that follow. */
  payload(): Part {
    return this.part.after(SctpView.headerLength);
  }
}

export class SctpChunkView extends View {
  static readonly headerLength = 4;

  static tryOf(part: Part): SctpChunkView | undefined {
    return part.has(SctpChunkView.headerLength) ? new SctpChunkView(part) : undefined;
  }

  get type(): number {
    return this.part.u8(0);
  }

  get flags(): number {
    return this.part.u8(1);
  }

  /** Of header and value in bytes, without padding; less than 4 is an error of the packet. */
  get length(): number {
    return this.part.u16(2);
  }

  /** The next chunk: after this one and its padding to a multiple of 4. */
  following(): Part {
    return this.part.after(this.length + (-this.length & 3));
  }
}
