/** A way through the words of TSDL, with the errors of who expected another word. */
import { excerpt, metadataError, placeOf } from './metadata-error.ts';
import { lexTsdl, type Token } from './tsdl-lexer.ts';

export class TsdlTokens {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  /** @throws FormatError at what is no word of TSDL */
  constructor(text: string) {
    this.#text = text;
    this.#tokens = lexTsdl(text);
  }

  get all(): readonly Token[] {
    return this.#tokens;
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  /** Whether the next token is this word or mark. */
  isNext(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.text === text && (token.kind === 'word' || token.kind === 'mark');
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  /** Goes past the next token if it is this word or mark. */
  take(text: string): boolean {
    if (!this.isNext(text)) return false;
    this.#at++;
    return true;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.wrong(`'${text}'`);
  }

  expectWord(what: string): string {
    const token = this.peek();
    if (token.kind !== 'word') throw this.wrong(what);
    this.#at++;
    return token.text;
  }

  expectInteger(what: string): bigint {
    const isNegative = this.take('-');
    if (!isNegative) this.take('+');
    const token = this.peek();
    if (token.kind !== 'integer') throw this.wrong(what);
    this.#at++;
    return isNegative ? -token.value : token.value;
  }

  /** An error at the next token, which is not what was expected. */
  wrong(expected: string): Error {
    const token = this.peek();
    const got =
      token.kind === 'end'
        ? 'the end'
        : token.kind === 'string'
          ? `"${excerpt(token.text)}"`
          : `'${excerpt(token.text)}'`;
    return this.error(`expected ${expected}, got ${got}`, token);
  }

  error(message: string, token: Token): Error {
    return metadataError(message, placeOf(this.#text, token.offset));
  }
}
