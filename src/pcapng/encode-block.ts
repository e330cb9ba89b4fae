/** Blocks as values to bytes, in either byte order (draft-ietf-opsawg-pcapng, section 4). */
import type { Block, BlockOptions, NameResolutionBlock } from './block.ts';
import { BLOCKS, BYTE_ORDER_MAGIC } from './block-table.ts';
import { ByteWriter } from './byte-writer.ts';
import { NRB_RECORD_END } from './name-records.ts';
import { encodeEndOfOptions, encodeOptions } from './option-codec.ts';
import type { OptionBlock } from './option-table.ts';

/**
 * One complete block in a new array: header, body, options, trailing length. The byte order is that of the section in
 * which it will stand. What a file needs besides (the section first, an interface before its packets) is the caller's.
 * @throws RangeError for a value that its place cannot hold: a defect of the caller
 */
export function encodeBlock(block: Block, littleEndian = true): Uint8Array {
  const writer = new ByteWriter(littleEndian);
  writer.u32(block.type === 'unknown' ? block.blockType : BLOCKS[block.type].type);
  writer.u32(0);
  encodeBody(writer, block);
  writer.padToWord();
  const length = writer.length + 4;
  writer.patchU32(4, length);
  writer.u32(length);
  return writer.copyBytes();
}

function encodeBody(writer: ByteWriter, block: Block): void {
  switch (block.type) {
    case 'SHB':
      writer.u32(BYTE_ORDER_MAGIC);
      writer.u16(block.majorVersion);
      writer.u16(block.minorVersion);
      writer.u64(block.sectionLength);
      encodeTail(writer, 'SHB', block.options);
      break;
    case 'IDB':
      writer.u16(block.linkType);
      writer.u16(block.reserved);
      writer.u32(block.snaplen);
      encodeTail(writer, 'IDB', block.options);
      break;
    case 'EPB':
      writer.u32(block.interfaceId);
      encodePacket(writer, 'EPB', block);
      break;
    case 'PB':
      writer.u16(block.interfaceId);
      writer.u16(block.dropsCount);
      encodePacket(writer, 'PB', block);
      break;
    case 'SPB':
      writer.u32(block.originalLength);
      writer.bytes(block.data);
      break;
    case 'NRB':
      encodeNames(writer, block);
      encodeTail(writer, 'NRB', block.options);
      break;
    case 'ISB':
      writer.u32(block.interfaceId);
      writer.highLow(block.timestamp);
      encodeTail(writer, 'ISB', block.options);
      break;
    case 'SJE':
      writer.bytes(block.entry);
      break;
    case 'DSB':
      writer.u32(block.secretsType);
      writer.u32(block.data.length);
      writer.bytes(block.data);
      writer.padToWord();
      encodeTail(writer, 'DSB', block.options);
      break;
    case 'CB':
    case 'DCB':
      writer.u32(block.pen);
      writer.bytes(block.body);
      break;
    case 'unknown':
      writer.bytes(block.body);
      break;
  }
}

interface PacketBody {
  readonly timestamp: bigint;
  readonly originalLength: number;
  readonly data: Uint8Array;
  readonly options: BlockOptions;
}

function encodePacket(writer: ByteWriter, type: 'EPB' | 'PB', packet: PacketBody): void {
  writer.highLow(packet.timestamp);
  writer.u32(packet.data.length);
  writer.u32(packet.originalLength);
  writer.bytes(packet.data);
  writer.padToWord();
  encodeTail(writer, type, packet.options);
}

function encodeNames(writer: ByteWriter, block: NameResolutionBlock): void {
  for (const { type, value } of block.records) {
    writer.u16(type);
    writer.u16(value.length);
    writer.bytes(value);
    writer.padToWord();
  }
  if (!block.ended) return;
  writer.u16(NRB_RECORD_END);
  writer.u16(0);
}

function encodeTail(writer: ByteWriter, type: OptionBlock, options: BlockOptions): void {
  encodeOptions(writer, type, options.list);
  if (options.ended) encodeEndOfOptions(writer);
}
