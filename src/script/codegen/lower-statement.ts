/** Statements, and a whole probe: predicate, body, the one end. */

import type { Span } from '../../base/index.ts';
import type { EbpfProgram } from '../../bpf/index.ts';
import { type EventPlan, type ValueType, valueBytes } from '../plan.ts';
import type { CheckedProbe, EventUse, Expression, Statement } from '../typed.ts';
import { fold, hasEffect } from './fold.ts';
import type { Lowering, ProbeForm, Scope, VariablePlace } from './form.ts';
import { lowerBranch } from './lower-branch.ts';
import { clear, lowerBytes } from './lower-bytes.ts';
import { lowerFor, lowerWhile } from './lower-loop.ts';
import { lowerAggregate, lowerAssignment, lowerIncrement } from './lower-map.ts';
import { lowerValue } from './lower-value.ts';
import { mentions, withValue } from './operands.ts';
import { ProbeCode } from './probe-code.ts';
import { isScalar } from './scalars.ts';
import { expressionsOf, foldStatement } from './statement-parts.ts';

const lower: Lowering = { value: lowerValue, branch: lowerBranch, bytes: lowerBytes };

/** Bytes of an event's number before its fields. */
const EVENT_HEAD_BYTES = 8;

/** @throws CompileError for what the form does not have, or what does not fit */
export function lowerProbe(
  probe: CheckedProbe,
  form: ProbeForm,
  events: readonly EventPlan[],
  source: string,
): EbpfProgram {
  const code = new ProbeCode(form, source, probe.span);
  const predicate = probe.predicate === undefined ? undefined : fold(probe.predicate);
  const body = probe.body.map(foldStatement);
  const expressions = [...(predicate === undefined ? [] : [predicate]), ...body.flatMap(expressionsOf)];
  const ways = form.begin(code, expressions);
  const variables = probe.variables.map(
    (type): VariablePlace =>
      isScalar(type) ? code.home() : { kind: 'scratch', offset: code.keepScratch(valueBytes(type)) },
  );
  const scope: Scope = { code, asm: code.asm, form, lower, variables, loops: [] };
  for (const begin of ways) {
    begin();
    probe.variables.forEach((type, variable) => {
      if (isAssignedFirst(variable, predicate, body)) return;
      const home = variables[variable]!;
      if (home.kind === 'scratch') clear(scope, code.scratch(home.offset), 0, valueBytes(type));
      else code.writeHomeConstant(home, 0);
    });
    if (predicate !== undefined) {
      lowerBranch(scope, predicate, code.end, false);
      form.assume(predicate);
    }
    lowerStatements(scope, body, events);
    code.asm.jump(code.end);
  }
  code.asm.bind(code.end);
  form.end(code);
  return code.asm.finish();
}

/**
 * A condition alone: the program's result is 1 where it holds, else 0.
 * @param condition undefined for one that always holds
 * @throws CompileError likewise
 */
export function lowerCondition(
  condition: Expression | undefined,
  form: ProbeForm,
  source: string,
  span: Span,
): EbpfProgram {
  const code = new ProbeCode(form, source, span);
  const { asm } = code;
  const folded = condition === undefined ? undefined : fold(condition);
  const ways = form.begin(code, folded === undefined ? [] : [folded]);
  const scope: Scope = { code, asm, form, lower, variables: [], loops: [] };
  const [holds, end] = [asm.label(), asm.label()];
  for (const begin of ways) {
    begin();
    if (folded !== undefined) lowerBranch(scope, folded, code.end, false);
    asm.jump(holds);
  }
  asm.bind(holds);
  asm.constant(0, 1n);
  asm.jump(end);
  asm.bind(code.end);
  asm.constant(0, 0n);
  asm.bind(end);
  asm.exit();
  return asm.finish();
}

/** Whether every way assigns the variable before it reads it, as far as the outermost statements show. */
function isAssignedFirst(
  variable: number,
  predicate: Expression | undefined,
  body: readonly Statement[],
): boolean {
  if (predicate !== undefined && mentions(predicate, variable)) return false;
  for (const statement of body) {
    if (statement.op === 'for' && statement.variable === variable) return true;
    const isRead = expressionsOf(statement).some((e) => mentions(e, variable));
    if (isRead || isAssignedInside(statement, variable)) return false;
    if (statement.op === 'assign' && isVariable(statement, variable)) return true;
  }
  return true;
}

function isVariable({ target }: Statement & { op: 'assign' }, variable: number): boolean {
  return target.kind === 'variable' && target.variable === variable;
}

/** In a branch or a loop, which may not be gone through. */
function isAssignedInside(statement: Statement, variable: number): boolean {
  const inside =
    statement.op === 'if'
      ? [...statement.then, ...statement.otherwise]
      : statement.op === 'while' || statement.op === 'for'
        ? statement.body
        : [];
  return inside.some(
    (each) => (each.op === 'assign' && isVariable(each, variable)) || isAssignedInside(each, variable),
  );
}

function lowerStatements(scope: Scope, statements: readonly Statement[], events: readonly EventPlan[]): void {
  for (const statement of statements) {
    scope.code.at(statement.span);
    lowerStatement(scope, statement, events);
  }
}

function lowerStatement(scope: Scope, statement: Statement, events: readonly EventPlan[]): void {
  const { asm, code, form, loops } = scope;
  switch (statement.op) {
    case 'assign':
      lowerAssignment(scope, statement);
      return;
    case 'aggregate':
      lowerAggregate(scope, statement);
      return;
    case 'delete':
      form.deleteKey(scope, statement.map, statement.keys);
      return;
    case 'emit':
      lowerEvent(scope, statement.use, events, statement.span);
      return;
    case 'if': {
      const [otherwise, end] = [asm.label(), asm.label()];
      lowerBranch(scope, statement.condition, otherwise, false);
      const forget = form.assume(statement.condition);
      lowerStatements(scope, statement.then, events);
      forget();
      asm.jump(end);
      asm.bind(otherwise);
      lowerStatements(scope, statement.otherwise, events);
      asm.bind(end);
      return;
    }
    case 'while':
      lowerWhile(scope, statement, () => lowerStatements(scope, statement.body, events));
      return;
    case 'for':
      lowerFor(scope, statement, () => lowerStatements(scope, statement.body, events));
      return;
    case 'break':
    case 'continue': {
      const loop = loops.at(-1) ?? code.fail(`${statement.op} outside of a loop`);
      asm.jump(statement.op === 'break' ? loop.out : loop.again);
      return;
    }
    case 'return':
      asm.jump(code.end);
      return;
    case 'evaluate':
      lowerForEffect(scope, statement.expression);
  }
}

function lowerForEffect(scope: Scope, e: Expression): void {
  if (e.op === 'increment') lowerIncrement(scope, e, undefined);
  else if (hasEffect(e)) withValue(scope, e, () => undefined);
}

/** {u32 event, u32 zero}, then the fields, each with its type of the plan. */
function lowerEvent(scope: Scope, use: EventUse, events: readonly EventPlan[], span: Span): void {
  const { asm, code, form } = scope;
  const plan = events[use.event]!;
  const types = fieldTypes(plan);
  const bytes = types.reduce((sum, type) => sum + valueBytes(type), EVENT_HEAD_BYTES);
  code.withScratch(bytes, (offset) => {
    const { base, offset: at } = code.scratch(offset);
    asm.storeConstant(8, base, at, use.event);
    let field = at + EVENT_HEAD_BYTES;
    use.values.forEach((value, i) => {
      lowerBytes(scope, value, { base, offset: field }, types[i]);
      field += valueBytes(types[i]!);
    });
    code.at(span);
    form.emit(scope, use, offset, bytes);
  });
  if (plan.kind === 'exit') asm.jump(code.end);
}

function fieldTypes(plan: EventPlan): readonly ValueType[] {
  switch (plan.kind) {
    case 'printf':
    case 'print-entry':
    case 'join':
      return plan.fields.map(({ type }) => type);
    case 'value':
      return [plan.field.type];
    default:
      return [];
  }
}
