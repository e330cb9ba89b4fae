/**
 * The two file formats a capture is written in, as what the writer needs of them: packets in, bytes out. pcapng
 * takes the rings' blocks as they are; pcap has neither interfaces nor options, so that its records are made anew.
 */
import { EpbCursor, encodePcapFileHeader, transcodeToPcap } from '../pcapng/index.ts';

const LINKTYPE_ETHERNET = 1;
const PCAP_FILE_HEADER = 24;
const PCAP_RECORD_HEADER = 16;
/** Where an Enhanced Packet Block holds its interface. */
const EPB_INTERFACE = 8;

export interface CaptureFormat {
  /** True when blocks about interfaces and sections have a place in the file. */
  readonly describes: boolean;
  /** What stands before everything else. */
  header(snaplen: number): Uint8Array;
  /**
   * Enhanced Packet Blocks as they stand in the file: the blocks themselves, or memory that the next call reuses.
   * @param fileIds the file's interface for each of the blocks' interfaces; undefined when they are the same
   */
  encode(blocks: Uint8Array, fileIds: readonly number[] | undefined): Uint8Array;
  /** Bytes in the file of the packet that the cursor is at; never more than its block's. */
  packetBytes(cursor: EpbCursor): number;
  /** See OutputStreamOptions.wholeBytes. */
  wholeBytes(chunk: Uint8Array, length: number, first: boolean): number;
}

export function createPcapngFormat(): CaptureFormat {
  let scratch = new Uint8Array(0);
  const cursor = new EpbCursor();
  return {
    describes: true,
    header: () => new Uint8Array(0),
    encode(blocks, fileIds) {
      if (fileIds === undefined) return blocks;
      if (scratch.length < blocks.length) scratch = new Uint8Array(blocks.length);
      const copy = scratch.subarray(0, blocks.length);
      copy.set(blocks);
      const view = new DataView(copy.buffer, copy.byteOffset, copy.length);
      cursor.reset(copy);
      while (cursor.next()) {
        view.setUint32(cursor.offset + EPB_INTERFACE, fileIds[cursor.interfaceId] ?? 0, true);
      }
      return copy;
    },
    packetBytes: (at) => at.blockLength,
    wholeBytes: (chunk, length) => walk(chunk, 0, length, 4, 0),
  };
}

export function createPcapFormat(): CaptureFormat {
  let scratch = new Uint8Array(0);
  return {
    describes: false,
    header: (snaplen) => encodePcapFileHeader(LINKTYPE_ETHERNET, snaplen),
    encode(blocks) {
      if (scratch.length < blocks.length) scratch = new Uint8Array(blocks.length);
      return scratch.subarray(0, transcodeToPcap(blocks, scratch));
    },
    packetBytes: (at) => PCAP_RECORD_HEADER + at.capturedLength,
    wholeBytes(chunk, length, first) {
      const start = first ? PCAP_FILE_HEADER : 0;
      return length < start ? 0 : walk(chunk, start, length, 8, PCAP_RECORD_HEADER);
    },
  };
}

/** The end of the last whole record: each is `extra` bytes longer than the u32 at `lengthAt` in it says. */
function walk(chunk: Uint8Array, start: number, end: number, lengthAt: number, extra: number): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  let at = start;
  while (at + lengthAt + 4 <= end) {
    const next = at + view.getUint32(at + lengthAt, true) + extra;
    if (next > end || next === at) break;
    at = next;
  }
  return at;
}
