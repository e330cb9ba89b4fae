/**
 * What the capture reader gives: one plain object for each thing in a file, told apart by `type`. A pcap file
 * gives one 'interface', then packets. Byte arrays named `data` and `body` are borrowed: they are valid until the
 * next call of `read` or `push`. Everything else is a copy.
 */
import type { DecodedOptions } from './option-table.ts';

export interface CaptureInterface {
  /** Counted from 0 over the whole file; in a file of one section, the interface id. */
  readonly index: number;
  /** The interface id in its section, as packets name it. */
  readonly id: number;
  /** LINKTYPE_ value: 1 is Ethernet. */
  readonly linkType: number;
  /** 0 is no limit. */
  readonly snaplen: number;
  /** Timestamp unit: 10^-n seconds, or 2^-n with the top bit set. */
  readonly tsresol: number;
  readonly name: string | undefined;
  readonly options: DecodedOptions<'IDB'>;
}

interface RecordBase {
  /** Where the record starts in the file. */
  readonly offset: number;
}

interface SectionRecord extends RecordBase {
  readonly type: 'section';
  readonly littleEndian: boolean;
  /** In bytes, without the Section Header Block; undefined when the file does not say. */
  readonly sectionLength: bigint | undefined;
  readonly options: DecodedOptions<'SHB'>;
}

interface InterfaceRecord extends RecordBase {
  readonly type: 'interface';
  readonly interface: CaptureInterface;
}

export interface PacketRecord extends RecordBase {
  readonly type: 'packet';
  readonly interface: CaptureInterface;
  readonly linkType: number;
  /** Since 1970; undefined in a Simple Packet Block, which has no time. */
  readonly timestampNs: bigint | undefined;
  readonly capturedLength: number;
  readonly originalLength: number;
  /** Borrowed: valid until the next `read` or `push`. */
  readonly data: Uint8Array;
  /** Of an Enhanced Packet Block; those of the obsolete Packet Block under the same names. */
  readonly options: DecodedOptions<'EPB'>;
}

interface StatisticsRecord extends RecordBase {
  readonly type: 'statistics';
  readonly interface: CaptureInterface;
  readonly timestampNs: bigint;
  /** `isb_starttime` and `isb_endtime` are in the interface's units, as they are in the file. */
  readonly options: DecodedOptions<'ISB'>;
}

export interface NamesRecord extends RecordBase {
  readonly type: 'names';
  /** An IPv4 (4 bytes) or IPv6 (16 bytes) address and the names it has. */
  readonly entries: readonly { readonly address: Uint8Array; readonly names: readonly string[] }[];
  readonly options: DecodedOptions<'NRB'>;
}

/** What is needed to decrypt packets, as a Decryption Secrets Block has it. */
interface SecretsRecord extends RecordBase {
  readonly type: 'secrets';
  /** 0x544c534b is a TLS key log, 0x57474b4c a WireGuard key log; see the specification for others. */
  readonly secretsType: number;
  /** Borrowed, without padding. */
  readonly data: Uint8Array;
  readonly options: DecodedOptions<'DSB'>;
}

/** A Custom Block. Where its data ends and its options begin is known to its owner only. */
interface CustomRecord extends RecordBase {
  readonly type: 'custom';
  /** Private Enterprise Number of the owner (IANA). */
  readonly pen: number;
  /** Whether it may go along into a file that is made of this one and others. */
  readonly isCopyable: boolean;
  /** Borrowed: what follows the number. */
  readonly body: Uint8Array;
  readonly littleEndian: boolean;
}

/** A block that is kept as it is: private, or a type that the reader does not take apart. */
interface UnknownRecord extends RecordBase {
  readonly type: 'unknown';
  readonly blockType: number;
  /** Borrowed: what stands between the two lengths of the block. */
  readonly body: Uint8Array;
  readonly littleEndian: boolean;
}

export type CaptureRecord =
  | SectionRecord
  | InterfaceRecord
  | PacketRecord
  | StatisticsRecord
  | NamesRecord
  | SecretsRecord
  | CustomRecord
  | UnknownRecord;
