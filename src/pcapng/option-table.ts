/**
 * The options of pcapng: code, name and kind of value, by the block they stand in. Encoding, decoding and the
 * TypeScript types of option values all derive from this table. Names are verbatim those of
 * draft-ietf-opsawg-pcapng, sections 3.5 and 4. Options that are not here (what is private or newer than the draft) are kept as raw bytes when decoded.
 */

/** What an option's value is in TypeScript, by its kind. Integers are in the section's byte order. */
export interface OptionKinds {
  /** UTF-8 text, not zero-terminated. */
  utf8: string;
  u8: number;
  u32: number;
  u64: bigint;
  i64: bigint;
  /** 64 bits as two 32-bit words, the high word first in either byte order: a count of the interface's units. */
  timestamp: bigint;
  /** Bytes of one fixed length: an address. */
  octets4: Uint8Array;
  octets6: Uint8Array;
  octets8: Uint8Array;
  octets16: Uint8Array;
  octets17: Uint8Array;
  /** A leading 0 byte and libpcap text: a string. Any other leading byte (1 is a BPF program): all bytes, as they are. */
  filter: string | Uint8Array;
  /** One byte that says what follows, then its bytes. */
  tagged: TaggedBytes;
  /** A Private Enterprise Number, then text or bytes. */
  customText: CustomValue<string>;
  customBytes: CustomValue<Uint8Array>;
}

/** An `epb_hash` (`tag` is the algorithm: 2 CRC32, 3 MD5, 4 SHA1, 5 Toeplitz) or an `epb_verdict` (`tag` is its type). */
export interface TaggedBytes {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

/** A custom option: what `data` means is up to the owner of the Private Enterprise Number (IANA). */
interface CustomValue<Data extends string | Uint8Array = string | Uint8Array> {
  readonly pen: number;
  readonly data: Data;
}

/** One row of the table. `many` rows may stand several times in a block and have an array as their value. */
export interface OptionRow {
  readonly code: number;
  readonly kind: keyof OptionKinds;
  readonly many?: true;
}

export const OPT_ENDOFOPT = 0;

export const OPTIONS = {
  any: {
    opt_comment: { code: 1, kind: 'utf8', many: true },
    // All four are opt_custom in the draft: text and bytes that go along into other files, text and bytes that do not.
    opt_custom_text: { code: 2988, kind: 'customText', many: true },
    opt_custom_bytes: { code: 2989, kind: 'customBytes', many: true },
    opt_custom_text_here: { code: 19372, kind: 'customText', many: true },
    opt_custom_bytes_here: { code: 19373, kind: 'customBytes', many: true },
  },
  SHB: {
    shb_hardware: { code: 2, kind: 'utf8' },
    shb_os: { code: 3, kind: 'utf8' },
    shb_userappl: { code: 4, kind: 'utf8' },
  },
  IDB: {
    if_name: { code: 2, kind: 'utf8' },
    if_description: { code: 3, kind: 'utf8' },
    if_IPv4addr: { code: 4, kind: 'octets8', many: true },
    if_IPv6addr: { code: 5, kind: 'octets17', many: true },
    if_MACaddr: { code: 6, kind: 'octets6' },
    if_EUIaddr: { code: 7, kind: 'octets8' },
    if_speed: { code: 8, kind: 'u64' },
    if_tsresol: { code: 9, kind: 'u8' },
    if_tzone: { code: 10, kind: 'octets4' },
    if_filter: { code: 11, kind: 'filter' },
    if_os: { code: 12, kind: 'utf8' },
    if_fcslen: { code: 13, kind: 'u8' },
    if_tsoffset: { code: 14, kind: 'i64' },
    if_hardware: { code: 15, kind: 'utf8' },
    if_txspeed: { code: 16, kind: 'u64' },
    if_rxspeed: { code: 17, kind: 'u64' },
    if_iana_tzname: { code: 18, kind: 'utf8' },
  },
  EPB: {
    epb_flags: { code: 2, kind: 'u32' },
    epb_hash: { code: 3, kind: 'tagged', many: true },
    epb_dropcount: { code: 4, kind: 'u64' },
    epb_packetid: { code: 5, kind: 'u64' },
    epb_queue: { code: 6, kind: 'u32' },
    epb_verdict: { code: 7, kind: 'tagged', many: true },
    epb_processid_threadid: { code: 8, kind: 'octets8' },
  },
  NRB: {
    ns_dnsname: { code: 2, kind: 'utf8' },
    ns_dnsIP4addr: { code: 3, kind: 'octets4' },
    ns_dnsIP6addr: { code: 4, kind: 'octets16' },
  },
  /** Obsolete; the same as those of an EPB under other names. */
  PB: {
    pack_flags: { code: 2, kind: 'u32' },
    pack_hash: { code: 3, kind: 'tagged', many: true },
  },
  DSB: {},
  ISB: {
    isb_starttime: { code: 2, kind: 'timestamp' },
    isb_endtime: { code: 3, kind: 'timestamp' },
    isb_ifrecv: { code: 4, kind: 'u64' },
    isb_ifdrop: { code: 5, kind: 'u64' },
    isb_filteraccept: { code: 6, kind: 'u64' },
    isb_osdrop: { code: 7, kind: 'u64' },
    isb_usrdeliv: { code: 8, kind: 'u64' },
  },
} as const;

/** The blocks that have options of their own. */
export type OptionBlock = Exclude<keyof typeof OPTIONS, 'any'>;

type ValueOf<R> = R extends { readonly kind: infer K extends keyof OptionKinds; readonly many: true }
  ? readonly OptionKinds[K][]
  : R extends { readonly kind: infer K extends keyof OptionKinds }
    ? OptionKinds[K]
    : never;
type ValuesOf<Table> = { readonly [Name in keyof Table]?: ValueOf<Table[Name]> | undefined };

/**
 * The options of a block as one object with the specification's names as keys. An absent key, undefined, an empty
 * string and an empty array all mean that the option is not there.
 */
export type OptionValues<Block extends OptionBlock> = ValuesOf<(typeof OPTIONS)['any']> &
  ValuesOf<(typeof OPTIONS)[Block]>;

/** An option that the table does not name for its block, or whose length does not fit its kind. */
export interface RawOption {
  readonly code: number;
  readonly bytes: Uint8Array;
}

/** What decoding gives: the named options, and the others as raw bytes in file order. */
export type DecodedOptions<Block extends OptionBlock> = OptionValues<Block> & {
  readonly other?: readonly RawOption[];
};

const namedRows = (block: OptionBlock): [string, OptionRow][] =>
  Object.entries<OptionRow>({ ...OPTIONS.any, ...OPTIONS[block] });

const blocks = Object.keys(OPTIONS).filter((key): key is OptionBlock => key !== 'any');

/** The rows of each block in the table's order, the common ones first. */
export const OPTION_ROWS: ReadonlyMap<OptionBlock, readonly [string, OptionRow][]> = new Map(
  blocks.map((block) => [block, namedRows(block)]),
);

/** The rows of each block by their code. */
export const OPTION_BY_CODE: ReadonlyMap<
  OptionBlock,
  ReadonlyMap<number, readonly [string, OptionRow]>
> = new Map(
  blocks.map((block) => [block, new Map(namedRows(block).map((named) => [named[1].code, named] as const))]),
);
