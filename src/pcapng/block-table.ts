/**
 * The block types of pcapng: the one place where a block's number and its smallest legal size stand. Encoders,
 * the reader and error messages take both from here. Names are those of draft-ietf-opsawg-pcapng, section 4 and
 * table "Standardized Block Type Codes".
 */

interface BlockRow {
  /** The block type code, the first four bytes of a block. */
  readonly type: number;
  readonly name: string;
  /** Total length of the block when it has no options and no variable part: 12 bytes of frame and the fixed fields. */
  readonly minimumLength: number;
}

/** The abbreviations of the specification, in the order of their codes. */
export type BlockId = 'IDB' | 'PB' | 'SPB' | 'NRB' | 'ISB' | 'EPB' | 'SJE' | 'DSB' | 'CB' | 'DCB' | 'SHB';

export const BLOCKS: Readonly<Record<BlockId, BlockRow>> = {
  IDB: { type: 0x00000001, name: 'Interface Description Block', minimumLength: 20 },
  PB: { type: 0x00000002, name: 'Packet Block', minimumLength: 32 },
  SPB: { type: 0x00000003, name: 'Simple Packet Block', minimumLength: 16 },
  NRB: { type: 0x00000004, name: 'Name Resolution Block', minimumLength: 12 },
  ISB: { type: 0x00000005, name: 'Interface Statistics Block', minimumLength: 24 },
  EPB: { type: 0x00000006, name: 'Enhanced Packet Block', minimumLength: 32 },
  SJE: { type: 0x00000009, name: 'systemd Journal Export Block', minimumLength: 12 },
  DSB: { type: 0x0000000a, name: 'Decryption Secrets Block', minimumLength: 20 },
  CB: { type: 0x00000bad, name: 'Custom Block', minimumLength: 16 },
  DCB: { type: 0x40000bad, name: 'Custom Block', minimumLength: 16 },
  SHB: { type: 0x0a0d0d0a, name: 'Section Header Block', minimumLength: 28 },
};

/** Every block starts with its type and total length and ends with the total length again. */
export const BLOCK_FRAME_LENGTH = 12;

/** The byte order magic of a Section Header Block, as it reads in the section's own byte order. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

const idsByType: ReadonlyMap<number, BlockId> = new Map(
  Object.entries(BLOCKS).map(([id, row]) => [row.type, id as BlockId]),
);

/** The abbreviation for a block type code; undefined for a type the specification does not name. */
export function blockIdOf(type: number): BlockId | undefined {
  return idsByType.get(type);
}

/** The table's row for a block type code; undefined likewise. */
export function blockRow(type: number): BlockRow | undefined {
  const id = idsByType.get(type);
  return id === undefined ? undefined : BLOCKS[id];
}
