/**
 * Text to a tree: clauses, statements, and by the expression parser what stands in them. After a fault it goes on at
 * the next statement or clause, so that one run finds several. The language is bpftrace's (0.17, and `for` over a range); what is not in it:
 * preprocessor, struct definitions, attach points in config blocks.
 */
import { ExpressionParser } from './expression-parser.ts';
import { fail } from './fault.ts';
import type { AssignmentOperator, Clause, ProbeText, ScriptTree, StatementTree } from './tree.ts';

/** The tree of the text. Throws CompileError with everything that does not parse. */
export function parseScript(source: string): ScriptTree {
  const parser = new Parser(source);
  return parser.parse();
}

const assignments: ReadonlySet<string> = new Set([
  ...['=', '+=', '-=', '*=', '/=', '%='],
  ...['<<=', '>>=', '&=', '^=', '|='],
]);

const MAP_HINT = 'print(@map) prints all of it, for ($i : 0..10) goes through numbers';

/** Statements that end with a block, and need no `;`. */
const blocks: ReadonlySet<StatementTree['kind']> = new Set(['if', 'for', 'while', 'unroll']);

class Parser extends ExpressionParser {
  parse(): ScriptTree {
    const clauses: Clause[] = [];
    while (this.peek().kind !== 'end') {
      this.guarded(
        () => clauses.push(this.parseClause()),
        () => this.skipClause(),
      );
    }
    this.throwFaults();
    if (clauses.length === 0) {
      const span = { start: 0, end: this.source.length };
      this.guarded(
        () => fail(span, 'there is no probe in the script', 'as in: dpdk:rx_burst { @ = count(); }'),
        () => {},
      );
      this.throwFaults();
    }
    return { source: this.source, clauses };
  }

  private parseClause(): Clause {
    const { start } = this.peek().span;
    if (this.is('struct') || this.is('union') || this.is('enum')) {
      this.failNext('a probe', 'struct, union and enum definitions are not part of the language here');
    }
    const points: ProbeText[] = [];
    do points.push(this.nextProbe() ?? this.failNext('a probe'));
    while (this.tryTake(','));
    const predicate = this.tryTake('/') ? this.parsePredicate() : undefined;
    const body = this.parseBlock();
    return { points, predicate, body, span: { start, end: this.previousEnd() } };
  }

  private parsePredicate(): Clause['predicate'] {
    const predicate = this.parseExpression();
    this.take('/', 'behind the predicate');
    return predicate;
  }

  private parseBlock(): StatementTree[] {
    return this.nested(() => {
      this.take('{', 'before the actions');
      const statements: StatementTree[] = [];
      while (!this.is('}')) {
        if (this.peek().kind === 'end') this.failNext('"}" behind the actions');
        this.guarded(
          () => this.parseStatementInto(statements),
          () => this.skipStatement(),
        );
      }
      this.next();
      return statements;
    });
  }

  private parseStatementInto(statements: StatementTree[]): void {
    if (this.tryTake(';')) return;
    const statement = this.parseStatement();
    statements.push(statement);
    if (!blocks.has(statement.kind) && !this.is('}')) this.take(';', 'or "}" behind the statement');
  }

  private parseStatement(): StatementTree {
    const token = this.peek();
    const { start } = token.span;
    const from = <T extends object>(tree: T): T & { span: { start: number; end: number } } => ({
      ...tree,
      span: { start, end: this.previousEnd() },
    });
    if (token.kind === 'word') {
      switch (token.text) {
        case 'if':
          return this.parseIf();
        case 'while':
        case 'unroll': {
          this.next();
          const condition = this.parseParenthesized(token.text);
          const body = this.parseBlock();
          return from({ kind: token.text, condition, body });
        }
        case 'break':
        case 'continue':
        case 'return':
          this.next();
          return from({ kind: token.text });
        case 'for':
          return this.parseFor();
        case 'else':
          return fail(token.span, '"else" without "if"');
      }
    }
    const expression = this.parseExpression();
    const operator = this.peek();
    if (operator.kind !== 'symbol' || !assignments.has(operator.text)) {
      return from({ kind: 'expression', expression });
    }
    const target = this.asTarget(expression);
    this.next();
    const value = this.parseExpression();
    const compound = operator.text === '=' ? undefined : (operator.text.slice(0, -1) as AssignmentOperator);
    return from({ kind: 'assign', target, operator: compound, value });
  }

  private parseParenthesized(what: string): ReturnType<Parser['parseExpression']> {
    this.take('(', `behind "${what}"`);
    const expression = this.parseExpression();
    this.take(')', 'behind the condition');
    return expression;
  }

  private parseIf(): StatementTree {
    return this.nested(() => {
      const { start } = this.next().span;
      const condition = this.parseParenthesized('if');
      const then = this.parseBlock();
      const otherwise = !this.tryTake('else') ? [] : this.is('if') ? [this.parseIf()] : this.parseBlock();
      return { kind: 'if', condition, then, otherwise, span: { start, end: this.previousEnd() } };
    });
  }

  /** Of a range: both bounds are unary expressions, as bpftrace has them since it has `for`. */
  private parseFor(): StatementTree {
    const { start } = this.next().span;
    this.take('(', 'behind "for"');
    const token = this.peek();
    if (token.kind !== 'variable')
      this.failNext('a variable behind "for ("', 'as in for ($i : 0..10) { ... }');
    this.next();
    const variable = { kind: 'variable', name: token.text, span: token.span } as const;
    this.take(':', 'behind the variable of "for"');
    if (this.peek().kind === 'map') {
      fail(
        this.peek().span,
        'no program can go through a map, neither in the application nor in the kernel',
        MAP_HINT,
      );
    }
    const first = this.parseUnary();
    this.take('..', 'between the bounds of "for"');
    const last = this.parseUnary();
    this.take(')', 'behind the range; a bound that is computed stands in parentheses');
    const body = this.parseBlock();
    return { kind: 'for', variable, first, last, body, span: { start, end: this.previousEnd() } };
  }

  /** To behind the next `;` of this block, or to the `}` that ends it. */
  private skipStatement(): void {
    let depth = 0;
    while (this.peek().kind !== 'end') {
      if (this.is('}') && depth === 0) return;
      if (this.is('{')) depth++;
      if (this.is('}')) depth--;
      const isEnd = depth === 0 && (this.is(';') || this.is('}'));
      this.next();
      if (isEnd && !this.is('else')) return;
    }
  }

  /** To behind the block of this clause. */
  private skipClause(): void {
    let depth = 0;
    while (this.peek().kind !== 'end') {
      if (this.is('{')) depth++;
      const isEnd = this.is('}') && --depth <= 0;
      this.next();
      if (isEnd) return;
    }
  }
}
