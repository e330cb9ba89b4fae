/**
 * The blocks that captures consist of, little-endian, made from few values: options as one object with their names.
 * Every function gives one complete block in a new array. Other blocks, and the other byte order: `encodeBlock`.
 */
import type { BlockOptions } from './block.ts';
import { encodeBlock } from './encode-block.ts';
import { listOptions } from './option-codec.ts';
import type { OptionBlock, OptionValues } from './option-table.ts';

/** A Section Header Block, version 1.0, whose section length is "not known" (-1). */
export function encodeSectionHeader(options: OptionValues<'SHB'> = {}): Uint8Array {
  return encodeBlock({
    type: 'SHB',
    majorVersion: 1,
    minorVersion: 0,
    sectionLength: -1n,
    options: allOptions('SHB', options),
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
  const { linkType, snaplen, options } = description;
  return encodeBlock({ type: 'IDB', linkType, reserved: 0, snaplen, options: allOptions('IDB', options) });
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
  const { interfaceId, timestamp, data, originalLength = data.length } = packet;
  const options = allOptions('EPB', packet.options);
  return encodeBlock({ type: 'EPB', interfaceId, timestamp, originalLength, data, options });
}

export interface InterfaceStatistics {
  readonly interfaceId: number;
  /** When the counters were read: since 1970, in the units of the interface, as all times in the options. */
  readonly timestamp: bigint;
  readonly options?: OptionValues<'ISB'>;
}

/** An Interface Statistics Block. */
export function encodeInterfaceStatistics(statistics: InterfaceStatistics): Uint8Array {
  const { interfaceId, timestamp, options } = statistics;
  return encodeBlock({ type: 'ISB', interfaceId, timestamp, options: allOptions('ISB', options) });
}

function allOptions<Block extends OptionBlock>(block: Block, options?: OptionValues<Block>): BlockOptions {
  return { list: listOptions(block, options ?? ({} as OptionValues<Block>)), ended: true };
}
