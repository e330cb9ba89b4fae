/**
 * A script after the checker: every name is resolved, every expression has its type, every probe its one point. The
 * checker (check/) makes it out of the parser's tree, code generation (codegen/) reads it; both forms share it. What is
 * only another way to write something is gone here: `a += b` is an assignment, `unroll` is its body n times, a clause
 * with several points is one probe each, `@++` is an increment.
 */
import type { Span } from '../base/index.ts';
import type { Field, ProtocolName } from '../packet/index.ts';
import type { ProbeArgument, ProbePoint } from '../tracepoints/index.ts';
import type { EventPlan, MapKind, ValueType } from './plan.ts';

/**
 * Integers are 64 bits wide in registers; signedness says how they are compared, shifted right, divided and printed.
 * Division and remainder by zero give 0 and the dividend, as eBPF has it. `text` has a fixed number of bytes and
 * zeros behind its end, so that two of them are equal when their bytes are. Where a text goes into something wider (a key,
 * a variable, a map, a member of a tuple in one of them) it is filled up with zeros. Any expression of an integer can have
 * the type `time` instead (strftime). `==` and `!=` of type ipv4, ipv6 and mac compare addresses; a variable that nobody
 * has assigned to on the way is 0.
 */
export type Expression = { readonly type: ValueType; readonly span: Span } /**
 * A number as it is written, from -(2^63) to 2^64 - 1. Of the types ipv4, ipv6 and mac: an address, whose byte that
 * comes first in the packet is the most significant one.
 */ & (
  | { readonly op: 'integer'; readonly value: bigint }
  | { readonly op: 'text'; readonly value: string }
  | { readonly op: 'negate' | 'complement' | 'not'; readonly operand: Expression }
  | {
      readonly op: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  /** Stops as soon as the result is known; gives 0 or 1. */
  | { readonly op: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly op: 'choose';
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  /** A cast: the low bytes, zero or sign extended. */
  | {
      readonly op: 'cast';
      readonly bytes: 1 | 2 | 4 | 8;
      readonly isSigned: boolean;
      readonly operand: Expression;
    }
  /** Texts: the same up to `bytes` (strncmp) or whole; gives 1 for equal, 0 for different. */
  | {
      readonly op: 'equal-text';
      readonly left: Expression;
      readonly right: Expression;
      readonly bytes: number;
    }
  | { readonly op: 'tuple'; readonly members: readonly Expression[] }
  /** `tuple.0` */
  | { readonly op: 'member'; readonly tuple: Expression; readonly index: number }
  | { readonly op: 'argument'; readonly argument: ProbeArgument }
  /** `arg0` of a uprobe, `retval`, `reg("ax")`: a register of struct pt_regs by its offset. */
  | { readonly op: 'register'; readonly offsetBytes: number }
  /**
   * A field of packet/'s table, as `ip.src`, with exactly one place; 0 (or an address of zeros) when the packet does not
   * have it.
   */
  | { readonly op: 'field'; readonly field: Field }
  /** 1 when the packet has the field, else 0. A comparison of a field stands behind one, in an `and`. */
  | { readonly op: 'has-field'; readonly field: Field }
  /** 1 when the packet has the protocol (`tcp`), else 0. */
  | { readonly op: 'has-protocol'; readonly protocol: ProtocolName }
  /** 1 when the first `prefixBits` bits of an ipv4 or ipv6 are those of `network`, whose other bits are 0; else 0. */
  | {
      readonly op: 'in-network';
      readonly address: Expression;
      readonly network: bigint;
      readonly prefixBits: number;
    }
  | { readonly op: 'builtin'; readonly name: BuiltinName }
  | { readonly op: 'stack'; readonly where: 'user' | 'kernel'; readonly depth: number }
  /** `$x`, by its number in the probe's `variables`. */
  | { readonly op: 'variable'; readonly variable: number }
  /** `@x[keys]`: its value; 0 when it is not there. Of a count, sum, ... the value as an integer. */
  | { readonly op: 'map'; readonly map: number; readonly keys: readonly Expression[] }
  | { readonly op: 'has-key'; readonly map: number; readonly keys: readonly Expression[] }
  /** `$x++`, `--@y[k]`: gives the value before or after. */
  | {
      readonly op: 'increment';
      readonly target: Target;
      readonly by: 1 | -1;
      readonly gives: 'before' | 'after';
    }
  /** str(): text of user or kernel memory; `limit` at most `type.bytes` - 1. Form kernel. */
  | { readonly op: 'read-text'; readonly address: Expression; readonly limit: Expression | undefined }
  /** buf(): form kernel by address; in the form agent the first bytes of the packet (`address` undefined). */
  | {
      readonly op: 'read-buffer';
      readonly address: Expression | undefined;
      readonly length: Expression | undefined;
    }
  /** `*(uint16 *)address`: form kernel. */
  | {
      readonly op: 'read-integer';
      readonly address: Expression;
      readonly bytes: 1 | 2 | 4 | 8;
      readonly isSigned: boolean;
    }
  /** ntop() of an integer as it lies in memory (network order) or of 4 or 16 bytes. */
  | { readonly op: 'ip-address'; readonly family: Expression | undefined; readonly address: Expression }
  /** macaddr() of six bytes. */
  | { readonly op: 'mac-address'; readonly address: Expression }
  /** usym, ksym: form kernel. */
  | { readonly op: 'symbol'; readonly where: 'user' | 'kernel'; readonly address: Expression }
);

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '&'
  | '|'
  | '^'
  | '<<'
  | '>>'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>=';

export type BuiltinName =
  /** Integers. `nsecs` is the target's time (agent: CLOCK_REALTIME ns; kernel: boot time), `elapsed` ns since the start. */
  | 'nsecs'
  | 'elapsed'
  | 'pid'
  | 'tid'
  | 'uid'
  | 'gid'
  | 'cpu'
  | 'lcore'
  | 'rand'
  | 'cgroup'
  /** Text of 16 bytes. */
  | 'comm'
  /** Text that is known when it compiles is a `text` expression and not here: `probe`, `func` of the form agent. */
  | 'func';

/** What can be assigned to. */
export type Target =
  | { readonly kind: 'variable'; readonly variable: number }
  | { readonly kind: 'map'; readonly map: number; readonly keys: readonly Expression[] };

/** What an action takes from the program, in the order of the fields of its event. */
export interface EventUse {
  /** Index into `events`. */
  readonly event: number;
  readonly values: readonly Expression[];
}

/** Numbers in brackets are variables that the script does not name. */
export type ForRange =
  /** Bounds that are written out: the only ones of the form agent, where each round is code of its own. */
  | { readonly kind: 'constant'; readonly first: bigint; readonly last: bigint; readonly counter: number }
  | {
      readonly kind: 'computed';
      readonly first: Expression;
      readonly last: Expression;
      readonly counter: number;
      /** Holds `first`. */
      readonly base: number;
      /** Holds how many rounds there are to be. */
      readonly rounds: number;
    };

export type Statement = { readonly span: Span } & (
  | { readonly op: 'assign'; readonly target: Target; readonly value: Expression }
  /** `@x[keys] = sum(value)` and so on; `value` is undefined for count. */
  | {
      readonly op: 'aggregate';
      readonly map: number;
      readonly keys: readonly Expression[];
      readonly value: Expression | undefined;
    }
  | { readonly op: 'delete'; readonly map: number; readonly keys: readonly Expression[] }
  /** printf, print, clear, exit, ...: an event record. `exit` also ends this program. */
  | { readonly op: 'emit'; readonly use: EventUse }
  | {
      readonly op: 'if';
      readonly condition: Expression;
      readonly then: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  /** Bounded loops of the form kernel. */
  | { readonly op: 'while'; readonly condition: Expression; readonly body: readonly Statement[] }
  /**
   * `for ($i : first..last)`: the bounds are looked at once, before the first round, and compared as signed numbers. Whatever
   * the body does to `variable`, the next round begins with the next number.
   */
  | {
      readonly op: 'for';
      readonly variable: number;
      readonly range: ForRange;
      readonly body: readonly Statement[];
    }
  | { readonly op: 'break' | 'continue' }
  | { readonly op: 'return' }
  /** For its effect: `@x++;` */
  | { readonly op: 'evaluate'; readonly expression: Expression }
);

export interface CheckedMap {
  /** With its `@`. */
  readonly name: string;
  readonly kind: MapKind;
  readonly keys: readonly ValueType[];
  /**
   * Some probe reads it (a value in an expression, has_key, an integer that is incremented and read or assigned) or
   * deletes a key.
   */
  readonly isRead: boolean;
  /** Where the script writes to it first. */
  readonly span: Span;
}

export interface CheckedProbe {
  readonly point: ProbePoint;
  /** `:PORT:QUEUE` behind a point of DPDK; undefined for all. */
  readonly port: number | undefined;
  readonly queue: number | undefined;
  readonly predicate: Expression | undefined;
  readonly body: readonly Statement[];
  /** Types of the `$variables`, by number. */
  readonly variables: readonly ValueType[];
  readonly span: Span;
}

export interface CheckedScript {
  readonly source: string;
  readonly form: 'agent' | 'kernel';
  readonly maps: readonly CheckedMap[];
  /** Offsets of fields follow from the types in their order (valueBytes each, from 8 on). */
  readonly events: readonly EventPlan[];
  readonly probes: readonly CheckedProbe[];
}
