/**
 * What programs of the form `kernel` and who loads them agree on beside <linux/bpf.h>: a program names a map by its
 * number (LD_IMM64 with src_reg 5, BPF_PSEUDO_MAP_IDX), and two maps have a meaning of their own.
 */

/** BPF_MAP_TYPE_* */
export const kernelMapType = {
  hash: 1,
  array: 2,
  perCpuHash: 5,
  perCpuArray: 6,
  stackTrace: 7,
  lruPerCpuHash: 10,
  /** The one map of this type takes the events: u64 ktime, then the record of the plan. */
  ringBuffer: 27,
} as const;

/**
 * Name of the map {u32 0: u64} for each processor in which a program counts events that the ring did not take. Exact, as
 * each processor has its own and programs do not interrupt one another there.
 */
export const LOST_EVENTS_MAP = 'lost_events';

/** Name of the map {u32 number of the script's map: u64} for each processor: updates that found no room for their key. */
export const NO_ROOM_MAP = 'no_room';

/** Name of the map {u32 0: u64}: the time of the start, ns since boot, which the host puts there. */
export const START_TIME_MAP = 'start_time';

/** Beginning of the name of a map of stacks; behind it stands how many addresses a stack has at most. */
export const STACKS_MAP = 'stacks_';

/** src_reg of LD_IMM64: imm is a map's number. */
export const BPF_PSEUDO_MAP_IDX = 5;
