/**
 * Values to pcapng blocks, little-endian (draft-ietf-opsawg-pcapng, section 4). Every function gives one complete
 * block in a new array: header, options, opt_endofopt, trailing length. What a file needs besides (the section
 * first, an interface before its packets) is the caller's.
 */
import { BLOCKS, type BlockId, BYTE_ORDER_MAGIC } from './block-table.ts';
import { ByteWriter } from './byte-writer.ts';
import { encodeOptions } from './option-codec.ts';
import type { OptionValues } from './option-table.ts';

/** A Section Header Block, version 1.0, whose section length is "not known" (-1). */
export function encodeSectionHeader(options: OptionValues<'SHB'> = {}): Uint8Array {
  return encodeBlock('SHB', (writer) => {
    writer.u32(BYTE_ORDER_MAGIC);
    writer.u16(1);
    writer.u16(0);
    writer.u64(-1n);
    encodeOptions(writer, 'SHB', options);
  });
}

export interface InterfaceDescription {
  /** LINKTYPE_ value: 1 is Ethernet. */
  readonly linkType: number;
  /** The longest part of a packet that is kept, in bytes; 0 is no limit. */
  readonly snaplen: number;
  /** `if_tsresol` 9 is nanoseconds; without it timestamps are microseconds. `if_speed` is in bits a second. */
  readonly options?: OptionValues<'IDB'>;
}

/** An Interface Description Block. The first one of a section is interface 0. */
export function encodeInterfaceDescription(description: InterfaceDescription): Uint8Array {
  return encodeBlock('IDB', (writer) => {
    writer.u16(description.linkType);
    writer.u16(0);
    writer.u32(description.snaplen);
    encodeOptions(writer, 'IDB', description.options ?? {});
  });
}

export interface EnhancedPacket {
  readonly interfaceId: number;
  /** Since 1970, in the units of the interface (`if_tsresol`). */
  readonly timestamp: bigint;
  /** The captured bytes. */
  readonly data: Uint8Array;
  /** Length of the packet on the wire in bytes; the length of `data` when it is left out. */
  readonly originalLength?: number;
  readonly options?: OptionValues<'EPB'>;
}

/** An Enhanced Packet Block. */
export function encodeEnhancedPacket(packet: EnhancedPacket): Uint8Array {
  return encodeBlock('EPB', (writer) => {
    writer.u32(packet.interfaceId);
    writer.highLow(packet.timestamp);
    writer.u32(packet.data.length);
    writer.u32(packet.originalLength ?? packet.data.length);
    writer.bytes(packet.data);
    writer.padToWord();
    encodeOptions(writer, 'EPB', packet.options ?? {});
  });
}

export interface InterfaceStatistics {
  readonly interfaceId: number;
  /** When the counters were read: since 1970, in the units of the interface, as all times in the options. */
  readonly timestamp: bigint;
  readonly options?: OptionValues<'ISB'>;
}

/** An Interface Statistics Block. */
export function encodeInterfaceStatistics(statistics: InterfaceStatistics): Uint8Array {
  return encodeBlock('ISB', (writer) => {
    writer.u32(statistics.interfaceId);
    writer.highLow(statistics.timestamp);
    encodeOptions(writer, 'ISB', statistics.options ?? {});
  });
}

function encodeBlock(id: BlockId, body: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(BLOCKS[id].type);
  writer.u32(0);
  body(writer);
  const length = writer.length + 4;
  writer.patchU32(4, length);
  writer.u32(length);
  return writer.copyBytes();
}
