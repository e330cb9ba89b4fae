/**
 * What lies where in a walker's linear memory. All numbers in it are little-endian.
 * ```
 *       0  nothing: address 0 points nowhere
 *      64  results of a walk
 *    1024  one row of 64 bytes an interface
 *   66560  the list of matches, 32 bytes each, or the blocks that they make (only when asked for)
 *    data  two rooms for bytes of the file, each behind as much for what the other has left
 * ```
 */

/** Where a walk leaves its results; offsets from here. */
export const RESULTS = 64;
export const results = {
  /** The first byte that was not walked over (an address), u32. */
  position: 0,
  /** The end of what was collected (an address), u32. */
  collected: 4,
  /** Packets, u32. */
  seen: 8,
  matched: 12,
  /** Of the matched packets, u64. */
  capturedBytes: 16,
  originalBytes: 24,
} as const;

export const INTERFACES = 1024;
/** Interfaces that a walker knows; packets of others are left to its user. */
export const MAX_INTERFACES = 1024;
export const INTERFACE_BYTES = 64;
/** One interface; offsets in its row. Times are in the file's own units, u64. */
export const interfaceRow = {
  /** 0: nothing matches; 1: everything; from 2 on: filter number 0, 1, ... u32. */
  filter: 0,
  /** pcapng: what limits a Simple Packet Block, 0 for no limit. pcap: the longest captured length that is believed. u32 */
  snaplen: 4,
  lowestTime: 8,
  highestTime: 16,
  /** Of matched packets. */
  earliestTime: 24,
  latestTime: 32,
} as const;

/** The list of matches, or their blocks. */
export const MATCHES: number = INTERFACES + MAX_INTERFACES * INTERFACE_BYTES;
export const MATCH_BYTES = 32;
/** One match of the list. Addresses count from the start of the memory. */
export const match = {
  /** The whole record or block: address and length, u32. */
  record: 0,
  recordLength: 4,
  /** The packet's bytes: address, u32; captured and original length, u32. */
  data: 8,
  capturedLength: 12,
  originalLength: 16,
  interface: 20,
  /** In the file's units, u64; a pcap file's seconds and fraction are one number. NO_TIME for none. */
  time: 24,
} as const;

/** The time of a packet that has none. */
export const NO_TIME = 0xffff_ffff_ffff_ffffn;

/** What a walk ends with. */
export const stops = ['more', 'other', 'full', 'limit'] as const;

/**
 * `more`: the rest is no whole record; `other`: a block that is not a packet's, or a damaged record; `full`: no room for
 * another match; `limit`: a limit that was given is reached.
 */
export type WalkStop = (typeof stops)[number];
