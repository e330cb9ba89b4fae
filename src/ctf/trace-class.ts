/**
 * What metadata says of a trace, in one model for both versions: CTF 1.8 (TSDL) and CTF 2 (JSON). Lengths, sizes and alignments are in
 * bits unless their name says otherwise. Classes may be shared (by aliases): they form a graph without cycles.
 */

/** The six structures of a packet and its events, in the order in which they lie in a stream. */
export type ScopeName =
  | 'packet-header'
  | 'packet-context'
  | 'event-record-header'
  | 'event-record-common-context'
  | 'event-record-specific-context'
  | 'event-record-payload';

export const SCOPES: readonly ScopeName[] = [
  'packet-header',
  'packet-context',
  'event-record-header',
  'event-record-common-context',
  'event-record-specific-context',
  'event-record-payload',
];

/** What an integer (or a blob) is for, in CTF 2's words. Names that CTF 1.8 reserves become roles when it is parsed. */
export type Role =
  | 'packet-magic-number'
  | 'metadata-stream-uuid'
  | 'data-stream-class-id'
  | 'data-stream-id'
  | 'packet-total-length'
  | 'packet-content-length'
  | 'packet-sequence-number'
  | 'packet-end-default-clock-timestamp'
  | 'default-clock-timestamp'
  | 'discarded-event-record-counter-snapshot'
  | 'event-record-class-id';

/** Both ends belong to it. */
export interface IntegerRange {
  readonly from: number | bigint;
  readonly to: number | bigint;
}

export interface Mapping {
  readonly label: string;
  readonly ranges: readonly IntegerRange[];
}

export type Encoding = 'utf-8' | 'utf-16be' | 'utf-16le' | 'utf-32be' | 'utf-32le';

/** Where the value of another field is found that a length or a selector is. */
export interface FieldReference {
  /** The structure that the path begins in; undefined for a path from where the reference stands. */
  readonly scope: ScopeName | undefined;
  /** Names of members as they stand in the metadata; undefined goes up to the next structure around. */
  readonly path: readonly (string | undefined)[];
  /** TSDL: the first name is looked for outwards, then in the scopes before. */
  readonly isSearched: boolean;
}

interface BitField {
  readonly sizeBits: number;
  readonly alignBits: number;
  readonly littleEndian: boolean;
  /** The bits of the value are in the other order than its byte order has them (CTF 2's bit-order). */
  readonly isReversed: boolean;
}

export interface IntegerClass extends BitField {
  readonly kind: 'integer';
  readonly isSigned: boolean;
  readonly base: 2 | 8 | 10 | 16;
  /** Of an enumeration, else undefined. */
  readonly mappings: readonly Mapping[] | undefined;
  readonly roles: readonly Role[];
  /** TSDL: which clock's values these are. */
  readonly clock: string | undefined;
  /** TSDL: an array of such integers is text. */
  readonly encoding: Encoding | undefined;
}

export interface VariableIntegerClass {
  readonly kind: 'variable-integer';
  readonly alignBits: 8;
  readonly isSigned: boolean;
  readonly base: 2 | 8 | 10 | 16;
  readonly mappings: readonly Mapping[] | undefined;
  readonly roles: readonly Role[];
}

export interface BooleanClass extends BitField {
  readonly kind: 'boolean';
}

/** An unsigned integer without a meaning of its own; with flags, its value is given with the names of those that are set. */
export interface BitsClass extends BitField {
  readonly kind: 'bits';
  /** Ranges of bit numbers, 0 being the least significant. */
  readonly flags: readonly Mapping[] | undefined;
}

/** IEEE 754 binary16, 32, 64, 128, or binaryK for a greater multiple of 32. */
export interface FloatClass extends BitField {
  readonly kind: 'float';
}

/** Ends with a zero code unit, or has a length in bytes. */
export interface TextClass {
  readonly kind: 'text';
  readonly alignBits: 8;
  readonly encoding: Encoding;
  readonly lengthBytes: number | FieldReference | undefined;
}

export interface BlobClass {
  readonly kind: 'blob';
  readonly alignBits: 8;
  readonly lengthBytes: number | FieldReference;
  readonly roles: readonly Role[];
}

export interface ArrayClass {
  readonly kind: 'array';
  readonly element: FieldClass;
  readonly length: number | FieldReference;
  readonly minimumAlignBits: number;
}

export interface StructureMember {
  /** What the field is called in values. */
  readonly name: string;
  /** What references call it; TSDL may have another underscore at its beginning. */
  readonly rawName: string;
  readonly fieldClass: FieldClass;
}

export interface StructureClass {
  readonly kind: 'structure';
  readonly members: readonly StructureMember[];
  readonly minimumAlignBits: number;
}

export interface OptionalClass {
  readonly kind: 'optional';
  readonly content: FieldClass;
  readonly selector: FieldReference;
  /** Undefined when the selector is a boolean. */
  readonly ranges: readonly IntegerRange[] | undefined;
}

export interface VariantOption {
  readonly name: string;
  /** As TSDL has it: the label of the tag's mapping that selects the option, where `ranges` are not known yet. */
  readonly label: string | undefined;
  readonly ranges: readonly IntegerRange[];
  readonly fieldClass: FieldClass;
}

export interface VariantClass {
  readonly kind: 'variant';
  /** Undefined for a variant of TSDL that nothing has given a tag; no field can be of such a class. */
  readonly selector: FieldReference | undefined;
  readonly options: readonly VariantOption[];
}

export type FieldClass =
  | IntegerClass
  | VariableIntegerClass
  | BooleanClass
  | BitsClass
  | FloatClass
  | TextClass
  | BlobClass
  | ArrayClass
  | StructureClass
  | OptionalClass
  | VariantClass;

export interface ClockClass {
  readonly name: string;
  readonly description: string | undefined;
  /** Hz. */
  readonly frequency: bigint;
  readonly offsetSeconds: bigint;
  readonly offsetCycles: bigint;
  /** Its origin is 1970-01-01 00:00:00 UTC as far as the metadata says. */
  readonly isUnixEpoch: boolean;
}

export interface EventClass {
  readonly id: number;
  readonly name: string;
  readonly logLevel: number | undefined;
  readonly context: StructureClass | undefined;
  readonly payload: StructureClass | undefined;
}

export interface StreamClass {
  readonly id: number;
  readonly name: string | undefined;
  readonly clock: ClockClass | undefined;
  readonly packetContext: StructureClass | undefined;
  readonly eventHeader: StructureClass | undefined;
  readonly eventContext: StructureClass | undefined;
  readonly events: ReadonlyMap<number, EventClass>;
}

export interface TraceClass {
  readonly version: '1.8' | '2';
  /** 16 bytes. */
  readonly uuid: Uint8Array | undefined;
  readonly environment: Readonly<Record<string, number | bigint | string>>;
  readonly clocks: readonly ClockClass[];
  readonly packetHeader: StructureClass | undefined;
  readonly streams: ReadonlyMap<number, StreamClass>;
}

export function isReference(length: unknown): length is FieldReference {
  return typeof length === 'object';
}
