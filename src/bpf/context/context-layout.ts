/**
 * The one memory that a trace program of the form `agent` works on: what happened, scratch space, and its maps. The
 * program gets its address in r1 and uses nothing else (its stack aside), so that the same program runs in the
 * application (librte_bpf), on a replay and on recorded files (bpf/vm). struct hone_trace_context in abi.h is the same.
 *
 * ```
 *   0     time, thread             written for each hit where the attachment asks for it / once for a writer
 *   32    args[16]                 of the trace point, each widened to 64 bits
 *   160   comm[16]
 *   192   packet[256]              the first bytes of the packet (packet points), behind its end any; or text arguments of 64 bytes each
 *   448   scratch[1600]            keys and events are put together here
 *   2048  maps, banked             each writer has two banks of this memory up to here
 *   stateOffset (multiple of 4096) maps that programs read: one for both banks
 * ```
 * Numbers are little-endian and aligned to their size.
 */
export const traceContext = {
  timeNs: 0,
  tid: 8,
  lcore: 12,
  pid: 16,
  /** Bytes in `packet`, u32. */
  packetBytes: 20,
  args: 32,
  maxArgs: 16,
  comm: 160,
  commBytes: 16,
  packet: 192,
  maxPacketBytes: 256,
  /** A text argument: args[i] is 0 to 3, its slot in `packet`. */
  textSlotBytes: 64,
  scratch: 448,
  scratchBytes: 1600,
  maps: 2048,
  /** Where state begins is a multiple of this. */
  stateAlignment: 4096,
  /** The most that a context may take, maps included. */
  maxBytes: 268_435_456,
} as const;

/**
 * Helper functions, by the number in the call instruction (src_reg 0). All take the context's address (r1 as the program got
 * it) first and numbers after it, and give a number.
 */
export const traceHelper = {
  /** (context, map, keyOffset): the slot of the key, made if need be; slots - 2 when there is no room (counted). */
  mapSlot: 0,
  /** (context, map, keyOffset): the slot of the key; slots - 1, whose value is all zeros, when there is none. */
  mapFind: 1,
  /** (context, map, keyOffset): deletes; 1 when it was there. */
  mapDelete: 2,
  /** (context, offset, lengthBytes): an event record of `scratch`; 1 when it is in the ring, 0 when it is lost (counted). */
  emit: 3,
} as const;

/**
 * A keyed map: `slots` (a power of two, at least 4) entries of `strideBytes`; a slot's number is masked with slots - 1 by
 * the program. An entry is
 * `{ u64 used; key, padded with zeros to 8; value }`: used is 0 for an empty slot, 1 for a deleted one, else 2 + (hash << 32).
 * The last two slots hold no key: slots - 2 takes what found no room, slots - 1 is never written.
 */
export interface KeyedMapLayout {
  /** In the context, multiple of 8. */
  readonly offset: number;
  readonly slots: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/** Where an entry's value begins in it. */
export function valueOffsetInEntry({ keyBytes }: Pick<KeyedMapLayout, 'keyBytes'>): number {
  return 8 + Math.ceil(keyBytes / 8) * 8;
}

export function strideBytes(map: Pick<KeyedMapLayout, 'keyBytes' | 'valueBytes'>): number {
  return valueOffsetInEntry(map) + Math.ceil(map.valueBytes / 8) * 8;
}
