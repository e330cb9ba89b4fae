/**
 * Recorded events of several streams in the order of time, each put into the context and its programs run, by a loop of WebAssembly:
 * nothing is done in JavaScript for an event. It goes over events whose place and size are known from their id, little-endian, and
 * comes back for everything else.
 *
 * ```
 *   put(lane, bytes) for each stream ─► run() ─► 'hungry': a lane has no event left that can be gone over: put more, or drop it
 *            ▲                            │
 *            └────────────────────────────┘
 * ```
 * What it has behind the context of its machine:
 * ```
 *   results, 64 bytes          hits, u32 for each run
 *   sizes of events by id, u32, 0 for those that are not gone over
 *   lanes, 64 bytes each       bytes of the lanes, LANE_BYTES each
 * ```
 */
import { ModuleBuilder } from '../../wasm/index.ts';
import type { EbpfProgram } from '../isa/insn.ts';
import {
  type EventWalkExports,
  emitEventWalk,
  type WalkedEvent,
  type WalkedHeader,
} from './event-walk-code.ts';
import {
  LANE_ROW_BYTES,
  laneRow,
  MOST_IDS,
  MOST_RUNS,
  NO_EVENT,
  walkEnds,
  walkResults,
} from './event-walk-layout.ts';
import { ProgramCalls } from './program-calls.ts';
import { STOP, type TraceMachine } from './trace-machine.ts';

/** What a lane holds at most. */
const LANE_BYTES = 64 << 10;
/** An event that is gone over is not longer; and where less is left in a lane, it is filled again. */
const LEAST_BYTES = LANE_BYTES / 4;
const RESULTS_BYTES = 64;
const FIXED_BYTES = RESULTS_BYTES + 4 * MOST_RUNS + 4 * MOST_IDS;

export interface WalkLimits {
  /** Only events before that time; ns since 1970. */
  readonly beforeNs: bigint;
  readonly mostEvents: number;
  /** Of the last event before these: one that is older is left. */
  readonly nowNs: bigint;
}

export interface WalkResult {
  /** `limit`: a limit is reached, or the next event is older than the last; `stopped`: the machine was. */
  readonly end: (typeof walkEnds)[number];
  /** Also when a lane is hungry at the same time. */
  readonly isStopped: boolean;
  /** The lane that is hungry. */
  readonly lane: number;
  /** Of the last event. */
  readonly nowNs: bigint;
  readonly events: number;
}

export interface PutLane {
  /** Of the first byte in its stream: what the lane has of that already is not copied again. */
  readonly offsetBytes: number;
  /** What makes the times in the events ns since 1970, modulo 2^64. */
  readonly timeOffset: bigint;
  /** Of the first event, ns since 1970. */
  readonly timeNs: bigint;
  /** Whose events they are, for the context: tid, lcore and pid, then comm: 28 bytes. */
  readonly place: Uint8Array;
}

export class EventWalk {
  /** Ids of events that it goes over are below this. */
  static readonly mostIds: number = MOST_IDS;
  /** An event that is gone over is not longer. */
  static readonly mostEventBytes: number = LEAST_BYTES;
  /** Of all events together. */
  static readonly mostRuns: number = MOST_RUNS;

  readonly #machine: TraceMachine;
  readonly #lanes: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #base: number;
  /** For each lane, what is in its memory: a piece of its stream; and where in the memory it was put or settled. */
  readonly #held: { offsetBytes: number; lengthBytes: number; position: number }[];
  #walk: EventWalkExports['walk'] | undefined;

  /** What a machine must have as `extraBytes` for so many lanes. */
  static extraBytes(lanes: number): number {
    return FIXED_BYTES + lanes * (LANE_ROW_BYTES + LANE_BYTES);
  }

  /** @param machine made with extraBytes of that; one walk a machine */
  constructor(machine: TraceMachine, lanes: number) {
    this.#machine = machine;
    this.#lanes = lanes;
    this.#base = machine.extraOffset;
    this.#bytes = new Uint8Array(machine.memory.buffer);
    this.#view = new DataView(machine.memory.buffer);
    this.#held = Array.from({ length: lanes }, () => ({ offsetBytes: 0, lengthBytes: 0, position: 0 }));
    for (let lane = 0; lane < lanes; lane++) this.drop(lane);
  }

  /**
   * What it goes over, and what that runs. Positions in lanes stay.
   * @param events at most MOST_IDS, with ids below it, and MOST_RUNS runs of them all, numbered through
   */
  prepare(header: WalkedHeader, events: readonly WalkedEvent[], programs: readonly EbpfProgram[]): void {
    const module = new ModuleBuilder();
    const calls = new ProgramCalls(module, this.#machine.environment, programs);
    const base = this.#base;
    const addresses = {
      results: base,
      hits: base + RESULTS_BYTES,
      sizes: base + RESULTS_BYTES + 4 * MOST_RUNS,
      rows: base + FIXED_BYTES,
    };
    this.#bytes.fill(0, addresses.sizes, addresses.rows);
    for (const { id, sizeBytes } of events) this.#view.setUint32(addresses.sizes + 4 * id, sizeBytes, true);
    emitEventWalk(module, { header, events, addresses, lanes: this.#lanes, stop: STOP }, calls);
    this.#walk = calls.instantiate<EventWalkExports>().walk;
  }

  /** Puts a lane on an event that it goes over, whole, and what is behind it: copied, as far as there is room. */
  put(lane: number, bytes: Uint8Array, { offsetBytes, timeOffset, timeNs, place }: PutLane): void {
    const row = this.#row(lane);
    const begin = this.#begin(lane);
    const held = this.#held[lane]!;
    let at = offsetBytes - held.offsetBytes;
    const left = held.lengthBytes - at;
    if (at < 0 || left < Math.min(bytes.length, LEAST_BYTES)) {
      at = 0;
      held.offsetBytes = offsetBytes;
      held.lengthBytes = Math.min(bytes.length, LANE_BYTES);
      this.#bytes.set(bytes.subarray(0, held.lengthBytes), begin);
    }
    held.position = begin + at;
    this.#view.setUint32(row + laneRow.position, held.position, true);
    this.#view.setUint32(row + laneRow.end, begin + held.lengthBytes, true);
    this.#view.setBigInt64(row + laneRow.timeNs, timeNs, true);
    this.#view.setBigInt64(row + laneRow.timeOffset, BigInt.asIntN(64, timeOffset), true);
    this.#bytes.set(place, row + laneRow.place);
  }

  /** The lane has no event. */
  drop(lane: number): void {
    this.#view.setBigInt64(this.#row(lane) + laneRow.timeNs, NO_EVENT, true);
  }

  /** How far a lane has come, in bytes from what was put into it, or from where it was when that was settled. */
  positionOf(lane: number): number {
    return this.#view.getUint32(this.#row(lane) + laneRow.position, true) - this.#held[lane]!.position;
  }

  /** Where it came to is known. */
  settle(lane: number): void {
    this.#held[lane]!.position = this.#view.getUint32(this.#row(lane) + laneRow.position, true);
  }

  /** Hits of a run in the last call of `run`. */
  hitsOf(run: number): number {
    return this.#view.getUint32(this.#base + RESULTS_BYTES + 4 * run, true);
  }

  /** After `prepare`. */
  run({ beforeNs, mostEvents, nowNs }: WalkLimits): WalkResult {
    const view = this.#view;
    const base = this.#base;
    this.#bytes.fill(0, base, base + RESULTS_BYTES + 4 * MOST_RUNS);
    view.setInt32(STOP, 0, true);
    view.setBigInt64(base + walkResults.nowNs, nowNs, true);
    view.setBigInt64(base + walkResults.beforeNs, beforeNs < NO_EVENT ? beforeNs : NO_EVENT, true);
    const end = walkEnds[this.#walk!(mostEvents)]!;
    return {
      end,
      isStopped: view.getInt32(STOP, true) !== 0,
      lane: view.getUint32(base + walkResults.lane, true),
      nowNs: view.getBigInt64(base + walkResults.nowNs, true),
      events: view.getUint32(base + walkResults.events, true),
    };
  }

  #row(lane: number): number {
    return this.#base + FIXED_BYTES + lane * LANE_ROW_BYTES;
  }

  #begin(lane: number): number {
    return this.#base + FIXED_BYTES + this.#lanes * LANE_ROW_BYTES + lane * LANE_BYTES;
  }
}
