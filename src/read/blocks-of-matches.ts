/**
 * Packets of a pcap file that a walk has listed, as Enhanced Packet Blocks: made where they are gathered, without an object
 * a packet. The interface keeps the unit of the file's times, so that these are only put together.
 */
import { type CaptureWalker, match } from '../bpf/classic.ts';

const EPB_TYPE = 6;
const EPB_FRAME = 32;
const EPB_DATA = 28;
/** Both words of a time, in the order that pcapng has them. */
const TIME_HIGH = match.time + 4;

/**
 * Blocks of the matches from `first` on, little-endian, of interface 0, in `into`: as many as have room.
 * @returns the bytes written, and the first match that is not among them
 */
export function writeBlocksOfMatches(
  walker: CaptureWalker,
  first: number,
  into: Uint8Array,
): { readonly length: number; readonly next: number } {
  const { bytes, view, listed } = walker;
  const out = new DataView(into.buffer, into.byteOffset, into.length);
  let at = 0;
  let index = first;
  for (; index < listed; index++) {
    const row = walker.matchAt(index);
    const captured = view.getUint32(row + match.capturedLength, true);
    const length = EPB_FRAME + captured + (-captured & 3);
    if (at + length > into.length) break;
    const data = view.getUint32(row + match.data, true);
    // The padding first: what is there is of packets before. Of a packet without bytes it is the original length's place.
    out.setUint32(at + length - 8, 0, true);
    out.setUint32(at, EPB_TYPE, true);
    out.setUint32(at + 4, length, true);
    out.setUint32(at + 8, 0, true);
    out.setUint32(at + 12, view.getUint32(row + TIME_HIGH, true), true);
    out.setUint32(at + 16, view.getUint32(row + match.time, true), true);
    out.setUint32(at + 20, captured, true);
    out.setUint32(at + 24, view.getUint32(row + match.originalLength, true), true);
    if (captured > SHORT_BYTES) into.set(bytes.subarray(data, data + captured), at + EPB_DATA);
    else copyWords(view, data, captured, out, at + EPB_DATA);
    out.setUint32(at + length - 4, length, true);
    at += length;
  }
  return { length: at, next: index };
}

/** A loop beats `set` while packets are short: no view has to be made. */
const SHORT_BYTES = 256;

function copyWords(from: DataView, start: number, length: number, into: DataView, at: number): void {
  const words = length & ~3;
  for (let i = 0; i < words; i += 4) into.setUint32(at + i, from.getUint32(start + i, true), true);
  for (let i = words; i < length; i++) into.setUint8(at + i, from.getUint8(start + i));
}
