/** Actions of the host (printf, print, clear, exit, ...): each is an event with the values it takes along. */

import { findFunction } from '../language.ts';
import type { EventField, EventPlan } from '../plan.ts';
import { type CallTree, type ExpressionTree, fail, type MapTree } from '../syntax/index.ts';
import type { Expression, Statement } from '../typed.ts';
import { literalText, mapWithKeys, requireFunction } from './calls.ts';
import { checkFormat } from './printf-format.ts';
import { eventFields, type ProbeChecker } from './probe-checker.ts';
import { describeType, STRING_BYTES, unsigned } from './value-types.ts';

/** Strings that join() prints at most. */
const JOIN_STRINGS = 16;

export function isAction(name: string): boolean {
  return findFunction(name)?.kind === 'action';
}

/** The statements of an action. */
export function checkAction(call: CallTree, checker: ProbeChecker): Statement[] {
  requireFunction(call, checker);
  return actions[call.name]!(call, checker);
}

function emit(
  plan: EventPlan,
  values: readonly Expression[],
  call: CallTree,
  checker: ProbeChecker,
): Statement[] {
  return [{ op: 'emit', use: checker.script.events.add(plan, values), span: call.span }];
}

const actions: Readonly<Record<string, (call: CallTree, checker: ProbeChecker) => Statement[]>> = {
  printf(call, checker) {
    const [formatTree, ...rest] = call.arguments;
    const format = literalText(formatTree!, "printf()'s format");
    const printed = rest.map((tree) => printedValue(tree, checker));
    const values = printed.map(({ value }) => value);
    checkFormat(format, values, 'printf', call.span);
    const fields = printedFields(printed);
    return emit({ kind: 'printf', format, fields }, values, call, checker);
  },

  print(call, checker) {
    const [tree, top, divisor] = call.arguments;
    if (tree!.kind === 'map') return printMap(tree!, call, checker);
    if (top !== undefined || divisor !== undefined)
      fail(top!.span, 'only maps are printed with top and divisor');
    const printed = printedValue(tree!, checker);
    return emit({ kind: 'value', field: printedFields([printed])[0]! }, [printed.value], call, checker);
  },

  clear: (call, checker) => ofWholeMap('clear', call, checker),
  zero: (call, checker) => ofWholeMap('zero', call, checker),

  delete(call, checker) {
    const tree = mapWithKeys(call);
    checker.script.maps.require(tree);
    // Gone for all threads and not only for this one: it has to be one map, as if it were read.
    checker.script.maps.read(tree);
    const { map, keys } = checker.mapAndKeys(tree);
    return [{ op: 'delete', map, keys, span: call.span }];
  },

  exit: (call, checker) => emit({ kind: 'exit' }, [], call, checker),

  time(call, checker) {
    const [format] = call.arguments;
    const text = format === undefined ? '%H:%M:%S\n' : literalText(format, "time()'s format");
    return emit({ kind: 'time', format: text }, [], call, checker);
  },

  join(call, checker) {
    const { span } = call;
    const [tree, separatorTree] = call.arguments;
    const separator = separatorTree === undefined ? ' ' : literalText(separatorTree, 'the separator');
    const address = checker.integer(tree!, 'join()');
    const variable = checker.variables.hidden(unsigned, span);
    const base: Expression = { op: 'variable', variable, type: unsigned, span };
    const values = Array.from({ length: JOIN_STRINGS }, (_, index) => stringAt(base, index));
    const fields = eventFields(values.map((value) => value.type));
    return [
      { op: 'assign', target: { kind: 'variable', variable }, value: address, span },
      ...emit({ kind: 'join', fields, separator }, values, call, checker),
    ];
  },
};

interface Printed {
  readonly value: Expression;
  readonly lengthOf: string | undefined;
}

/** `len(@map)` is an empty place in the event, which the host fills in. */
function printedValue(tree: ExpressionTree, checker: ProbeChecker): Printed {
  if (tree.kind !== 'call' || tree.name !== 'len') return { value: checker.value(tree), lengthOf: undefined };
  requireFunction(tree, checker);
  const [map] = tree.arguments;
  if (map?.kind !== 'map' || map.keys.length > 0) {
    return fail(map?.span ?? tree.span, 'len() takes a map: len(@map)');
  }
  checker.script.maps.useWhole(map);
  return { value: { op: 'integer', value: 0n, type: unsigned, span: tree.span }, lengthOf: map.name };
}

function printedFields(printed: readonly Printed[]): EventField[] {
  return eventFields(printed.map(({ value }) => value.type)).map((field, i) => {
    const { lengthOf } = printed[i]!;
    return lengthOf === undefined ? field : { ...field, lengthOf };
  });
}

/** The string that the `index`-th pointer of an array points to. */
function stringAt(base: Expression, index: number): Expression {
  const { span } = base;
  const offset: Expression = { op: 'integer', value: BigInt(8 * index), type: unsigned, span };
  const place: Expression = { op: 'binary', operator: '+', left: base, right: offset, type: unsigned, span };
  return {
    op: 'read-text',
    address: { op: 'read-integer', address: place, bytes: 8, isSigned: false, type: unsigned, span },
    limit: undefined,
    type: { kind: 'text', bytes: STRING_BYTES },
    span,
  };
}

function printMap(tree: MapTree, call: CallTree, checker: ProbeChecker): Statement[] {
  const [, topTree, divisorTree] = call.arguments;
  const { maps } = checker.script;
  if (tree.keys.length > 0) {
    if (topTree !== undefined) fail(topTree.span, 'only whole maps are printed with top and divisor');
    maps.require(tree);
    const { keys } = checker.mapAndKeys(tree);
    const fields = eventFields(maps.keyTypes(tree));
    return emit({ kind: 'print-entry', map: tree.name, fields }, keys, call, checker);
  }
  maps.useWhole(tree);
  const [top, divisor] = [topTree, divisorTree].map((each, index) => {
    const value = each === undefined ? 0n : checker.literal(each, index === 0 ? 'top' : 'the divisor');
    if (value < 0n || value > 0xffff_ffffn) fail(each!.span, `a number from 0 to 4294967295, got ${value}`);
    return Number(value);
  });
  return emit(
    { kind: 'print', map: tree.name, top: top!, divisor: divisor === 0 ? 1 : divisor! },
    [],
    call,
    checker,
  );
}

function ofWholeMap(kind: 'clear' | 'zero', call: CallTree, checker: ProbeChecker): Statement[] {
  const tree = call.arguments[0]!;
  if (tree.kind !== 'map') {
    const value = checker.value(tree);
    return fail(tree.span, `${kind}() takes a map, got ${describeType(value.type)}`);
  }
  if (tree.keys.length > 0) fail(tree.span, `${kind}() takes a whole map, without a key`);
  checker.script.maps.useWhole(tree);
  return emit({ kind, map: tree.name }, [], call, checker);
}
