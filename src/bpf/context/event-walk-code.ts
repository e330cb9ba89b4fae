/** The loop of an event walk, as a WebAssembly function. */
import type { BlockLabel, FunctionBuilder, Local, ModuleBuilder } from '../../wasm/index.ts';
import { traceContext } from './context-layout.ts';
import { LANE_ROW_BYTES, laneRow, MOST_IDS, NO_EVENT, walkEnds, walkResults } from './event-walk-layout.ts';
import type { ProgramCalls } from './program-calls.ts';
import { CONTEXT } from './trace-machine.ts';

/** A little-endian integer in an event; `at` counts from its first byte. */
interface WalkedInteger {
  readonly at: number;
  /** 1, 2, 4 or 8. */
  readonly sizeBytes: number;
  readonly isSigned: boolean;
}

export interface WalkedHeader {
  readonly sizeBytes: number;
  readonly id: WalkedInteger;
  /** 8 bytes. */
  readonly timeAt: number;
}

export interface WalkedEvent {
  readonly id: number;
  /** With its header. */
  readonly sizeBytes: number;
  /** What goes into args[index]; undefined for a 0. */
  readonly arguments: readonly { readonly index: number; readonly integer: WalkedInteger | undefined }[];
  readonly runs: readonly WalkedRun[];
}

interface WalkedRun {
  /** Its place among the programs. */
  readonly program: number;
  /** Of all runs: where its hits are counted. */
  readonly number: number;
  /** What must be so of the event. */
  readonly equal: readonly { readonly integer: WalkedInteger; readonly value: bigint }[];
}

export interface EventWalkCode {
  readonly header: WalkedHeader;
  readonly events: readonly WalkedEvent[];
  readonly addresses: {
    readonly results: number;
    readonly hits: number;
    readonly sizes: number;
    readonly rows: number;
  };
  readonly lanes: number;
  /** The address of the word that is not 0 when it has to end. */
  readonly stop: number;
}

export interface EventWalkExports {
  /** @returns an index of walkEnds */
  walk(mostEvents: number): number;
}

/** Adds the function, exported as `walk`. */
export function emitEventWalk(module: ModuleBuilder, walk: EventWalkCode, calls: ProgramCalls): void {
  const { index, code } = module.function({ params: ['i32'], results: ['i32'] });
  new Emitter(code, walk, calls).emit();
  module.exportFunction('walk', index);
}

class Emitter {
  readonly #code: FunctionBuilder;
  readonly #walk: EventWalkCode;
  readonly #calls: ProgramCalls;
  readonly #mostEvents: Local = 0;
  readonly #events: Local;
  readonly #nowNs: Local;
  readonly #beforeNs: Local;
  /** The lane that is gone on in: its row, where it stands, and the time of that event. */
  readonly #row: Local;
  readonly #position: Local;
  readonly #timeNs: Local;
  readonly #sizeBytes: Local;
  readonly #id: Local;
  /** Of the lane that is next after it. */
  readonly #otherNs: Local;

  constructor(code: FunctionBuilder, walk: EventWalkCode, calls: ProgramCalls) {
    this.#code = code;
    this.#walk = walk;
    this.#calls = calls;
    this.#events = code.local('i32');
    this.#nowNs = code.local('i64');
    this.#beforeNs = code.local('i64');
    this.#row = code.local('i32');
    this.#position = code.local('i32');
    this.#timeNs = code.local('i64');
    this.#sizeBytes = code.local('i32');
    this.#id = code.local('i32');
    this.#otherNs = code.local('i64');
  }

  emit(): void {
    const code = this.#code;
    const { results } = this.#walk.addresses;
    const end = code.local('i32');
    code.i32(results).memory('i64.load', walkResults.nowNs).set(this.#nowNs);
    code.i32(results).memory('i64.load', walkResults.beforeNs).set(this.#beforeNs);
    const done = code.block();
    const exits = {} as Record<(typeof walkEnds)[number], BlockLabel>;
    for (const name of walkEnds) exits[name] = code.block();
    const pick = code.loop();
    this.#pickLane();
    this.#checkTime(exits.limit);
    this.#enterPlace();
    const same = code.loop();
    this.#load(this.#walk.header.id, 'i32').set(this.#id);
    this.#hit();
    code.get(this.#timeNs).set(this.#nowNs);
    code.get(this.#events).i32(1).op('i32.add').set(this.#events);
    this.#goOn(exits.hungry);
    code.i32(0).memory('i32.load', this.#walk.stop).brIf(exits.stopped);
    code.get(this.#events).get(this.#mostEvents).op('i32.ge_u').brIf(exits.limit);
    // Of the same time the lane that was named first is first: that is looked for.
    code.get(this.#timeNs).get(this.#otherNs).op('i64.ge_s').brIf(pick);
    this.#checkTime(exits.limit);
    code.br(same).end().op('unreachable').end().op('unreachable');
    for (const name of walkEnds.toReversed()) code.end().i32(walkEnds.indexOf(name)).set(end).br(done);
    code.end();
    code.i32(results).get(this.#nowNs).memory('i64.store', walkResults.nowNs);
    code.i32(results).get(this.#events).memory('i32.store', walkResults.events);
    code.i32(results).get(this.#row).i32(this.#walk.addresses.rows).op('i32.sub');
    code.i32(LANE_ROW_BYTES).op('i32.div_u').memory('i32.store', walkResults.lane);
    code.get(end);
  }

  /** The lane whose event is the first, and the time of the second. */
  #pickLane(): void {
    const code = this.#code;
    const { addresses, lanes } = this.#walk;
    const candidate = code.local('i32');
    const candidateNs = code.local('i64');
    code.i64(NO_EVENT).set(this.#timeNs).i64(NO_EVENT).set(this.#otherNs);
    code.i32(addresses.rows).tee(candidate).set(this.#row);
    const next = code.loop();
    code.get(candidate).memory('i64.load', laneRow.timeNs).tee(candidateNs);
    code.get(this.#timeNs).op('i64.lt_s').if();
    code.get(this.#timeNs).set(this.#otherNs).get(candidateNs).set(this.#timeNs);
    code.get(candidate).set(this.#row).else();
    code.get(candidateNs).get(this.#otherNs).op('i64.lt_s').if();
    code.get(candidateNs).set(this.#otherNs).end().end();
    code.get(candidate).i32(LANE_ROW_BYTES).op('i32.add').tee(candidate);
    code
      .i32(addresses.rows + lanes * LANE_ROW_BYTES)
      .op('i32.ne')
      .brIf(next)
      .end();
    code.get(this.#row).memory('i32.load', laneRow.position).set(this.#position);
  }

  /** Leaves before an event that is too late, or older than the last. */
  #checkTime(limit: BlockLabel): void {
    const code = this.#code;
    code.get(this.#timeNs).get(this.#beforeNs).op('i64.ge_s').brIf(limit);
    code.get(this.#timeNs).get(this.#nowNs).op('i64.lt_s').brIf(limit);
  }

  #enterPlace(): void {
    const code = this.#code;
    const copy = (opcode: 'i64' | 'i32', from: number, to: number) =>
      code
        .i32(CONTEXT)
        .get(this.#row)
        .memory(`${opcode}.load`, laneRow.place + from)
        .memory(`${opcode}.store`, to);
    copy('i64', 0, traceContext.tid);
    copy('i32', 8, traceContext.pid);
    copy('i64', 12, traceContext.comm);
    copy('i64', 20, traceContext.comm + 8);
  }

  /** What the event runs. */
  #hit(): void {
    const code = this.#code;
    code.i32(CONTEXT).get(this.#timeNs).memory('i64.store', traceContext.timeNs);
    for (const { id, arguments: put, runs } of this.#walk.events) {
      if (runs.length === 0) continue;
      code.get(this.#id).i32(id).op('i32.eq').if();
      for (const { index, integer } of put) {
        code.i32(CONTEXT);
        if (integer === undefined) code.i64(0);
        else this.#load(integer, 'i64');
        code.memory('i64.store', traceContext.args + 8 * index);
      }
      for (const run of runs) this.#run(run);
      code.end();
    }
  }

  #run({ program, number, equal }: WalkedRun): void {
    const code = this.#code;
    const hits = this.#walk.addresses.hits + 4 * number;
    const skipped = code.block();
    for (const { integer, value } of equal) this.#load(integer, 'i64').i64(value).op('i64.ne').brIf(skipped);
    code.i32(0).i32(0).memory('i32.load', hits).i32(1).op('i32.add').memory('i32.store', hits);
    this.#calls.emit(code, program);
    code.op('drop').end();
  }

  /** The lane stands on its next event, or is hungry. */
  #goOn(hungry: BlockLabel): void {
    const code = this.#code;
    const { header, addresses } = this.#walk;
    const left = code.local('i32');
    code.get(this.#row).get(this.#position);
    code.get(this.#id).i32(2).op('i32.shl').memory('i32.load', addresses.sizes);
    code.op('i32.add').tee(this.#position).memory('i32.store', laneRow.position);
    code.get(this.#row).memory('i32.load', laneRow.end).get(this.#position).op('i32.sub').tee(left);
    code.i32(header.sizeBytes).op('i32.lt_u').brIf(hungry);
    this.#load(header.id, 'i32').tee(this.#id).i32(MOST_IDS).op('i32.ge_u').brIf(hungry);
    code.get(this.#id).i32(2).op('i32.shl').memory('i32.load', addresses.sizes).tee(this.#sizeBytes);
    code.op('i32.eqz').brIf(hungry);
    code.get(left).get(this.#sizeBytes).op('i32.lt_u').brIf(hungry);
    code.get(this.#row).get(this.#position).memory('i64.load', header.timeAt);
    code.get(this.#row).memory('i64.load', laneRow.timeOffset).op('i64.add').tee(this.#timeNs);
    code.memory('i64.store', laneRow.timeNs);
  }

  #load({ at, sizeBytes, isSigned }: WalkedInteger, type: 'i32' | 'i64'): FunctionBuilder {
    const code = this.#code.get(this.#position);
    const sign = isSigned ? 's' : 'u';
    if (sizeBytes === 1) return code.memory(`${type}.load8_${sign}`, at);
    if (sizeBytes === 2) return code.memory(`${type}.load16_${sign}`, at);
    if (type === 'i32' || sizeBytes === 8) return code.memory(`${type}.load`, at);
    return code.memory(`i64.load32_${sign}`, at);
  }
}
