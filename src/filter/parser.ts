/**
 * Tokens to a tree, by the grammar of libpcap 1.10, written as recursive descent. What is peculiar to that grammar
 * and kept:
 * - `and` and `or` bind equally and to the left; `not` binds tighter.
 * - An operand without qualifiers takes those of the operand before it; a bare protocol or a comparison has none to
 *   hand on, and a parenthesis hands on what stood before it.
 * - Parentheses hold either operands only (`port (80 or 443)`) or whole terms that may be followed by operands.
 */
import type { Span } from '../base/index.ts';
import { ArithmeticParser, protocols } from './arithmetic-parser.ts';
import type { AddressType, Arithmetic, Comparison, Direction, Filter, Operand, Qualifiers } from './ast.ts';
import type { TokenKind } from './lexer.ts';
import { describe } from './token-reader.ts';
import type { ProtocolWord } from './words.ts';

const addressTypes: ReadonlySet<TokenKind> = new Set<TokenKind>(['host', 'net', 'port', 'portrange']);
const undirectedTypes: ReadonlySet<TokenKind> = new Set<TokenKind>(['proto', 'protochain', 'gateway']);
const comparisons: ReadonlySet<TokenKind> = new Set<TokenKind>(['=', '!=', '<', '<=', '>', '>=']);

/** A term, or an operand that stands alone, and the qualifiers that it hands on. */
interface ParsedFilter {
  readonly category: 'term' | 'operand';
  readonly filter: Filter;
  readonly carried: Qualifiers | undefined;
}

/** A filter, or a value that is still waiting for its comparison; a number may also be an operand. */
type Parsed = ParsedFilter | { readonly value: Arithmetic };

/** The tree of the text, or undefined for an empty text, which matches every packet. Throws CompileError. */
export function parseFilter(source: string): Filter | undefined {
  const parser = new Parser(source);
  return parser.parse();
}

class Parser extends ArithmeticParser {
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
        this.next();
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
    if (value.kind !== 'number') return this.fail('a comparison such as = or >');
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
        return 'value' in inside ? this.parseComparison(inside.value) : inside;
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
      return { value: { ...first.value, span } };
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
  private parseComparison(first: Arithmetic): Parsed {
    const left = this.parseOperators(first, 0);
    const operator = this.peek();
    if (!comparisons.has(operator.kind)) return { value: left };
    this.next();
    const right = this.parseArithmetic();
    const span = { start: left.span.start, end: right.span.end };
    const comparison = operator.kind as Comparison;
    return {
      category: 'term',
      filter: { kind: 'relation', comparison, left, right, span },
      carried: undefined,
    };
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
        this.next();
        const lengthBytes = this.takeNumber('a length in bytes');
        return term({ kind: 'length', comparison: token.kind, lengthBytes, span: span() });
      }
      case 'byte': {
        this.next();
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
        this.next();
        const value = this.takeNumber('a number to compare the byte with');
        return term({ kind: 'byte', offset, operator, value, span: span() });
      }
      case 'inbound':
      case 'outbound':
        this.next();
        return term({ kind: 'direction', direction: token.kind === 'inbound' ? 'in' : 'out', span: span() });
      case 'ifindex': {
        this.next();
        const index = this.takeNumber('the number of an interface');
        return term({ kind: 'interface', index, span: span() });
      }
      case 'vlan':
      case 'mpls':
      case 'pppoes':
      case 'geneve': {
        this.next();
        const id =
          this.peek().kind === 'number' || this.peek().kind === '(' ? this.takePlainNumber() : undefined;
        return term({ kind: 'encapsulation', word: token.kind, id, span: span() });
      }
      case 'pppoed':
        this.next();
        return term({ kind: 'discovery', span: span() });
      case 'llc': {
        this.next();
        const type = this.takeLlcType();
        return term({ kind: 'llc', type, span: span() });
      }
      default:
        return this.parseQualified();
    }
  }

  /** `rnr` is also a word of filters for OpenBSD's pf. */
  private takeLlcType(): string | undefined {
    const { kind, text } = this.peek();
    if (kind !== 'name' && !(kind === 'unsupported' && text === 'rnr')) return undefined;
    return this.next().text.toLowerCase();
  }

  private parseQualified(): ParsedFilter {
    const { start } = this.peek().span;
    const protocol = protocols.has(this.peek().kind) ? (this.next().kind as ProtocolWord) : undefined;
    const kind = this.peek().kind;
    if (kind === 'broadcast' || kind === 'multicast') {
      this.next();
      const span = { start, end: this.previousEnd() };
      return { category: 'term', filter: { kind: 'cast', cast: kind, protocol, span }, carried: undefined };
    }
    const direction = this.parseDirection();
    let type: AddressType | undefined;
    const next = this.peek().kind;
    if (addressTypes.has(next) || (direction === undefined && undirectedTypes.has(next))) {
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
    this.next();
    const joint = this.peek().kind;
    if (joint !== 'or' && joint !== 'and') return first;
    const second = this.peek(1);
    if ((second.kind !== 'src' && second.kind !== 'dst') || second.kind === first) {
      this.next();
      this.fail(`"${first === 'src' ? 'dst' : 'src'}"`);
    }
    this.next();
    this.next();
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
    this.next();
    if (this.peek().kind !== 'dotted') this.fail('a dotted mask such as 255.255.255.0');
    return { mask: this.next().text };
  }

  private parsePrefix(): { prefix?: number } {
    if (this.peek().kind !== '/') return {};
    this.next();
    return { prefix: this.takeNumber('the number of bits of the prefix') };
  }
}

function operandOf(type: AddressType | undefined): string {
  switch (type) {
    case 'port':
      return 'a port number or service name';
    case 'portrange':
      return 'a range of ports such as 8000-8080';
    case 'proto':
    case 'protochain':
      return 'a protocol number, or its name after a backslash';
    case 'gateway':
      return 'the name of a host';
    case 'net':
      return 'a network such as 10.0.0.0/8';
    default:
      return 'an address or host name';
  }
}
