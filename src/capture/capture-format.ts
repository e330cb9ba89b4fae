/**
 * The two file formats a capture is written in, as what the writer needs of them: packets in, bytes out. pcapng
 * takes the rings' blocks as they are; pcap has neither interfaces nor options, so that its records are made anew.
 */
import { EpbCursor, encodePcapFileHeader, transcodeToPcap } from '../pcapng/index.ts';

const LINKTYPE_ETHERNET = 1;
const PCAP_FILE_HEADER = 24;
const PCAP_RECORD_HEADER = 16;
const EPB_TYPE = 6;
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
  /**
   * Calls `visit` for each packet in whole records, with its interface in the file where the format knows it.
   * @param first the records begin the file
   */
  visitPackets(records: Uint8Array, first: boolean, visit: (interfaceId: number | undefined) => void): void;
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
    wholeBytes: (chunk, length) => walk(chunk, 0, length, BLOCK),
    visitPackets(records, _first, visit) {
      walk(records, 0, records.length, BLOCK, (view, at) => {
        if (view.getUint32(at, true) === EPB_TYPE) visit(view.getUint32(at + EPB_INTERFACE, true));
      });
    },
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
      return length < start ? 0 : walk(chunk, start, length, RECORD);
    },
    visitPackets(records, first, visit) {
      walk(records, first ? PCAP_FILE_HEADER : 0, records.length, RECORD, () => visit(undefined));
    },
  };
}

/** Where a record holds its length, and what that does not count. */
interface RecordShape {
  readonly lengthAt: number;
  readonly extra: number;
}

const BLOCK: RecordShape = { lengthAt: 4, extra: 0 };
const RECORD: RecordShape = { lengthAt: 8, extra: PCAP_RECORD_HEADER };

/** The end of the last record that is whole, of those between `start` and `end`. */
function walk(
  chunk: Uint8Array,
  start: number,
  end: number,
  { lengthAt, extra }: RecordShape,
  visit?: (view: DataView, at: number) => void,
): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  let at = start;
  while (at + lengthAt + 4 <= end) {
    const next = at + view.getUint32(at + lengthAt, true) + extra;
    if (next > end || next < at + lengthAt + 4) break;
    visit?.(view, at);
    at = next;
  }
  return at;
}
