/**
 * The walk itself, as a WebAssembly module: record after record to the filter of its interface, and what matches to
 * where it is wanted. It ends at the first thing that it cannot go on with, and can be called again from there.
 */
import { type BlockLabel, type FunctionBuilder, type Local, ModuleBuilder } from '../../wasm/index.ts';
import type { CbpfProgram } from '../cbpf/isa.ts';
import { emitEnhancedBlock } from './block-code.ts';
import { addClassicFilter } from './classic-filter.ts';
import {
  interfaceRow,
  MATCH_BYTES,
  match,
  NO_TIME,
  RESULTS,
  results,
  stops,
  type WalkStop,
} from './layout.ts';
import { emitRecord, type RecordFormat, type RecordLocals } from './record-format.ts';

/**
 * What becomes of matching packets: only counted; a list of where they are (layout.ts); their records, moved together
 * at the start of their room; or, of a pcap file, the pcapng blocks that they make (block-code.ts).
 */
export type Collect = 'nothing' | 'list' | 'records' | 'blocks';

export interface WalkCode {
  readonly format: RecordFormat;
  readonly filters: readonly CbpfProgram[];
  readonly collect: Collect;
  /** Whether packets outside of their interface's time range are left out, and the earliest and latest time kept. */
  readonly times: boolean;
}

/**
 * The exported function `walk`; every argument is an unsigned 32-bit number, the result an index of `stops`.
 * Limits are numbers of packets, of this call. `collectTo` to `collectEnd` is where matches go.
 */
export interface WalkExports {
  walk(
    position: number,
    end: number,
    interfaceCount: number,
    longestRecord: number,
    collectTo: number,
    collectEnd: number,
    seenLimit: number,
    matchedLimit: number,
  ): number;
}

/** The module; it imports its memory as `env.memory`. */
export function encodeWalk(walk: WalkCode): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.importMemory('env', 'memory', false);
  const filters = walk.filters.map((program) => addClassicFilter(module, program));
  const parameters = Array.from({ length: 8 }, () => 'i32' as const);
  const { index, code } = module.function({ params: parameters, results: ['i32'] });
  new WalkEmitter(code, walk, filters).emit();
  module.exportFunction('walk', index);
  return module.encode();
}

class WalkEmitter {
  private readonly code: FunctionBuilder;
  private readonly walk: WalkCode;
  private readonly filters: readonly number[];
  private readonly locals: RecordLocals;
  private readonly collectTo: Local = 4;
  private readonly collectEnd: Local = 5;
  private readonly seenLimit: Local = 6;
  private readonly matchedLimit: Local = 7;
  private readonly seen: Local;
  private readonly matched: Local;
  private readonly capturedBytes: Local;
  private readonly originalBytes: Local;
  /** Collected records that lie next to each other and were not moved yet. */
  private readonly runStart: Local;
  private readonly runEnd: Local;

  constructor(code: FunctionBuilder, walk: WalkCode, filters: readonly number[]) {
    this.code = code;
    this.walk = walk;
    this.filters = filters;
    this.seen = code.local('i32');
    this.matched = code.local('i32');
    this.capturedBytes = code.local('i64');
    this.originalBytes = code.local('i64');
    this.runStart = code.local('i32');
    this.runEnd = code.local('i32');
    this.locals = {
      position: 0,
      end: 1,
      interfaceCount: 2,
      longestRecord: 3,
      size: code.local('i32'),
      data: code.local('i32'),
      captured: code.local('i32'),
      original: code.local('i32'),
      interfaceId: code.local('i32'),
      row: code.local('i32'),
      time: code.local('i64'),
    };
  }

  emit(): void {
    const { code, walk, locals } = this;
    const { position, size } = locals;
    const stop = code.local('i32');
    const done = code.block();
    const exits = {} as Record<WalkStop, BlockLabel>;
    for (const name of stops) exits[name] = code.block();
    const next = code.loop();
    code.get(this.seen).get(this.seenLimit).op('i32.ge_u').brIf(exits.limit);
    code.get(this.matched).get(this.matchedLimit).op('i32.ge_u').brIf(exits.limit);
    const withTime = walk.times || walk.collect === 'list' || walk.collect === 'blocks';
    emitRecord(code, walk.format, locals, exits, withTime);
    const rejected = code.block();
    this.decide(rejected);
    this.count();
    this.collect(exits.full);
    code.end();
    this.increment(this.seen);
    code.get(position).get(size).op('i32.add').set(position).br(next).end().op('unreachable');
    for (const name of stops.toReversed()) {
      code.end().i32(stops.indexOf(name)).set(stop).br(done);
    }
    code.end();
    if (walk.collect === 'records') this.moveRun();
    this.storeResults();
    code.get(stop);
  }

  /** Goes on for a packet that matches, leaves for one that does not. */
  private decide(rejected: BlockLabel): void {
    const { code, walk, locals } = this;
    const { row, time } = locals;
    if (walk.times) {
      code.get(time).get(row).memory('i64.load', interfaceRow.lowestTime).op('i64.lt_u').brIf(rejected);
      code.get(time).get(row).memory('i64.load', interfaceRow.highestTime).op('i64.gt_u').brIf(rejected);
    }
    const accepted = code.block();
    const labels = this.filters.map(() => code.block());
    code
      .get(row)
      .memory('i32.load', interfaceRow.filter)
      .brTable([rejected, accepted, ...labels], rejected);
    for (const filter of this.filters.toReversed()) {
      code.end();
      code.get(locals.data).get(locals.captured).get(locals.original).call(filter);
      code.brIf(accepted).br(rejected);
    }
    code.end();
  }

  private count(): void {
    const { code, walk, locals } = this;
    if (walk.times) {
      const isTimed = code.block();
      code.get(locals.time).i64(NO_TIME).op('i64.eq').brIf(isTimed);
      this.keepTime(interfaceRow.earliestTime, 'i64.lt_u');
      this.keepTime(interfaceRow.latestTime, 'i64.gt_u');
      code.end();
    }
  }

  private keepTime(offset: number, isBetter: 'i64.lt_u' | 'i64.gt_u'): void {
    const { code, locals } = this;
    const { row, time } = locals;
    code.get(time).get(row).memory('i64.load', offset).op(isBetter).if();
    code.get(row).get(time).memory('i64.store', offset).end();
  }

  private collect(full: BlockLabel): void {
    const { code, walk, locals } = this;
    const { position, size } = locals;
    if (walk.collect === 'list') this.list(full);
    if (walk.collect === 'blocks') emitEnhancedBlock(code, locals, this.collectTo, this.collectEnd, full);
    if (walk.collect === 'records') {
      code.get(this.runEnd).get(position).op('i32.ne').if();
      this.moveRun();
      code.get(position).set(this.runStart).end();
      code.get(position).get(size).op('i32.add').set(this.runEnd);
    }
    this.increment(this.matched);
    this.addBytes(this.capturedBytes, locals.captured);
    this.addBytes(this.originalBytes, locals.original);
  }

  private list(full: BlockLabel): void {
    const { code, locals, collectTo } = this;
    const fields = [
      [match.record, locals.position],
      [match.recordLength, locals.size],
      [match.data, locals.data],
      [match.capturedLength, locals.captured],
      [match.originalLength, locals.original],
      [match.interface, locals.interfaceId],
    ] as const;
    code.get(collectTo).get(this.collectEnd).op('i32.ge_u').brIf(full);
    for (const [offset, local] of fields) code.get(collectTo).get(local).memory('i32.store', offset);
    code.get(collectTo).get(locals.time).memory('i64.store', match.time);
    code.get(collectTo).i32(MATCH_BYTES).op('i32.add').set(collectTo);
  }

  /** Moves the run to where the collected records end, which is never behind where it lies. */
  private moveRun(): void {
    const { code, collectTo, runStart, runEnd } = this;
    const runBytes = (): FunctionBuilder => code.get(runEnd).get(runStart).op('i32.sub');
    code.get(runStart).get(collectTo).op('i32.ne').if();
    code.get(collectTo).get(runStart);
    runBytes().memoryCopy().end();
    code.get(collectTo);
    runBytes().op('i32.add').set(collectTo);
  }

  private storeResults(): void {
    const { code, locals } = this;
    const words = [
      [results.position, locals.position],
      [results.collected, this.collectTo],
      [results.seen, this.seen],
      [results.matched, this.matched],
    ] as const;
    for (const [offset, local] of words) code.i32(RESULTS).get(local).memory('i32.store', offset);
    code.i32(RESULTS).get(this.capturedBytes).memory('i64.store', results.capturedBytes);
    code.i32(RESULTS).get(this.originalBytes).memory('i64.store', results.originalBytes);
  }

  private increment(local: Local): void {
    this.code.get(local).i32(1).op('i32.add').set(local);
  }

  private addBytes(sum: Local, lengthBytes: Local): void {
    this.code.get(sum).get(lengthBytes).op('i64.extend_i32_u').op('i64.add').set(sum);
  }
}
