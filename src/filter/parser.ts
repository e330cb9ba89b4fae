/**
 * Tokens to a tree, by the grammar of libpcap 1.10, written as recursive descent. What is peculiar to that grammar
 * and kept:
 * - `and` and `or` bind equally and to the left; `not` binds tighter.
 * - An operand without qualifiers takes those of the operand before it; a bare protocol or a comparison has none to
 *   hand on, and a parenthesis hands on what stood before it.
 * - Parentheses hold either operands only (`port (80 or 443)`) or whole terms that may be followed by operands.
 * - `%` and `^` have no precedence of their own: they take everything to their right and bind tightly to the left.
 */
import { CompileError, nearest, type Span } from '../base/index.ts';
import type {
  AddressType,
  Arithmetic,
  ArithmeticOperator,
  Comparison,
  Direction,
  Filter,
  Operand,
  Qualifiers,
} from './ast.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';
import { namedNumbers, type ProtocolWord, protocolWords, unsupportedWords, words } from './words.ts';

/** Deeper nesting than any person writes; keeps the recursion away from the end of the stack. */
const MAX_DEPTH = 500;

const protocols: ReadonlySet<TokenKind> = new Set<TokenKind>(protocolWords);
const addressTypes: ReadonlySet<TokenKind> = new Set<TokenKind>(['host', 'net', 'port', 'portrange']);
const comparisons: ReadonlySet<TokenKind> = new Set<TokenKind>(['=', '!=', '<', '<=', '>', '>=']);

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

/** A term, an operand that stands alone, or something that is still waiting for its comparison. */
type Parsed =
  | {
      readonly category: 'term' | 'operand';
      readonly filter: Filter;
      readonly carried: Qualifiers | undefined;
    }
  | { readonly category: 'arithmetic' | 'number'; readonly value: Arithmetic };

type ParsedFilter = Extract<Parsed, { filter: Filter }>;
type ParsedValue = Extract<Parsed, { value: Arithmetic }>;

/** The tree of the text, or undefined for an empty text, which matches every packet. Throws CompileError. */
export function parseFilter(source: string): Filter | undefined {
  const parser = new Parser(source);
  return parser.parse();
}

class Parser {
  private readonly source: string;
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(source: string) {
    this.source = source;
    this.tokens = tokenize(source);
  }

  parse(): Filter | undefined {
    if (this.peek().kind === 'end') return undefined;
    const first = this.parseItem(undefined);
    const { filter } = this.parseChain(this.asFilter(first, undefined), undefined, false);
    if (this.peek().kind !== 'end') this.fail('"and", "or" or the end of the filter');
    return filter;
  }

  /** What follows a first item: items joined by and/or, all of them operands when `operandsOnly`. */
  private parseChain(
    first: ParsedFilter,
    outer: Qualifiers | undefined,
    operandsOnly: boolean,
  ): ParsedFilter {
    let { filter, carried } = first;
    for (;;) {
      const joint = this.peek().kind;
      if (joint !== 'and' && joint !== 'or') break;
      const operands = [filter];
      while (this.peek().kind === joint) {
        this.at++;
        const { span } = this.peek();
        const next = this.asFilter(this.parseItem(carried), carried);
        if (operandsOnly && next.category !== 'operand') {
          this.failAt(
            span,
            'in parentheses after a qualifier there can only be operands, without qualifiers',
          );
        }
        operands.push(next.filter);
        carried = next.carried;
      }
      filter = { kind: joint, operands, span: { start: first.filter.span.start, end: this.previousEnd() } };
    }
    return { category: first.category, filter, carried: operandsOnly ? carried : outer };
  }

  /** A number that no comparison followed is an operand; other arithmetic is a fault. */
  private asFilter(parsed: Parsed, qualifiers: Qualifiers | undefined): ParsedFilter {
    if ('filter' in parsed) return parsed;
    const { value } = parsed;
    if (parsed.category !== 'number' || value.kind !== 'number')
      return this.fail('a comparison such as = or >');
    if (qualifiers === undefined) {
      return this.failAt(
        value.span,
        'a number alone is no condition: expected qualifiers before it, such as port or host',
      );
    }
    return this.operandOf({ kind: 'number', value: value.value }, value.span, qualifiers);
  }

  private operandOf(operand: Operand, span: Span, qualifiers: Qualifiers): ParsedFilter {
    return { category: 'operand', filter: { kind: 'match', qualifiers, operand, span }, carried: qualifiers };
  }

  /** One item: a term, an operand under `qualifiers`, or a value whose comparison may still follow. */
  private parseItem(qualifiers: Qualifiers | undefined): Parsed {
    const token = this.peek();
    switch (token.kind) {
      case 'not':
        return this.parseNot(qualifiers);
      case '(': {
        const inside = this.nested(() => this.parseParenthesis(qualifiers));
        return 'value' in inside ? this.parseComparison(inside) : inside;
      }
      case 'number':
      case '-':
      case 'len':
        return this.parseComparison(this.parsePrimary());
      case 'name':
      case 'dotted':
      case 'ip6Address':
      case 'etherAddress':
      case 'arcnetAddress':
        if (qualifiers === undefined) this.failNoQualifiers(token);
        return this.parseOperand(qualifiers);
      default:
        if (protocols.has(token.kind) && this.peek(1).kind === '[')
          return this.parseComparison(this.parsePrimary());
        return this.parseTerm();
    }
  }

  private parseNot(qualifiers: Qualifiers | undefined): ParsedFilter {
    const { span } = this.next();
    const inner = this.nested(() => this.asFilter(this.parseItem(qualifiers), qualifiers));
    const filter: Filter = {
      kind: 'not',
      operand: inner.filter,
      span: { start: span.start, end: inner.filter.span.end },
    };
    return { ...inner, filter };
  }

  private parseParenthesis(qualifiers: Qualifiers | undefined): Parsed {
    const open = this.next();
    const { kind } = this.peek();
    const first = this.parseItem(qualifiers);
    const joined = this.peek().kind === 'and' || this.peek().kind === 'or';
    if ('value' in first && !joined) {
      this.expect(')', 'a comparison such as = or >, or ")"');
      const span = { start: open.span.start, end: this.previousEnd() };
      return { category: first.category, value: { ...first.value, span } };
    }
    const filter = this.asFilter(first, qualifiers);
    if (filter.category === 'operand' && kind === '(' && 'filter' in first) {
      this.failAt(
        filter.filter.span,
        'a parenthesis of operands cannot begin with another: leave the inner one out',
      );
    }
    const chain = this.parseChain(filter, qualifiers, filter.category === 'operand');
    this.expect(')', '"and", "or" or ")"');
    return chain;
  }

  /** The rest of a value, and its comparison when there is one. */
  private parseComparison(first: ParsedValue): Parsed {
    const left = this.parseOperators(first.value, 0);
    const operator = this.peek();
    if (!comparisons.has(operator.kind)) {
      return left === first.value ? first : { category: 'arithmetic', value: left };
    }
    this.at++;
    const right = this.parseArithmetic();
    const span = { start: left.span.start, end: right.span.end };
    const comparison = operator.kind as Comparison;
    return {
      category: 'term',
      filter: { kind: 'relation', comparison, left, right, span },
      carried: undefined,
    };
  }

  private parseArithmetic(): Arithmetic {
    return this.nested(() => this.parseOperators(this.parsePrimary().value, 0));
  }

  /** Operators and their right sides after `left`, as long as they bind at least as tightly as `minimum`. */
  private parseOperators(left: Arithmetic, minimum: number): Arithmetic {
    let value = left;
    for (;;) {
      const operator = this.peek();
      const level = precedence.get(operator.kind);
      const takesAll = greedy.has(operator.kind);
      if (!takesAll && (level === undefined || level < minimum)) return value;
      this.at++;
      const right = this.nested(() =>
        this.parseOperators(this.parsePrimary().value, takesAll ? 0 : (level ?? 0) + 1),
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

  private parsePrimary(): ParsedValue {
    const token = this.peek();
    switch (token.kind) {
      case 'number':
        this.at++;
        return { category: 'number', value: { kind: 'number', value: token.value, span: token.span } };
      case 'len':
        this.at++;
        return { category: 'arithmetic', value: { kind: 'len', span: token.span } };
      case '-': {
        this.at++;
        const operand = this.nested(() => this.parseGreedy(this.parsePrimary().value));
        const span = { start: token.span.start, end: operand.span.end };
        return { category: 'arithmetic', value: { kind: 'negate', operand, span } };
      }
      case '(': {
        this.at++;
        const inner = this.nested(() => {
          const first = this.parsePrimary();
          const value = this.parseOperators(first.value, 0);
          return value === first.value ? first : ({ category: 'arithmetic', value } as const);
        });
        this.expect(')', 'an operator or ")"');
        return { category: inner.category, value: inner.value };
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
  private parseLoad(): ParsedValue {
    const protocol = this.next();
    this.expect('[', '"[" and an offset');
    const index = this.parseArithmetic();
    let size = 1;
    if (this.peek().kind === ':') {
      this.at++;
      const token = this.peek();
      if (token.kind !== 'number') this.fail('a size of 1, 2 or 4 bytes');
      this.at++;
      size = token.value;
      if (size !== 1 && size !== 2 && size !== 4)
        this.failAt(token.span, `a load of ${size} bytes: expected 1, 2 or 4`);
    }
    this.expect(']', 'an operator, ":" and a size, or "]"');
    const span = { start: protocol.span.start, end: this.previousEnd() };
    const value: Arithmetic = { kind: 'load', protocol: protocol.kind as ProtocolWord, index, size, span };
    return { category: 'arithmetic', value };
  }

  /** Whatever begins with a word: qualifiers and their operand, a protocol, or one of the primitives. */
  private parseTerm(): ParsedFilter {
    const token = this.peek();
    const { start } = token.span;
    const term = (filter: Filter): ParsedFilter => ({ category: 'term', filter, carried: undefined });
    const span = (): Span => ({ start, end: this.previousEnd() });
    switch (token.kind) {
      case 'less':
      case 'greater': {
        this.at++;
        const lengthBytes = this.takeNumber('a length in bytes');
        return term({ kind: 'length', comparison: token.kind, lengthBytes, span: span() });
      }
      case 'byte': {
        this.at++;
        const offset = this.takeNumber('the offset of a byte');
        const operator = this.peek().kind;
        if (
          operator !== '=' &&
          operator !== '<' &&
          operator !== '>' &&
          operator !== '&' &&
          operator !== '|'
        ) {
          return this.fail('one of = < > & |');
        }
        this.at++;
        const value = this.takeNumber('a number to compare the byte with');
        return term({ kind: 'byte', offset, operator, value, span: span() });
      }
      case 'inbound':
      case 'outbound':
        this.at++;
        return term({ kind: 'direction', direction: token.kind === 'inbound' ? 'in' : 'out', span: span() });
      case 'vlan': {
        this.at++;
        const id =
          this.peek().kind === 'number' || this.peek().kind === '(' ? this.takePlainNumber() : undefined;
        return term({ kind: 'vlan', id, span: span() });
      }
      default:
        return this.parseQualified();
    }
  }

  private parseQualified(): ParsedFilter {
    const { start } = this.peek().span;
    const protocol = protocols.has(this.peek().kind) ? (this.next().kind as ProtocolWord) : undefined;
    const kind = this.peek().kind;
    if (kind === 'broadcast' || kind === 'multicast') {
      this.at++;
      const span = { start, end: this.previousEnd() };
      return { category: 'term', filter: { kind: 'cast', cast: kind, protocol, span }, carried: undefined };
    }
    const direction = this.parseDirection();
    let type: AddressType | undefined;
    if (addressTypes.has(this.peek().kind) || (this.peek().kind === 'proto' && direction === undefined)) {
      type = this.next().kind as AddressType;
    }
    if (direction === undefined && type === undefined) {
      if (protocol === undefined) return this.failNoTerm();
      if (this.peek().kind === 'name') this.failUnexpectedName();
      const span = { start, end: this.previousEnd() };
      return { category: 'term', filter: { kind: 'protocol', protocol, span }, carried: undefined };
    }
    const qualifiers: Qualifiers = {
      ...(protocol !== undefined && { protocol }),
      ...(direction !== undefined && { direction }),
      ...(type !== undefined && { type }),
    };
    const first = this.peek();
    const parsed = this.parseItemAfterQualifiers(qualifiers);
    if (parsed.category !== 'operand')
      this.failAt(first.span, `unexpected ${describe(first)}: expected ${operandOf(type)}`);
    return { ...parsed, category: 'term' };
  }

  private parseItemAfterQualifiers(qualifiers: Qualifiers): ParsedFilter {
    switch (this.peek().kind) {
      case 'number': {
        const { value, span } = this.next();
        return this.operandOf({ kind: 'number', value }, span, qualifiers);
      }
      case 'not':
      case '(':
      case 'name':
      case 'dotted':
      case 'ip6Address':
      case 'etherAddress':
      case 'arcnetAddress':
        return this.asFilter(this.parseItem(qualifiers), qualifiers);
      default:
        return this.fail(operandOf(qualifiers.type));
    }
  }

  private parseDirection(): Direction | undefined {
    const first = this.peek().kind;
    if (first !== 'src' && first !== 'dst') return undefined;
    this.at++;
    const joint = this.peek().kind;
    if (joint !== 'or' && joint !== 'and') return first;
    const second = this.peek(1);
    if ((second.kind !== 'src' && second.kind !== 'dst') || second.kind === first) {
      this.at++;
      this.fail(`"${first === 'src' ? 'dst' : 'src'}"`);
    }
    this.at += 2;
    return `src ${joint} dst`;
  }

  private parseOperand(qualifiers: Qualifiers): ParsedFilter {
    const token = this.next();
    const { text } = token;
    let operand: Operand;
    switch (token.kind) {
      case 'name':
        operand = { kind: 'name', text };
        break;
      case 'dotted':
        operand = { kind: 'dotted', text, ...this.parseMask() };
        break;
      case 'ip6Address':
        operand = { kind: 'ip6', text, ...this.parsePrefix() };
        break;
      case 'etherAddress':
        operand = { kind: 'ether', text };
        break;
      default:
        return this.failAt(token.span, 'an ARCnet address: this link type has none');
    }
    return this.operandOf(operand, { start: token.span.start, end: this.previousEnd() }, qualifiers);
  }

  private parseMask(): { prefix?: number; mask?: string } {
    if (this.peek().kind !== 'mask') return this.parsePrefix();
    this.at++;
    if (this.peek().kind !== 'dotted') this.fail('a dotted mask such as 255.255.255.0');
    return { mask: this.next().text };
  }

  private parsePrefix(): { prefix?: number } {
    if (this.peek().kind !== '/') return {};
    this.at++;
    return { prefix: this.takeNumber('the number of bits of the prefix') };
  }

  private takeNumber(what: string): number {
    if (this.peek().kind !== 'number') this.fail(what);
    return this.next().value;
  }

  /** A number that may stand in parentheses. */
  private takePlainNumber(): number {
    let open = 0;
    while (this.peek().kind === '(') {
      this.at++;
      open++;
    }
    const value = this.takeNumber('a number');
    for (; open > 0; open--) this.expect(')', '")"');
    return value;
  }

  private nested<T>(parse: () => T): T {
    if (++this.depth > MAX_DEPTH) this.failAt(this.peek().span, `nested more than ${MAX_DEPTH} levels deep`);
    const result = parse();
    this.depth--;
    return result;
  }

  private peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)]!;
  }

  private next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }

  private previousEnd(): number {
    return this.tokens[this.at - 1]!.span.end;
  }

  private expect(kind: TokenKind, expected: string): void {
    if (this.peek().kind !== kind) this.fail(expected);
    this.at++;
  }

  private failNoQualifiers(token: Token): never {
    if (token.kind === 'name') return this.failUnexpectedName();
    return this.failAt(
      token.span,
      `unexpected ${describe(token)}: expected a qualifier before it, such as host or net`,
    );
  }

  /** A word that is none: perhaps a misspelt one. */
  private failUnexpectedName(): never {
    const token = this.peek();
    const known = nearest(token.text, [...words.keys(), ...namedNumbers.keys()]);
    const expected =
      this.at === 0 ? 'a primitive such as host, port or tcp' : '"and", "or", or a primitive after them';
    return this.failAt(
      token.span,
      `unexpected "${token.text}": expected ${expected}`,
      known === undefined ? undefined : `did you mean "${known}"?`,
    );
  }

  private failNoTerm(): never {
    const token = this.peek();
    if (token.kind === 'name') this.failUnexpectedName();
    return this.fail('a primitive such as host, net, port, tcp or vlan');
  }

  private fail(expected: string): never {
    const token = this.peek();
    const known = token.kind === 'name' ? nearest(token.text, words.keys()) : undefined;
    return this.failAt(
      token.span,
      `unexpected ${describe(token)}: expected ${expected}`,
      known === undefined ? undefined : `did you mean "${known}"?`,
    );
  }

  private failAt(span: Span, message: string, hint?: string): never {
    const token = this.peek();
    if (token.kind === 'unsupported' && token.span === span) {
      throw new CompileError(this.source, [
        { message: `"${token.text}" is not supported: ${unsupportedWords.get(token.text)}`, span },
      ]);
    }
    throw new CompileError(this.source, [{ message, span, ...(hint !== undefined && { hint }) }]);
  }
}

function describe(token: Token): string {
  return token.kind === 'end' ? 'end of the filter' : `"${token.text}"`;
}

function operandOf(type: AddressType | undefined): string {
  switch (type) {
    case 'port':
      return 'a port number or service name';
    case 'portrange':
      return 'a range of ports such as 8000-8080';
    case 'proto':
      return 'a protocol number, or its name after a backslash';
    case 'net':
      return 'a network such as 10.0.0.0/8';
    default:
      return 'an address or host name';
  }
}
