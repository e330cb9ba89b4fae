/** What is inside of statements: their expressions, and the same statements with expressions folded. */
import type { Expression, ForRange, Statement, Target } from '../typed.ts';
import { fold } from './fold.ts';

/** All expressions of a statement and of those inside of it, the keys of what it assigns to included. */
export function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.op) {
    case 'assign':
      return [...keysOf(statement.target), statement.value];
    case 'aggregate':
      return statement.value === undefined ? statement.keys : [...statement.keys, statement.value];
    case 'delete':
      return statement.keys;
    case 'emit':
      return statement.use.values;
    case 'if':
      return [
        statement.condition,
        ...statement.then.flatMap(expressionsOf),
        ...statement.otherwise.flatMap(expressionsOf),
      ];
    case 'while':
      return [statement.condition, ...statement.body.flatMap(expressionsOf)];
    case 'for':
      return [...boundsOf(statement.range), ...statement.body.flatMap(expressionsOf)];
    case 'evaluate':
      return [statement.expression];
    default:
      return [];
  }
}

function boundsOf(range: ForRange): readonly Expression[] {
  return range.kind === 'constant' ? [] : [range.first, range.last];
}

function foldRange(range: ForRange): ForRange {
  return range.kind === 'constant' ? range : { ...range, first: fold(range.first), last: fold(range.last) };
}

function keysOf(target: Target): readonly Expression[] {
  return target.kind === 'map' ? target.keys : [];
}

export function foldStatement(statement: Statement): Statement {
  switch (statement.op) {
    case 'assign':
      return { ...statement, target: foldTarget(statement.target), value: fold(statement.value) };
    case 'aggregate': {
      const keys = statement.keys.map(fold);
      return { ...statement, keys, value: statement.value === undefined ? undefined : fold(statement.value) };
    }
    case 'delete':
      return { ...statement, keys: statement.keys.map(fold) };
    case 'emit':
      return { ...statement, use: { ...statement.use, values: statement.use.values.map(fold) } };
    case 'if': {
      const condition = fold(statement.condition);
      const isDecided = condition.op === 'integer';
      const isTrue = isDecided && condition.value !== 0n;
      const then = isDecided && !isTrue ? [] : statement.then.map(foldStatement);
      const otherwise = isTrue ? [] : statement.otherwise.map(foldStatement);
      return { ...statement, condition, then, otherwise };
    }
    case 'while':
      return { ...statement, condition: fold(statement.condition), body: statement.body.map(foldStatement) };
    case 'for':
      return { ...statement, range: foldRange(statement.range), body: statement.body.map(foldStatement) };
    case 'evaluate':
      return { ...statement, expression: fold(statement.expression) };
    default:
      return statement;
  }
}

function foldTarget(target: Target): Target {
  return target.kind === 'map' ? { ...target, keys: target.keys.map(fold) } : target;
}

/** A statement and all those inside of it. */
export function statementsOf(statement: Statement): readonly Statement[] {
  switch (statement.op) {
    case 'if':
      return [statement, ...[...statement.then, ...statement.otherwise].flatMap(statementsOf)];
    case 'while':
    case 'for':
      return [statement, ...statement.body.flatMap(statementsOf)];
    default:
      return [statement];
  }
}
