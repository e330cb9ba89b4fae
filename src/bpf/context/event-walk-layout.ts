/** What lies where in the memory of an event walk; offsets from where each part begins. Numbers are little-endian. */

/** Ids of events that it goes over are below this. */
export const MOST_IDS = 1024;
/** Programs of all events together. */
export const MOST_RUNS = 256;

export const LANE_ROW_BYTES = 64;
export const laneRow = {
  /** The address of the event that it stands on, u32, and of what is behind its bytes. */
  position: 0,
  end: 4,
  /** Of that event, i64; NO_EVENT without one. */
  timeNs: 8,
  timeOffset: 16,
  /** 28 bytes for the context. */
  place: 24,
} as const;

/** The time of a lane that has no event: nothing is as late. */
export const NO_EVENT: bigint = (1n << 63n) - 1n;

export const walkResults = {
  /** Given: of the last event before; left: of the last one. i64 */
  nowNs: 0,
  /** Given: no event from this time on. i64 */
  beforeNs: 8,
  /** Left: the hungry lane, and how many events were gone over, u32. */
  lane: 16,
  events: 20,
} as const;

/** What a walk ends with: its result is an index. */
export const walkEnds = ['limit', 'hungry', 'stopped'] as const;
