/**
 * What the engines of extended BPF have in common: the memory a program runs in, the functions it may call, and how
 * it ends. One suite runs over every engine (test/conformance/bpf-engines.ts).
 *
 * A pointer is an offset into one linear memory, 0 to 2^32-1; the first 64 bytes of that memory stay unused, so that
 * 0 and what is near it never is a place. The environment says where stack, context, packets and map values lie. The
 * interpreter checks every access against that; a compiling engine may rely on the verifier and on the bounds of the
 * linear memory, and does the same as the interpreter for verified programs.
 *
 * Byte order is little-endian. After a call and after a packet load the values of r1 to r5 are not defined.
 */
import { HoneError } from '../../base/index.ts';
import type { ModuleBuilder } from '../../wasm/index.ts';
import type { EbpfProgram } from '../isa/insn.ts';
import { type MbufFieldName, mbufFields } from '../mbuf/fields.ts';

/** The bytes of stack of one function, and how many functions may be active at once. */
export const FRAME_BYTES = 512;
export const MAX_FRAMES = 8;

/** A range of the linear memory that a program may use. Engines read the fields at each access: they may change. */
interface MemoryArea {
  /** For messages: 'packet'. */
  readonly name: string;
  readonly offset: number;
  readonly lengthBytes: number;
  readonly isWritable: boolean;
}

/** What a helper expects in r1 to r5, one after another; the verifier holds programs to it. */
export type HelperArgument =
  /** Any number. */
  | 'scalar'
  /** The pointer that the program was given in r1. */
  | 'context'
  /** A map: what a 64-bit constant of the kind map_by_fd or map_by_idx put there. */
  | 'map'
  /** Readable bytes, as many as a key or a value of the call's map has. */
  | 'map-key'
  | 'map-value'
  /** Readable, or writable (and then written) bytes; the next argument says how many. */
  | 'memory'
  | 'memory-out'
  /** The number of bytes of the argument before. */
  | 'size'
  /** A record that a helper with the result 'record-or-null' gave, and that this call gives back. */
  | 'record'
  /** The number of bytes of the record that the call gives: a constant. */
  | 'record-size';

/** What a helper leaves in r0. */
export type HelperResult = 'scalar' | 'nothing' | 'map-value-or-null' | 'record-or-null';

/**
 * A function that programs call by number.
 *
 * `call` gets the registers r0 to r5 as pairs of words, lower half first: r1 is words 2 and 3. It is borrowed for the
 * call. The function writes r0 (words 0 and 1). What it throws ends the program and reaches the caller of `run`.
 */
export interface Helper {
  readonly name: string;
  readonly arguments: readonly HelperArgument[];
  readonly result: HelperResult;
  readonly call: (registers: Int32Array) => void;
  /**
   * Adds a function of WebAssembly to a module that does the same, `(r1 to r5: i64) -> r0: i64`, and gives its index: for engines that
   * make such modules.
   */
  readonly addFunction?: (module: ModuleBuilder) => number;
}

/** The kinds of a 64-bit constant that the environment gives a meaning (RFC 9669, section 5.4). */
export type AddressKind =
  | 'map_by_fd'
  | 'map_val_by_fd'
  | 'var_addr'
  | 'code_addr'
  | 'map_by_idx'
  | 'map_val_by_idx';

export interface Environment {
  /** The linear memory. Its size does not change while a prepared program is in use. */
  readonly memory: { readonly buffer: ArrayBufferLike };
  /**
   * Where programs have their stack: r10 starts at its end, 8-byte aligned, and each nested call takes FRAME_BYTES
   * below. What it holds at the start is not defined.
   */
  readonly stack: { readonly offset: number; readonly lengthBytes: number };
  /** All other memory that programs may use. */
  readonly areas: readonly MemoryArea[];
  readonly helpers: ReadonlyMap<number, Helper>;
  /**
   * What a 64-bit constant with the two immediate values means: an address, or what helpers know a map by. Asked
   * when a program is prepared; undefined refuses the program.
   */
  readonly resolve?: (kind: AddressKind, imm: number, nextImm: number) => number | undefined;
  /**
   * When a run has to end. The interpreter counts instructions; a compiling engine counts them block by block where
   * control goes back or into a function, so it may end a little earlier or later.
   */
  readonly budgetInsns: number;
}

/** A program that is ready to run, on one environment, any number of times; not from inside its own helpers. */
export interface PreparedProgram {
  /**
   * Runs with two unsigned 32-bit arguments and gives the lower 32 bits of r0, unsigned.
   * @throws TrapError when the program does what it may not
   */
  run(r1: number, r2: number): number;
  /** All 64 bits of r0 at the end of the last run, unsigned. */
  readonly result: bigint;
}

export interface Engine {
  readonly name: string;
  /**
   * @throws FormatError when the program's form is wrong (`validateProgram`)
   * @throws UnsupportedError when it calls helpers or names addresses that the environment does not have
   */
  prepare(program: EbpfProgram, environment: Environment): PreparedProgram;
}

export type TrapReason = 'memory' | 'budget' | 'frames' | 'helper';

/** A program that was stopped. `pc` is the slot of the instruction, or undefined where an engine does not know it. */
export class TrapError extends HoneError {
  readonly reason: TrapReason;
  readonly pc: number | undefined;

  constructor(reason: TrapReason, pc: number | undefined, message: string) {
    super('TRAP', pc === undefined ? message : `${message} at instruction ${pc}`);
    this.reason = reason;
    this.pc = pc;
  }
}

/**
 * The context of programs that look at packets: the fields lie where struct rte_mbuf has them, so that one program
 * runs beside a DPDK application, on a replay and on recorded files. The packet loads take r6 as its address.
 */
export const packetContext: Readonly<
  Record<MbufFieldName | 'bufAddr' | 'dataOff' | 'capturedLength' | 'sizeBytes', number>
> = {
  /** With dataOff the address of the packet, u64. */
  bufAddr: 0,
  dataOff: 16,
  nbSegs: mbufFields.nbSegs.offset,
  port: mbufFields.port.offset,
  olFlags: mbufFields.olFlags.offset,
  packetType: mbufFields.packetType.offset,
  /** Length on the wire, u32. */
  pktLen: mbufFields.pktLen.offset,
  /** Bytes that were captured, at most 65535, u16. */
  dataLen: mbufFields.dataLen.offset,
  vlanTci: mbufFields.vlanTci.offset,
  rss: mbufFields.rss.offset,
  fdirHi: mbufFields.fdirHi.offset,
  vlanTciOuter: mbufFields.vlanTciOuter.offset,
  /** Bytes that were captured, u32: what the packet loads may read. For engines only. */
  capturedLength: 56,
  sizeBytes: 64,
};
