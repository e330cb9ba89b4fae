/**
 * What the passes share while they look at one probe: the script's maps and events, the probe's point and variables,
 * and the checks of expressions, which call one another.
 */
import type { Span } from '../../base/index.ts';
import type { ProbePoint } from '../../tracepoints/index.ts';
import type { EventField, EventPlan, ValueType } from '../plan.ts';
import { valueBytes } from '../plan.ts';
import type { ExpressionTree, MapTree } from '../syntax/index.ts';
import type { EventUse, Expression } from '../typed.ts';
import type { MapTable } from './map-table.ts';
import { isSameType, isUnknown, unify } from './value-types.ts';

export type Form = 'agent' | 'kernel';

/** Of a whole script. */
export interface ScriptScope {
  readonly source: string;
  readonly form: Form;
  readonly positional: readonly string[];
  readonly maps: MapTable;
  readonly events: EventTable;
}

/** Events that actions send; equal ones are one. */
export class EventTable {
  readonly #events: EventPlan[] = [];
  readonly #numbers = new Map<string, number>();

  add(plan: EventPlan, values: readonly Expression[] = []): EventUse {
    const key = JSON.stringify(plan);
    let event = this.#numbers.get(key);
    if (event === undefined) {
      event = this.#events.length;
      this.#events.push(plan);
      this.#numbers.set(key, event);
    }
    return { event, values };
  }

  list(): readonly EventPlan[] {
    return this.#events;
  }
}

/** Where values of these types stand in an event record, one after another behind its head. */
export function eventFields(types: readonly ValueType[]): EventField[] {
  let offset = 8;
  return types.map((type) => {
    const field = { type, offset };
    offset += valueBytes(type);
    return field;
  });
}

/** The `$variables` of a probe; their types stay from one round of checking to the next, because texts get wider. */
export class VariableTable {
  readonly #variables = new Map<string, { number: number; type: ValueType; span: Span }>();
  #assigned = new Set<string>();
  #hasChanged = false;

  /** A new round begins: nothing has been assigned to. */
  restart(): void {
    this.#assigned = new Set();
  }

  takeChange(): boolean {
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  names(): readonly string[] {
    return [...this.#assigned];
  }

  types(): readonly ValueType[] {
    return [...this.#variables.values()].map((variable) => variable.type);
  }

  find(name: string): { readonly number: number; readonly type: ValueType; readonly span: Span } | undefined {
    return this.#assigned.has(name) ? this.#variables.get(name) : undefined;
  }

  /** The variable's number; undefined when it has a type that does not go with this one. */
  assign(name: string, type: ValueType, span: Span): number | undefined {
    this.#assigned.add(name);
    const known = this.#variables.get(name);
    if (known === undefined) {
      const number = this.#variables.size;
      this.#variables.set(name, { number, type, span });
      this.#hasChanged = true;
      return number;
    }
    const both = unify(known.type, type);
    if (both === undefined) return undefined;
    if (!isUnknown(both) && !isSameType(both, known.type)) {
      known.type = both;
      this.#hasChanged = true;
    }
    return known.number;
  }

  /** A variable that the script does not name: one for each place and purpose. */
  hidden(type: ValueType, span: Span, purpose = ''): number {
    return this.assign(`hidden ${span.start} ${purpose}`, type, span)!;
  }

  /** The variable of a loop, behind the loop: it may be another loop's then. */
  forget(name: string): void {
    this.#assigned.delete(name);
  }
}

export interface ProbeChecker {
  readonly script: ScriptScope;
  readonly point: ProbePoint;
  /** The probe as it is written, with port and queue. */
  readonly probeName: string;
  readonly variables: VariableTable;
  /** The tree as a value. */
  value(tree: ExpressionTree): Expression;
  /** The tree as true or false: names of protocols and fields say whether they are there. */
  condition(tree: ExpressionTree): Expression;
  /** A value that is an integer; `what` says of what in the message otherwise. */
  integer(tree: ExpressionTree, what: string): Expression;
  /** A number that is known now: a literal, perhaps negative, or a positional parameter. */
  literal(tree: ExpressionTree, what: string): bigint;
  /** The number of a map and its keys. */
  mapAndKeys(tree: MapTree): { map: number; keys: readonly Expression[] };
}
