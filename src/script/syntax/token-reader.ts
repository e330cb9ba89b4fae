/**
 * The parser's window on the tokens: what comes next, how far it may nest, and faults, which are thrown to the place
 * where parsing can go on and are collected there.
 */
import { CompileError, type Diagnostic, type Span } from '../../base/index.ts';
import { Fault, fail } from './fault.ts';
import { readProbeText, readToken, skipBlank, type Token } from './lexer.ts';
import type { ProbeText } from './tree.ts';

/** How deep parentheses and blocks may be in one another. */
const MAX_NESTING = 100;
/** How deep the tree of an expression may be, chains of operators included: whoever reads it recurses. */
const MAX_TREE_DEPTH = 500;
/** More faults than these help nobody. */
const MAX_DIAGNOSTICS = 10;

export class TokenReader {
  readonly source: string;
  readonly #diagnostics: Diagnostic[] = [];
  /** Tokens that were looked at and not taken. */
  readonly #ahead: Token[] = [];
  /** Where reading goes on behind `#ahead`. */
  #at: number;
  #lastIsDot = false;
  #previousEnd: number;
  #depth = 0;

  /** @param start where the text begins that is read; what is before it is there for messages alone */
  constructor(source: string, start = 0) {
    this.source = source;
    this.#at = start;
    this.#previousEnd = start;
  }

  peek(distance = 0): Token {
    while (this.#ahead.length <= distance) {
      const token = readToken(this.source, skipBlank(this.source, this.#at), this.#lastIsDot);
      this.#ahead.push(token);
      this.#at = token.span.end;
      this.#lastIsDot = token.kind === 'symbol' && token.text === '.';
    }
    return this.#ahead[distance]!;
  }

  next(): Token {
    const token = this.peek();
    this.#ahead.shift();
    this.#previousEnd = token.span.end;
    return token;
  }

  /** Where the last token that was taken ends. */
  previousEnd(): number {
    return this.#previousEnd;
  }

  /** The probe that begins at the next token. */
  nextProbe(): ProbeText | undefined {
    const token = this.peek();
    const probe = token.kind === 'fault' ? undefined : readProbeText(this.source, token.span.start);
    if (probe !== undefined) this.moveTo(probe.span.end);
    return probe;
  }

  /** Goes on behind what was read otherwise. */
  protected moveTo(at: number): void {
    this.#ahead.length = 0;
    this.#at = at;
    this.#lastIsDot = false;
    this.#previousEnd = at;
  }

  is(text: string, distance = 0): boolean {
    const token = this.peek(distance);
    return (token.kind === 'symbol' || token.kind === 'word') && token.text === text;
  }

  tryTake(text: string): boolean {
    if (!this.is(text)) return false;
    this.next();
    return true;
  }

  /** Takes the symbol or word, or fails saying where it was expected. */
  take(text: string, where: string): void {
    if (!this.tryTake(text)) this.failNext(`"${text}" ${where}`);
  }

  /** Of `parse` and all that it opens: counted, so that no text can exhaust the stack. */
  nested<T>(parse: () => T): T {
    if (this.#depth >= MAX_NESTING) {
      fail(this.peek().span, `nested too deep: at most ${MAX_NESTING} levels`);
    }
    this.#depth++;
    try {
      return parse();
    } finally {
      this.#depth--;
    }
  }

  checkTreeDepth(depth: number, span: Span): void {
    if (depth <= MAX_TREE_DEPTH) return;
    fail(span, `the expression is too long: at most ${MAX_TREE_DEPTH} operators`);
  }

  /** The next token is not what is `expected`. */
  failNext(expected: string, hint?: string): never {
    const token = this.peek();
    if (token.kind === 'fault') fail(token.span, token.text);
    return fail(token.span, `expected ${expected}, got ${describe(token, this.source)}`, hint);
  }

  /** Runs `parse`; a fault in it is kept, and `recover` goes to where parsing can go on. */
  guarded(parse: () => void, recover: () => void): void {
    try {
      parse();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#diagnostics.push(error.diagnostic);
      if (this.#diagnostics.length >= MAX_DIAGNOSTICS) this.throwFaults();
      recover();
    }
  }

  throwFaults(): void {
    if (this.#diagnostics.length > 0) throw new CompileError(this.source, this.#diagnostics);
  }
}

function describe(token: Token, source: string): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the script';
    case 'text':
      return 'a string';
    case 'integer':
      return `the number ${token.text}`;
    default:
      return `"${source.slice(token.span.start, token.span.end)}"`;
  }
}
