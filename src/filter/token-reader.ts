/**
 * A cursor over the tokens of a filter, and how the parsers report what they find instead of what they expect: the token,
 * what could stand there, and the known word that is nearest.
 */
import { CompileError, nearest, type Span } from '../base/index.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';
import { namedNumbers, unsupportedWords, words } from './words.ts';

/** Deeper nesting than any person writes; keeps the recursion away from the end of the stack. */
const MAX_DEPTH = 500;

export class TokenReader {
  private readonly source: string;
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(source: string) {
    this.source = source;
    this.tokens = tokenize(source);
  }

  protected peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)]!;
  }

  protected next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }

  protected previousEnd(): number {
    return this.tokens[this.at - 1]!.span.end;
  }

  protected expect(kind: TokenKind, expected: string): void {
    if (this.peek().kind !== kind) this.fail(expected);
    this.at++;
  }

  protected takeNumber(what: string): number {
    if (this.peek().kind !== 'number') this.fail(what);
    return this.next().value;
  }

  /** A number that may stand in parentheses. */
  protected takePlainNumber(): number {
    let open = 0;
    while (this.peek().kind === '(') {
      this.at++;
      open++;
    }
    const value = this.takeNumber('a number');
    for (; open > 0; open--) this.expect(')', '")"');
    return value;
  }

  protected nested<T>(parse: () => T): T {
    if (++this.depth > MAX_DEPTH) this.failAt(this.peek().span, `nested more than ${MAX_DEPTH} levels deep`);
    const result = parse();
    this.depth--;
    return result;
  }

  protected failNoQualifiers(token: Token): never {
    if (token.kind === 'name') return this.failUnexpectedName();
    return this.failAt(
      token.span,
      `unexpected ${describe(token)}: expected a qualifier before it, such as host or net`,
    );
  }

  /** A word that is none: perhaps a misspelt one. */
  protected failUnexpectedName(): never {
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

  protected failNoTerm(): never {
    const token = this.peek();
    if (token.kind === 'name') this.failUnexpectedName();
    return this.fail('a primitive such as host, net, port, tcp or vlan');
  }

  protected fail(expected: string): never {
    const token = this.peek();
    const known = token.kind === 'name' ? nearest(token.text, words.keys()) : undefined;
    return this.failAt(
      token.span,
      `unexpected ${describe(token)}: expected ${expected}`,
      known === undefined ? undefined : `did you mean "${known}"?`,
    );
  }

  protected failAt(span: Span, message: string, hint?: string): never {
    const token = this.peek();
    if (token.kind === 'unsupported' && token.span === span) {
      throw new CompileError(this.source, [
        { message: `"${token.text}" is not supported: ${unsupportedWords.get(token.text)}`, span },
      ]);
    }
    throw new CompileError(this.source, [{ message, span, ...(hint !== undefined && { hint }) }]);
  }
}

/** A token as a message names it. */
export function describe(token: Token): string {
  return token.kind === 'end' ? 'end of the filter' : `"${token.text}"`;
}
