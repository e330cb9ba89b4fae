/** Statements: assignments, aggregations, actions, branches and loops. A fault ends its statement; others go on. */
import type { Diagnostic, Span } from '../../base/index.ts';
import {
  type AssignmentOperator,
  type ExpressionTree,
  Fault,
  fail,
  type StatementTree,
  type TargetTree,
} from '../syntax/index.ts';
import type { Expression, ForRange, Statement } from '../typed.ts';
import { checkAction, isAction } from './actions.ts';
import { checkAggregation, isAggregation } from './aggregations.ts';
import { ExpressionChecker } from './expressions.ts';
import { requireForm } from './forms.ts';
import { signed } from './value-types.ts';

type StatementOf<K extends StatementTree['kind']> = Extract<StatementTree, { kind: K }>;

/** Rounds of an unroll, and of a `for` that is unrolled. */
const MAX_UNROLL = 100n;
const ROUNDS_HINT = 'each round is code of its own there; probes in the kernel have loops';
/** Statements that an unroll may become. */
const MAX_STATEMENTS = 20_000;

export class StatementChecker extends ExpressionChecker {
  readonly diagnostics: Diagnostic[] = [];
  #loops = 0;

  block(trees: readonly StatementTree[]): Statement[] {
    return trees.flatMap((tree) => this.guarded(() => this.statement(tree)) ?? []);
  }

  /** Keeps the fault of what runs. */
  guarded<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.diagnostics.push(error.diagnostic);
      return undefined;
    }
  }

  private statement(tree: StatementTree): readonly Statement[] {
    const { span } = tree;
    switch (tree.kind) {
      case 'expression':
        return this.effect(tree.expression);
      case 'assign':
        return [this.assignment(tree)];
      case 'if': {
        const condition = this.guarded(() => this.condition(tree.condition));
        const then = this.block(tree.then);
        const otherwise = this.block(tree.otherwise);
        return condition === undefined ? [] : [{ op: 'if', condition, then, otherwise, span }];
      }
      case 'unroll': {
        const times = this.literal(tree.condition, "unroll's number");
        if (times < 1n || times > MAX_UNROLL) {
          fail(tree.condition.span, `unroll repeats 1 to ${MAX_UNROLL} times, got ${times}`);
        }
        const body = this.block(tree.body);
        if (countStatements(body) * Number(times) > MAX_STATEMENTS) {
          fail(span, `this makes more than ${MAX_STATEMENTS} statements`);
        }
        return Array.from({ length: Number(times) }, () => body).flat();
      }
      case 'while': {
        requireForm(this.script.form, 'kernel', span, 'while');
        const condition = this.condition(tree.condition);
        this.#loops++;
        const body = this.block(tree.body);
        this.#loops--;
        return [{ op: 'while', condition, body, span }];
      }
      case 'for':
        return [this.range(tree)];
      case 'break':
      case 'continue':
        if (this.#loops === 0) fail(span, `${tree.kind} stands outside of a loop`);
        return [{ op: tree.kind, span }];
      case 'return':
        return [{ op: 'return', span }];
    }
  }

  private range({ variable, first, last, body: tree, span }: StatementOf<'for'>): Statement {
    const { variables } = this;
    if (variables.find(variable.name) !== undefined) {
      fail(variable.span, `${variable.name} is there already: a loop has a variable of its own`);
    }
    const hidden = (near: Span, name: string): number => variables.hidden(signed, near, name);
    const counter = hidden(span, 'counter');
    const bounds = [first, last].map((bound) => this.tryLiteral(bound));
    const [from, to] = bounds;
    let range: ForRange;
    if (from !== undefined && to !== undefined) {
      range = { kind: 'constant', first: from, last: to, counter };
    } else {
      const computed = from === undefined ? first.span : last.span;
      const what = 'a bound of "for" that is not written out as a number';
      requireForm(this.script.form, 'kernel', computed, what);
      const [base, rounds] = [hidden(span, 'base'), hidden(span, 'rounds')];
      const [low, high] = [this.integer(first, 'a bound'), this.integer(last, 'a bound')];
      range = { kind: 'computed', first: low, last: high, counter, base, rounds };
    }
    const number = variables.assign(variable.name, signed, variable.span);
    if (number === undefined) fail(variable.span, `${variable.name} is no integer elsewhere`);
    this.#loops++;
    const body = this.block(tree);
    this.#loops--;
    variables.forget(variable.name);
    if (range.kind === 'constant' && this.script.form === 'agent') {
      const times = range.last - range.first;
      if (times > MAX_UNROLL) {
        fail(span, `"for" has at most ${MAX_UNROLL} rounds in the application, got ${times}`, ROUNDS_HINT);
      }
      if (countStatements(body) * Number(times) > MAX_STATEMENTS) {
        fail(span, `this makes more than ${MAX_STATEMENTS} statements`);
      }
    }
    return { op: 'for', variable: number, range, body, span };
  }

  private tryLiteral(tree: ExpressionTree): bigint | undefined {
    const operand = tree.kind === 'unary' && tree.operator === '-' ? tree.operand : tree;
    const isLiteral = operand.kind === 'integer' || operand.kind === 'positional';
    return isLiteral ? BigInt.asIntN(64, this.literal(tree, 'a bound')) : undefined;
  }

  /** An expression that stands alone. */
  private effect(tree: ExpressionTree): readonly Statement[] {
    const { span } = tree;
    if (tree.kind === 'call' && isAction(tree.name)) return checkAction(tree, this);
    if (tree.kind === 'choose' && (isActionTree(tree.yes) || isActionTree(tree.no))) {
      const condition = this.condition(tree.condition);
      const then = this.effect(tree.yes);
      return [{ op: 'if', condition, then, otherwise: this.effect(tree.no), span }];
    }
    if (tree.kind === 'increment' && tree.target.kind === 'map') {
      this.script.maps.aim(tree.target);
      const by: Expression = { op: 'integer', value: BigInt(tree.by), type: signed, span };
      const counted = this.count(tree.target, by, span);
      if (counted !== undefined) return [counted];
    }
    return [{ op: 'evaluate', expression: this.value(tree), span }];
  }

  private assignment(tree: StatementOf<'assign'>): Statement {
    const { target, operator, span } = tree;
    if (target.kind === 'map') this.script.maps.aim(target);
    if (operator !== undefined) return this.compound(tree, operator);
    if (tree.value.kind === 'call' && isAggregation(tree.value.name)) {
      if (target.kind === 'variable') fail(tree.value.span, `${tree.value.name}() goes into a map: @x = ...`);
      const { kind, value } = checkAggregation(tree.value, this);
      this.script.maps.write(target, kind, span);
      return { op: 'aggregate', ...this.mapAndKeys(target), value, span };
    }
    return this.assign(target, this.value(tree.value), span);
  }

  private assign(target: TargetTree, value: Expression, span: Statement['span']): Statement {
    if (target.kind === 'map') this.script.maps.assign(target, value.type, span);
    return { op: 'assign', target: this.target(target, value.type, span), value, span };
  }

  /** `target operator= value` */
  private compound(tree: StatementOf<'assign'>, operator: AssignmentOperator): Statement {
    const { target, span } = tree;
    if (target.kind === 'map' && (operator === '+' || operator === '-')) {
      const value = this.integer(tree.value, `"${operator}="`);
      const by: Expression =
        operator === '+' ? value : { op: 'negate', operand: value, type: signed, span: value.span };
      const counted = this.count(target, by, span);
      if (counted !== undefined) return counted;
      this.script.maps.write(target, { kind: 'value', type: signed }, span);
    }
    const right = tree.value;
    const value = this.value({ kind: 'binary', operator, left: target, right, span });
    if (target.kind === 'map') this.script.maps.write(target, { kind: 'value', type: value.type }, span);
    return { op: 'assign', target: this.target(target, value.type, span), value, span };
  }

  /** `@x++;` and `@x += n;` add to a sum while nobody reads the map or assigns to it. */
  private count(target: TargetTree, by: Expression, span: Statement['span']): Statement | undefined {
    const { maps } = this.script;
    if (target.kind !== 'map') return undefined;
    if (maps.isCounter(target)) return { op: 'aggregate', ...this.mapAndKeys(target), value: by, span };
    if (maps.isDecided()) return undefined;
    // Made anew when all uses of the map are known.
    maps.write(target, { kind: 'value', type: signed }, span);
    this.mapAndKeys(target);
    return { op: 'evaluate', expression: by, span };
  }
}

function isActionTree(tree: ExpressionTree): boolean {
  return tree.kind === 'call' && isAction(tree.name);
}

/** Of a range that is computed 1: such a loop is code once. */
function roundsOf(range: ForRange): number {
  return range.kind === 'constant' ? Math.max(0, Number(range.last - range.first)) : 1;
}

/** With those of branches and loops, as often as they stand there. */
function countStatements(statements: readonly Statement[]): number {
  let count = 0;
  for (const statement of statements) {
    count++;
    if (statement.op === 'if')
      count += countStatements(statement.then) + countStatements(statement.otherwise);
    if (statement.op === 'while') count += countStatements(statement.body);
    if (statement.op === 'for') count += countStatements(statement.body) * roundsOf(statement.range);
  }
  return count;
}
