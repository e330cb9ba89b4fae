/**
 * What the parser makes of a script: the text as it is written, with the place of every part. Names are not resolved
 * and nothing is known of types; that is the checker's.
 */
import type { Span } from '../../base/index.ts';

export interface ScriptTree {
  readonly source: string;
  readonly clauses: readonly Clause[];
}

/** `point, point /predicate/ { body }` */
export interface Clause {
  readonly points: readonly ProbeText[];
  readonly predicate: ExpressionTree | undefined;
  readonly body: readonly StatementTree[];
  readonly span: Span;
}

/** A probe as it is written, `usdt:/bin/x:provider:name`, taken apart at its colons; quotes are gone. */
export interface ProbeText {
  readonly parts: readonly string[];
  readonly span: Span;
}

export type BinaryTreeOperator =
  | ('*' | '/' | '%' | '+' | '-' | '<<' | '>>' | '<' | '<=' | '>' | '>=')
  | ('==' | '!=' | '&' | '^' | '|' | '&&' | '||');

/** `uint8`, `int32 *`, `struct task_struct *`: the name as written, without its stars. */
export interface TypeName {
  readonly name: string;
  readonly pointers: number;
  readonly span: Span;
}

export type AddressFamily = 'ipv4' | 'ipv6' | 'mac';

interface VariableTree {
  readonly kind: 'variable';
  /** With its `$`. */
  readonly name: string;
  readonly span: Span;
}

export interface MapTree {
  readonly kind: 'map';
  /** With its `@`. */
  readonly name: string;
  readonly keys: readonly ExpressionTree[];
  readonly span: Span;
}

/** What can be assigned to. */
export type TargetTree = VariableTree | MapTree;

export interface CallTree {
  readonly kind: 'call';
  readonly name: string;
  readonly nameSpan: Span;
  readonly arguments: readonly ExpressionTree[];
  readonly span: Span;
}

export type ExpressionTree =
  | TargetTree
  | CallTree
  | { readonly kind: 'integer'; readonly value: bigint; readonly span: Span }
  | { readonly kind: 'text'; readonly value: string; readonly span: Span }
  /** Its value is a number whose most significant byte comes first in the packet; `prefix` is the `/8` behind it. */
  | {
      readonly kind: 'address';
      readonly family: AddressFamily;
      readonly value: bigint;
      readonly prefix: number | undefined;
      readonly span: Span;
    }
  /** A word that is no call: `pid`, `args`, `tcp`. */
  | { readonly kind: 'name'; readonly name: string; readonly span: Span }
  /** `$1`, from 1 on; `$#` is 'count'. */
  | { readonly kind: 'positional'; readonly index: number | 'count'; readonly span: Span }
  | {
      readonly kind: 'unary';
      readonly operator: '-' | '~' | '!' | '*';
      readonly operand: ExpressionTree;
      readonly span: Span;
    }
  | {
      readonly kind: 'increment';
      readonly target: TargetTree;
      readonly by: 1 | -1;
      readonly gives: 'before' | 'after';
      readonly span: Span;
    }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryTreeOperator;
      readonly left: ExpressionTree;
      readonly right: ExpressionTree;
      readonly span: Span;
    }
  | {
      readonly kind: 'choose';
      readonly condition: ExpressionTree;
      readonly yes: ExpressionTree;
      readonly no: ExpressionTree;
      readonly span: Span;
    }
  | {
      readonly kind: 'cast';
      readonly type: TypeName;
      readonly operand: ExpressionTree;
      readonly span: Span;
    }
  /** `object.name`, `object->name`, `tuple.0`. */
  | {
      readonly kind: 'member';
      readonly object: ExpressionTree;
      readonly name: string;
      readonly nameSpan: Span;
      readonly span: Span;
    }
  | {
      readonly kind: 'index';
      readonly object: ExpressionTree;
      readonly index: ExpressionTree;
      readonly span: Span;
    }
  | { readonly kind: 'tuple'; readonly members: readonly ExpressionTree[]; readonly span: Span }
  | { readonly kind: 'size-of-type'; readonly type: TypeName; readonly span: Span };

export type AssignmentOperator = '*' | '/' | '%' | '+' | '-' | '<<' | '>>' | '&' | '^' | '|';

export type StatementTree =
  | { readonly kind: 'expression'; readonly expression: ExpressionTree; readonly span: Span }
  /** `operator` is the one of a compound assignment, `+` of `+=`. */
  | {
      readonly kind: 'assign';
      readonly target: TargetTree;
      readonly operator: AssignmentOperator | undefined;
      readonly value: ExpressionTree;
      readonly span: Span;
    }
  | {
      readonly kind: 'if';
      readonly condition: ExpressionTree;
      readonly then: readonly StatementTree[];
      readonly otherwise: readonly StatementTree[];
      readonly span: Span;
    }
  | {
      readonly kind: 'unroll' | 'while';
      /** How often, or as long as. */
      readonly condition: ExpressionTree;
      readonly body: readonly StatementTree[];
      readonly span: Span;
    }
  /** `for ($i : first..last)`: `last` is not reached. */
  | {
      readonly kind: 'for';
      readonly variable: VariableTree;
      readonly first: ExpressionTree;
      readonly last: ExpressionTree;
      readonly body: readonly StatementTree[];
      readonly span: Span;
    }
  | { readonly kind: 'break' | 'continue' | 'return'; readonly span: Span };
