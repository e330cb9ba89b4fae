/**
 * The text of a metadata stream: plain, or in packets of either byte order (CTF 1.8.3, section 7.1), whose headers are taken off. Checksums
 * are not checked; compressed and encrypted packets are refused.
 */
import { FormatError } from '../base/index.ts';

const METADATA_MAGIC = 0x75d11d57;
/** u32 magic, u8[16] uuid, u32 checksum, content_size, packet_size (bits), then seven u8. */
const HEADER_BYTES = 37;

/** @throws FormatError when a packet's sizes are wrong */
export function metadataText(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const order = bytes.length < 4 ? undefined : byteOrder(view, 0);
  const decoder = new TextDecoder();
  if (order === undefined) return decoder.decode(bytes);
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const left = bytes.length - at;
    if (left < HEADER_BYTES || byteOrder(view, at) !== order) {
      throw new FormatError(`metadata packet at byte ${at}: expected a header of ${HEADER_BYTES} bytes`, at);
    }
    const contentBytes = view.getUint32(at + 24, order) / 8;
    const packetBytes = view.getUint32(at + 28, order) / 8;
    if (
      contentBytes < HEADER_BYTES ||
      contentBytes > packetBytes ||
      packetBytes > left ||
      !Number.isInteger(contentBytes) ||
      !Number.isInteger(packetBytes)
    ) {
      const got = `content of ${contentBytes} and size of ${packetBytes} bytes`;
      throw new FormatError(
        `metadata packet at byte ${at}: got ${got}, expected ${HEADER_BYTES} to ${left}`,
        at,
      );
    }
    if (view.getUint8(at + 32) !== 0 || view.getUint8(at + 33) !== 0) {
      throw new FormatError(`metadata packet at byte ${at}: it is compressed or encrypted`, at);
    }
    text += decoder.decode(bytes.subarray(at + HEADER_BYTES, at + contentBytes), { stream: true });
    at += packetBytes;
  }
  return text + decoder.decode();
}

/** Whether a packet is little-endian; undefined when there is none. */
function byteOrder(view: DataView, at: number): boolean | undefined {
  if (view.getUint32(at, true) === METADATA_MAGIC) return true;
  return view.getUint32(at, false) === METADATA_MAGIC ? false : undefined;
}
