/**
 * What a target lets programs do (Profile), and what one program finds there (Setting). The walk is the same for all;
 * the profiles are in dpdk.ts, kernel.ts and wasm.ts.
 */
import type { EbpfInsn } from '../isa/insn.ts';
import type { InsnRow } from '../isa/table.ts';
import type { AddressKind, Helper } from '../vm/engine.ts';

/** A map, by identity. Values start at addresses that are multiples of 8. */
export interface MapShape {
  readonly name: string;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/** Memory at a known place, from an address that is a multiple of 8; by identity. */
export interface MemoryShape {
  readonly name: string;
  readonly lengthBytes: number;
  readonly isWritable: boolean;
}

/** What a 64-bit constant stands for. */
export type Address =
  | { readonly kind: 'map'; readonly map: MapShape }
  /** `offset` bytes behind the start. */
  | { readonly kind: 'memory'; readonly memory: MemoryShape; readonly offset: number };

/** Bytes of the context that a program may load, by aligned loads of the listed lengths. */
export interface ContextField {
  readonly offset: number;
  readonly lengthBytes: number;
  readonly loadBytes: readonly number[];
  readonly gives: 'scalar' | 'packet' | 'packet-end';
  readonly isWritable: boolean;
}

/** What a program starts with in a register. */
export type Argument =
  | { readonly kind: 'context'; readonly fields: readonly ContextField[] }
  /** The first byte of the packet in flat memory, and how many bytes it has. */
  | { readonly kind: 'packet' }
  | { readonly kind: 'packet-length' }
  | { readonly kind: 'memory'; readonly memory: MemoryShape }
  | { readonly kind: 'scalar' };

export interface Profile {
  readonly name: string;
  /** The longest program, in slots. */
  readonly maxInsns: number;
  /** How many instructions the walk takes over all ways before it gives up. */
  readonly maxSteps: number;
  readonly hasLoops: boolean;
  readonly hasLocalCalls: boolean;
  /** Whether the loads LD_ABS and LD_IND exist. */
  readonly hasPacketLoads: boolean;
  /** The largest sum of an index, an offset and a length that a packet load may have. */
  readonly maxPacketOffset: bigint | undefined;
  /** Bytes of stack of all functions that are active at once. */
  readonly maxStackBytes: number;
  readonly isPacketWritable: boolean;
  /** Why an instruction is not taken, whatever the registers hold; undefined when it is. */
  readonly refuses: (row: InsnRow, insn: EbpfInsn, pc: number, length: number) => string | undefined;
  /** r1, r2 ... at the start. */
  readonly arguments: readonly Argument[];
}

/** The signature of a helper; `call` is the engines' part. */
export type HelperShape = Omit<Helper, 'call'>;

export interface Setting {
  readonly helpers?: ReadonlyMap<number, HelperShape>;
  /**
   * What a 64-bit constant with the two immediate values stands for. `imm64` is a plain number when the answer is
   * undefined; the others are then refused.
   */
  readonly resolve?: (kind: AddressKind | 'imm64', imm: number, nextImm: number) => Address | undefined;
}
