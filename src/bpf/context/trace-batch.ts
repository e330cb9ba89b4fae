/**
 * Many hits in one call, for recorded files: one row a hit, filled in by whoever reads the file, and a loop of
 * WebAssembly that puts a row into the context and runs the point's programs on it, one after another. Only what the
 * programs look at is copied.
 *
 * A row (little-endian, ROW_BYTES each):
 * ```
 *   0    timeNs u64, not 0: a value that was written at time 0 is taken for one that was never written
 *   8    address of the packet in the memory u32, bytes that are there u32
 *   16   args[16] u64
 *   144  what the last program gave u64: written by the batch
 * ```
 * Packets lie in `data`, by any way of filling it in; the batch reads at most 256 bytes behind the address, of which
 * programs believe the number in the row.
 */
import { UnsupportedError } from '../../base/index.ts';
import { type FunctionBuilder, type Local, ModuleBuilder } from '../../wasm/index.ts';
import type { EbpfProgram } from '../isa/insn.ts';
import { traceContext } from './context-layout.ts';
import { ProgramCalls } from './program-calls.ts';
import { CONTEXT, STOP, type TraceMachine } from './trace-machine.ts';

export const ROW_BYTES = 152;
/** Where a row's parts begin. */
export const batchRow = { timeNs: 0, packetAddress: 8, packetBytes: 12, args: 16, result: 144 } as const;

/** A program with what it looks at (CompiledProbe). */
export interface BatchProgram {
  readonly program: EbpfProgram;
  readonly needsTime: boolean;
  readonly packetBytes: number;
  readonly argumentsUsed: number;
}

/** What a machine must have as `extraBytes` for so many rows and so much data. */
export function batchBytes(rows: number, dataBytes: number): number {
  return rows * ROW_BYTES + dataBytes + traceContext.maxPacketBytes;
}

export class TraceBatch {
  readonly capacity: number;
  /** The rows, borrowed, as 32-bit words: row i begins at word i * ROW_BYTES / 4. */
  readonly rows: Uint32Array<ArrayBuffer>;
  /** For packets, borrowed. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** The address of data[0]. */
  readonly dataAddress: number;

  readonly #machine: TraceMachine;
  readonly #rowsAddress: number;

  /** @param machine made with extraBytes = batchBytes(rows, dataBytes); one batch a machine */
  constructor(machine: TraceMachine, rows: number, dataBytes: number) {
    const { buffer } = machine.memory;
    this.capacity = rows;
    this.#machine = machine;
    this.#rowsAddress = machine.extraOffset;
    this.dataAddress = machine.extraOffset + rows * ROW_BYTES;
    if (machine.extraOffset + batchBytes(rows, dataBytes) > buffer.byteLength) {
      throw new UnsupportedError(
        `batch of ${rows} rows and ${dataBytes} bytes`,
        'a machine with room for it',
      );
    }
    this.rows = new Uint32Array(buffer, this.#rowsAddress, (rows * ROW_BYTES) / 4);
    this.data = new Uint8Array(buffer, this.dataAddress, dataBytes);
  }

  /**
   * Makes the programs of one point ready. What it gives runs them on `count` rows from the row `first` on, or on less when
   * the machine is stopped meanwhile, and tells on how many.
   */
  prepare(programs: readonly BatchProgram[]): (count: number, first?: number) => number {
    const { run } = encodeBatch(this.#machine, programs);
    const words = this.#machine.borrowWords();
    return (count, first = 0) => {
      words[STOP / 4] = 0;
      return run(this.#rowsAddress + first * ROW_BYTES, Math.min(count, this.capacity - first)) >>> 0;
    };
  }
}

interface Exports {
  run(rows: number, count: number): number;
}

function encodeBatch({ environment }: TraceMachine, programs: readonly BatchProgram[]): Exports {
  const module = new ModuleBuilder();
  const bytecode = programs.map(({ program }) => program);
  const calls = new ProgramCalls(module, environment, bytecode);
  const run = module.function({ params: ['i32', 'i32'], results: ['i32'] });
  emitLoop(run.code, programs, (program) => calls.emit(run.code, program));
  module.exportFunction('run', run.index);
  return calls.instantiate<Exports>();
}

function emitLoop(
  code: FunctionBuilder,
  programs: readonly BatchProgram[],
  call: (program: number) => void,
): void {
  const [row, count] = [0, 1];
  const done = code.local('i32');
  const packet = code.local('i32');
  const isLooked = programs.some(({ packetBytes }) => packetBytes > 0);
  const end = code.block();
  const next = code.loop();
  code.get(done).get(count).op('i32.ge_u').brIf(end);
  if (programs.some(({ needsTime }) => needsTime)) copy(code, row, batchRow.timeNs, traceContext.timeNs);
  const used = programs.reduce((bits, { argumentsUsed }) => bits | argumentsUsed, 0);
  for (let i = 0; i < traceContext.maxArgs; i++) {
    if ((used & (1 << i)) !== 0) copy(code, row, batchRow.args + 8 * i, traceContext.args + 8 * i);
  }
  if (isLooked) {
    code.get(row).memory('i32.load', batchRow.packetAddress).set(packet);
    const most = Math.max(...programs.map(({ packetBytes }) => packetBytes));
    for (let at = 0; at < most; at += 8) copy(code, packet, at, traceContext.packet + at);
  }
  programs.forEach(({ packetBytes }, index) => {
    if (packetBytes > 0) limitPacket(code, row, packetBytes);
    const isLast = index === programs.length - 1;
    if (isLast) code.get(row);
    call(index);
    if (isLast) code.memory('i64.store', batchRow.result);
    else code.op('drop');
  });
  code.get(row).i32(ROW_BYTES).op('i32.add').set(row);
  code.get(done).i32(1).op('i32.add').set(done);
  code.i32(0).memory('i32.load', STOP).op('i32.eqz').brIf(next);
  code.end().end().get(done);
}

function copy(code: FunctionBuilder, from: Local, offset: number, to: number): void {
  code.i32(CONTEXT).get(from).memory('i64.load', offset).memory('i64.store', to);
}

/** Programs believe the smaller of what is there and what they asked for. */
function limitPacket(code: FunctionBuilder, row: Local, most: number): void {
  const there = (): FunctionBuilder => code.get(row).memory('i32.load', batchRow.packetBytes);
  code.i32(CONTEXT);
  there().i32(most);
  there().i32(most).op('i32.lt_u').op('select');
  code.memory('i32.store', traceContext.packetBytes);
}
