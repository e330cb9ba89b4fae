/**
 * What differs between the forms of programs: where arguments, builtins and packets are found, how maps and events are
 * reached. The lowering of expressions and statements (lower-*.ts) works on this interface and knows nothing of r1.
 *
 * Registers: r0 is nobody's and lost by everything; r1 to r5 are lost by calls (ProbeCode saves what is in use); r6 is
 * the context, which the form puts there; `kept` are the others that calls leave alone.
 */
import type { EbpfProgram } from '../../bpf/index.ts';
import type { ValueType } from '../plan.ts';
import type { CheckedMap, EventUse, Expression } from '../typed.ts';
import type { Assembler, Label } from './assembler.ts';
import type { Place } from './place.ts';
import type { Home, ProbeCode, Resources } from './probe-code.ts';

/** Where the value of a map is, and the register that was taken for it, if one was; the caller frees it. */
export interface MapValue extends Place {
  readonly taken: number | undefined;
}

/** A scalar's home, or the offset of a larger value in scratch memory. */
export type VariablePlace = Home | { readonly kind: 'scratch'; readonly offset: number };

/** The lowering of the parts of an expression, for those that lower something around them. */
export interface Lowering {
  /** A scalar into a register, which is written last. */
  readonly value: (scope: Scope, e: Expression, into: number) => void;
  /** Jumps to `target` when the truth of `e` is `when`, else goes on. */
  readonly branch: (scope: Scope, e: Expression, target: Label, when: boolean) => void;
  /** Any value to memory, as a value of `type` (its own without one). */
  readonly bytes: (scope: Scope, e: Expression, to: Place, type?: ValueType) => void;
}

/** What the lowering of one probe knows besides the code so far: where its variables are, and which loop it is in. */
export interface Scope {
  readonly code: ProbeCode;
  readonly asm: Assembler;
  readonly form: ProbeForm;
  readonly lower: Lowering;
  readonly variables: readonly VariablePlace[];
  /** Where `continue` and `break` lead, innermost last. */
  readonly loops: { readonly again: Label; readonly out: Label }[];
}

export interface ProbeForm extends Resources {
  /** Whether programs may jump back. */
  readonly hasLoops: boolean;

  /**
   * The first instructions: saves the context, prepares what expressions of this probe ask for.
   * @returns the ways on: each begins its own when it is called, in this order, and all of the program follows on each
   */
  begin(code: ProbeCode, expressions: readonly Expression[]): readonly (() => void)[];
  /** The last ones, where every way ends: the result, and exit. */
  end(code: ProbeCode): void;

  /**
   * An integer that only the form knows into a register: `argument`, `register`, `field`, `builtin`, `stack`,
   * `read-integer`, `mac-address` of memory. Throws CompileError (scope.code.fail) for what it does not have.
   */
  scalar(scope: Scope, e: Expression, into: number): void;
  /** The same for values of several bytes: text arguments, comm, ipv6 fields, `read-text`, `read-buffer`, `symbol`. */
  bytes(scope: Scope, e: Expression, to: Place): void;
  /** Jumps when the packet does not have the field or protocol, goes on when it has it. */
  unlessPresent(
    scope: Scope,
    e: Expression & { readonly op: 'has-field' | 'has-protocol' },
    absent: Label,
  ): void;
  /**
   * What follows is only reached when the condition is true, so what it says of the packet need not be looked at again.
   * @returns ends that
   */
  assume(condition: Expression): () => void;

  /**
   * The value of a map under these keys: made if need be ('update'), or only looked for ('find'). Jumps to `absent`
   * where there is none and the form has nothing else to give; a form may give a value of zeros instead.
   * @param spare a register of the caller's without content, for the address when no other is free
   */
  mapValue(
    scope: Scope,
    map: number,
    keys: readonly Expression[],
    purpose: 'update' | 'find',
    absent: Label,
    spare?: number,
  ): MapValue;
  /** Jumps when the map does not have the key. */
  unlessKey(scope: Scope, map: number, keys: readonly Expression[], absent: Label): void;
  deleteKey(scope: Scope, map: number, keys: readonly Expression[]): void;

  /** Sends the bytes of `use.event`, whose fields lie in scratch memory from offset + 8 on. */
  emit(scope: Scope, use: EventUse, offset: number, lengthBytes: number): void;
  /** The time for values of maps, u64 ns, into a register. */
  time(scope: Scope, into: number): void;

  readonly maps: readonly CheckedMap[];
  /** Throws VerifierError when the target would not take it. */
  verify(program: EbpfProgram): void;
}
