/**
 * Programs that the host runs itself: BEGIN, END and interval probes of the form `agent`, on a context of their own. Their
 * events wait to be taken; they carry the time at which the program ran.
 */
import { strideBytes, TraceMachine, traceContext } from '../bpf/index.ts';
import type { CompiledProbe, CompiledScript, MergedMap } from '../script/index.ts';
import { keyedMaps } from './keyed-maps.ts';
import type { TraceEvent } from './trace-source.ts';

/** Events of the host that wait at most; more are lost and counted. */
const MAX_EVENTS = 65_536;

interface Identity {
  readonly pid: number;
  readonly comm: string;
}

export class HostPrograms {
  readonly #machine: TraceMachine;
  readonly #stateOffset: number;
  readonly #programs = new Map<CompiledProbe, () => void>();
  #events: TraceEvent[] = [];
  #nowNs = 0n;

  constructor(script: CompiledScript, seed: number, { pid, comm }: Identity) {
    this.#stateOffset = script.stateOffset;
    this.#machine = new TraceMachine({
      contextBytes: script.contextBytes,
      keyedMaps: keyedMaps(script),
      seed,
      emit: (record) => this.#emit(record),
    });
    const { view, context } = this.#machine;
    view.setUint32(traceContext.tid, pid, true);
    view.setUint32(traceContext.pid, pid, true);
    view.setUint32(traceContext.lcore, 0xffff_ffff, true);
    context.set(new TextEncoder().encode(comm).subarray(0, traceContext.commBytes - 1), traceContext.comm);
    for (const probe of script.probes) {
      if (probe.runs === 'host') this.#programs.set(probe, this.#machine.prepare(probe.program));
    }
  }

  /** Borrowed: the whole context, and its state from stateOffset on. */
  get context(): Uint8Array {
    return this.#machine.context;
  }

  get state(): Uint8Array {
    return this.context.subarray(this.#stateOffset);
  }

  get lostEvents(): number {
    return this.#machine.lostEvents;
  }

  /** For each keyed map. */
  get withoutRoom(): readonly number[] {
    return this.#machine.maps.map(({ withoutRoom }) => withoutRoom);
  }

  run(probe: CompiledProbe, nowNs: bigint): void {
    this.#nowNs = nowNs;
    this.#machine.view.setBigUint64(traceContext.timeNs, nowNs, true);
    this.#programs.get(probe)!();
  }

  takeEvents(): readonly TraceEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** What programs read from now on: maps of the state as they are when they are merged. */
  loadState(maps: readonly MergedMap[]): void {
    const { context, maps: tables } = this.#machine;
    const words = new Uint32Array(context.buffer, context.byteOffset, context.byteLength / 4);
    for (const map of maps) {
      const { place, valueBytes, keyBytes } = map.plan;
      const valueWords = valueBytes / 4;
      if (place.kind === 'keyed') {
        const { offset, slots } = place.layout;
        words.fill(0, offset / 4, offset / 4 + (slots * strideBytes(place.layout)) / 4);
      } else if (place.kind !== 'kernel') {
        const entries = place.kind === 'indexed' ? place.entries : 1;
        words.fill(0, place.offset / 4, place.offset / 4 + entries * valueWords);
      }
      map.forEach((from, keyAt, valueAt) => {
        const value = from.subarray(valueAt, valueAt + valueWords);
        if (place.kind === 'flat') words.set(value, place.offset / 4);
        if (place.kind === 'indexed') words.set(value, place.offset / 4 + from[keyAt]! * valueWords);
        if (place.kind !== 'keyed') return;
        words.set(from.subarray(keyAt, keyAt + keyBytes / 4), traceContext.scratch / 4);
        const table = tables[place.index]!;
        const slot = table.findOrMake((context.byteOffset + traceContext.scratch) / 4);
        this.#machine.borrowWords().set(value, table.valueAt(slot));
      });
    }
  }

  #emit(record: Uint8Array): boolean {
    if (this.#events.length === MAX_EVENTS) return false;
    this.#events.push({ timeNs: this.#nowNs, record: record.slice() });
    return true;
  }
}
