/**
 * The values that filters compare: numbers, `len`, bytes of a packet, and what is computed from them. `%` and `^` have no
 * precedence of their own in libpcap's grammar: they take everything to their right and bind tightly to the left.
 */
import type { Arithmetic, ArithmeticOperator } from './ast.ts';
import type { TokenKind } from './lexer.ts';
import { TokenReader } from './token-reader.ts';
import { type ProtocolWord, protocolWords } from './words.ts';

export const protocols: ReadonlySet<TokenKind> = new Set<TokenKind>(protocolWords);

/** How tightly an operator binds; the two that libpcap gives no precedence are told apart by their absence. */
const precedence: ReadonlyMap<TokenKind, number> = new Map<TokenKind, number>([
  ['|', 1],
  ['&', 2],
  ['<<', 3],
  ['>>', 3],
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
]);
const greedy: ReadonlySet<TokenKind> = new Set<TokenKind>(['%', '^']);

export class ArithmeticParser extends TokenReader {
  protected parseArithmetic(): Arithmetic {
    return this.nested(() => this.parseOperators(this.parsePrimary(), 0));
  }

  /** Operators and their right sides after `left`, as long as they bind at least as tightly as `minimum`. */
  protected parseOperators(left: Arithmetic, minimum: number): Arithmetic {
    let value = left;
    for (;;) {
      const operator = this.peek();
      const level = precedence.get(operator.kind);
      const takesAll = greedy.has(operator.kind);
      if (!takesAll && (level === undefined || level < minimum)) return value;
      this.next();
      const right = this.nested(() =>
        this.parseOperators(this.parsePrimary(), takesAll ? 0 : (level ?? 0) + 1),
      );
      value = {
        kind: 'binary',
        operator: operator.kind as ArithmeticOperator,
        left: value,
        right,
        span: { start: value.span.start, end: right.span.end },
      };
    }
  }

  protected parsePrimary(): Arithmetic {
    const token = this.peek();
    switch (token.kind) {
      case 'number':
        this.next();
        return { kind: 'number', value: token.value, span: token.span };
      case 'len':
        this.next();
        return { kind: 'len', span: token.span };
      case '-': {
        this.next();
        const operand = this.nested(() => this.parseGreedy(this.parsePrimary()));
        return { kind: 'negate', operand, span: { start: token.span.start, end: operand.span.end } };
      }
      case '(': {
        this.next();
        const inner = this.parseArithmetic();
        this.expect(')', 'an operator or ")"');
        return inner;
      }
      default:
        if (protocols.has(token.kind)) return this.parseLoad();
        return this.fail('a number, "len" or bytes of a packet such as ip[0]');
    }
  }

  /** `-a % b` is -(a % b), as `%` and `^` take whatever stands on their left. */
  private parseGreedy(value: Arithmetic): Arithmetic {
    return greedy.has(this.peek().kind) ? this.parseOperators(value, Number.POSITIVE_INFINITY) : value;
  }

  /** `tcp[13]`, `ip[2:2]`. */
  private parseLoad(): Arithmetic {
    const protocol = this.next();
    this.expect('[', '"[" and an offset');
    const index = this.parseArithmetic();
    let size = 1;
    if (this.peek().kind === ':') {
      this.next();
      const token = this.peek();
      if (token.kind !== 'number') this.fail('a size of 1, 2 or 4 bytes');
      this.next();
      size = token.value;
      if (size !== 1 && size !== 2 && size !== 4)
        this.failAt(token.span, `a load of ${size} bytes: expected 1, 2 or 4`);
    }
    this.expect(']', 'an operator, ":" and a size, or "]"');
    const span = { start: protocol.span.start, end: this.previousEnd() };
    return { kind: 'load', protocol: protocol.kind as ProtocolWord, index, size, span };
  }
}
