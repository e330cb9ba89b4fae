/**
 * One packet as a finished pcapng Enhanced Packet Block, written in place with the options in the order in which
 * the agent writes them: epb_flags, epb_queue, [epb_hash], [epb_dropcount], [opt_comment], epb_packetid,
 * opt_endofopt (draft-ietf-opsawg-pcapng, 4.3). src/pcapng has the general encoder; this one allocates nothing.
 */
const HEADER_BYTES = 28;
/** epb_flags, epb_queue, epb_packetid, opt_endofopt and the length again. */
const FIXED_TRAILER_BYTES = 8 + 8 + 12 + 4 + 4;

export interface PacketHash {
  /** The algorithm's number in epb_hash: 5 is Toeplitz. */
  readonly algorithm: number;
  readonly value: number;
}

export interface Block {
  interfaceId: number;
  timestampHigh: number;
  timestampLow: number;
  /** Its first `capturedLength` bytes are written. */
  data: Uint8Array;
  capturedLength: number;
  originalLength: number;
  /** 1 in, 2 out, as in epb_flags. */
  direction: number;
  queue: number;
  hash: PacketHash | undefined;
  /** Packets lost since the one before; 0 for none. */
  lost: number;
  comment: Uint8Array | undefined;
  packetIdHigh: number;
  packetIdLow: number;
}

export function blockLength({ capturedLength, hash, lost, comment }: Block): number {
  return (
    HEADER_BYTES +
    pad(capturedLength) +
    FIXED_TRAILER_BYTES +
    (hash === undefined ? 0 : 12) +
    (lost === 0 ? 0 : 12) +
    (comment === undefined ? 0 : 4 + pad(comment.length))
  );
}

/** Writes blockLength() bytes at `start`, over whatever stands there. */
export function writeBlock(bytes: Uint8Array, view: DataView, start: number, block: Block): void {
  const length = blockLength(block);
  view.setUint32(start, 6, true);
  view.setUint32(start + 4, length, true);
  view.setUint32(start + 8, block.interfaceId, true);
  view.setUint32(start + 12, block.timestampHigh, true);
  view.setUint32(start + 16, block.timestampLow, true);
  view.setUint32(start + 20, block.capturedLength, true);
  view.setUint32(start + 24, block.originalLength, true);
  let at = start + HEADER_BYTES;
  const { data, capturedLength } = block;
  bytes.set(data.length === capturedLength ? data : data.subarray(0, capturedLength), at);
  bytes.fill(0, at + capturedLength, at + pad(capturedLength));
  at += pad(capturedLength);
  at = writeOption(view, at, 2, 4, block.direction);
  at = writeOption(view, at, 6, 4, block.queue);
  if (block.hash !== undefined) {
    at = writeOption(view, at, 3, 5, block.hash.algorithm | (block.hash.value << 8));
    view.setUint32(at, block.hash.value >>> 24, true);
    at += 4;
  }
  if (block.lost !== 0) {
    at = writeOption(view, at, 4, 8, block.lost);
    view.setUint32(at, Math.floor(block.lost / 0x1_0000_0000), true);
    at += 4;
  }
  if (block.comment !== undefined) {
    view.setUint32(at, 1 | (block.comment.length << 16), true);
    at += 4;
    bytes.set(block.comment, at);
    bytes.fill(0, at + block.comment.length, at + pad(block.comment.length));
    at += pad(block.comment.length);
  }
  at = writeOption(view, at, 5, 8, block.packetIdLow);
  view.setUint32(at, block.packetIdHigh, true);
  view.setUint32(at + 4, 0, true);
  view.setUint32(at + 8, length, true);
}

/** An option's head and its first four bytes. */
function writeOption(view: DataView, at: number, code: number, length: number, first: number): number {
  view.setUint32(at, code | (length << 16), true);
  view.setUint32(at + 4, first, true);
  return at + 8;
}

function pad(length: number): number {
  return (length + 3) & ~3;
}
