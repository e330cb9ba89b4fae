/**
 * pcapng blocks as values, one type of object for each type of block: everything that a block says, and nothing that it
 * does not, so that `encodeBlock` makes the same bytes of what `decodeBlock` has read. Fields are named and ordered as
 * in draft-ietf-opsawg-pcapng, section 4. Times are counts of the interface's units (`if_tsresol`).
 */
import type { BlockOption } from './option-codec.ts';

/** The options of a block in file order, and whether opt_endofopt ends them. */
export interface BlockOptions {
  readonly list: readonly BlockOption[];
  readonly ended: boolean;
}

interface SectionHeaderBlock {
  readonly type: 'SHB';
  readonly majorVersion: number;
  readonly minorVersion: number;
  /** In bytes, without this block; -1 when the file does not say. */
  readonly sectionLength: bigint;
  readonly options: BlockOptions;
}

interface InterfaceDescriptionBlock {
  readonly type: 'IDB';
  /** LINKTYPE_ value. */
  readonly linkType: number;
  readonly reserved: number;
  /** 0 is no limit. */
  readonly snaplen: number;
  readonly options: BlockOptions;
}

interface EnhancedPacketBlock {
  readonly type: 'EPB';
  readonly interfaceId: number;
  readonly timestamp: bigint;
  readonly originalLength: number;
  /** The captured bytes, without padding. */
  readonly data: Uint8Array;
  readonly options: BlockOptions;
}

/** Obsolete. */
interface PacketBlock {
  readonly type: 'PB';
  /** 16 bits. */
  readonly interfaceId: number;
  /** 0xffff when it is not known. */
  readonly dropsCount: number;
  readonly timestamp: bigint;
  readonly originalLength: number;
  readonly data: Uint8Array;
  readonly options: BlockOptions;
}

interface SimplePacketBlock {
  readonly type: 'SPB';
  readonly originalLength: number;
  /** With its padding to a multiple of 4: the block does not say how many bytes were captured. */
  readonly data: Uint8Array;
}

export interface NameRecord {
  /** 1 is an IPv4 address and its names, 2 an IPv6 address and its names. */
  readonly type: number;
  /** The address and the zero-terminated names, without padding. */
  readonly value: Uint8Array;
}

export interface NameResolutionBlock {
  readonly type: 'NRB';
  readonly records: readonly NameRecord[];
  /** Whether nrb_record_end follows the records. */
  readonly ended: boolean;
  readonly options: BlockOptions;
}

interface InterfaceStatisticsBlock {
  readonly type: 'ISB';
  readonly interfaceId: number;
  readonly timestamp: bigint;
  readonly options: BlockOptions;
}

/** An entry of the systemd journal in its export format, with its padding. */
interface JournalExportBlock {
  readonly type: 'SJE';
  readonly entry: Uint8Array;
}

interface DecryptionSecretsBlock {
  readonly type: 'DSB';
  /** 0x544c534b is a TLS key log. */
  readonly secretsType: number;
  readonly data: Uint8Array;
  readonly options: BlockOptions;
}

/** CB may be copied into other files, DCB not. What follows the number is known to its owner only. */
interface CustomBlock {
  readonly type: 'CB' | 'DCB';
  /** Private Enterprise Number. */
  readonly pen: number;
  readonly body: Uint8Array;
}

/** Of a type that the specification does not name. Its body is in the byte order in which it was read. */
interface UnknownBlock {
  readonly type: 'unknown';
  readonly blockType: number;
  readonly body: Uint8Array;
}

export type Block =
  | SectionHeaderBlock
  | InterfaceDescriptionBlock
  | EnhancedPacketBlock
  | PacketBlock
  | SimplePacketBlock
  | NameResolutionBlock
  | InterfaceStatisticsBlock
  | JournalExportBlock
  | DecryptionSecretsBlock
  | CustomBlock
  | UnknownBlock;
