/** How much of a piece of a capture file is whole records, so that a file whose write failed can be cut there. */

const PCAP_FILE_HEADER = 24;
const BLOCK_FRAME = 12;

/** Of pcapng blocks, in whichever byte order each is: the two lengths of a block say it. */
export function wholeBlocks(chunk: Uint8Array, length: number): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, length);
  let at = 0;
  while (at + BLOCK_FRAME <= length) {
    const size = blockLength(view, at, true) ?? blockLength(view, at, false);
    if (size === undefined) break;
    at += size;
  }
  return at;
}

function blockLength(view: DataView, at: number, littleEndian: boolean): number | undefined {
  const size = view.getUint32(at + 4, littleEndian);
  if (size < BLOCK_FRAME || size % 4 !== 0 || size > view.byteLength - at) return undefined;
  return view.getUint32(at + size - 4, littleEndian) === size ? size : undefined;
}

/**
 * Of pcap records.
 * @param headerLength of a record's header
 * @param first the chunk begins with the file's header
 */
export function wholePcapRecords(
  chunk: Uint8Array,
  length: number,
  first: boolean,
  littleEndian: boolean,
  headerLength: number,
): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, length);
  let at = first ? PCAP_FILE_HEADER : 0;
  if (at > length) return 0;
  while (at + headerLength <= length) {
    const next = at + headerLength + view.getUint32(at + 8, littleEndian);
    if (next > length) break;
    at = next;
  }
  return at;
}
