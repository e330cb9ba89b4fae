/**
 * Expressions, with the precedence of C: postfix, prefix and casts, then the binary operators from `*` down to `||`,
 * then `?:`. In a predicate a slash before a brace ends it.
 */
import { fail } from './fault.ts';
import { TokenReader } from './token-reader.ts';
import type { BinaryTreeOperator, ExpressionTree, TargetTree, TypeName } from './tree.ts';

/** Binary operators by how tight they bind; all go to the left. */
const precedence: ReadonlyMap<string, number> = new Map(
  (
    [
      ['||'],
      ['&&'],
      ['|'],
      ['^'],
      ['&'],
      ['==', '!='],
      ['<', '<=', '>', '>='],
      ['<<', '>>'],
      ['+', '-'],
      ['*', '/', '%'],
    ] satisfies BinaryTreeOperator[][]
  ).flatMap((operators, level) => operators.map((operator) => [operator, level + 1] as const)),
);

/** Words that begin a type in a cast. */
const typeWord = /^(?:u?int(?:8|16|32|64)|bool|char|short|int|long|unsigned|void|struct|union|enum|size_t)$/;

export class ExpressionParser extends TokenReader {
  /** How deep the tree of an expression is; 1 for what is not here. */
  readonly #depths = new WeakMap<ExpressionTree, number>();

  parseExpression(): ExpressionTree {
    return this.nested(() => {
      const condition = this.parseBinary(1);
      if (!this.tryTake('?')) return condition;
      const yes = this.parseExpression();
      this.take(':', 'of "?:"');
      const no = this.parseExpression();
      const span = { start: condition.span.start, end: no.span.end };
      return this.grown({ kind: 'choose', condition, yes, no, span }, condition, yes, no);
    });
  }

  /** Keeps the depth of `tree` that holds `children`. */
  private grown<T extends ExpressionTree>(tree: T, ...children: readonly ExpressionTree[]): T {
    const depth = 1 + Math.max(0, ...children.map((child) => this.#depths.get(child) ?? 1));
    this.checkTreeDepth(depth, tree.span);
    this.#depths.set(tree, depth);
    return tree;
  }

  private parseBinary(lowest: number): ExpressionTree {
    let left = this.parseUnary();
    for (;;) {
      const token = this.peek();
      const level = token.kind === 'symbol' ? precedence.get(token.text) : undefined;
      if (level === undefined || level < lowest) return left;
      if (token.text === '/' && (this.is('{', 1) || this.peek(1).kind === 'end')) return left;
      this.next();
      const right = this.parseBinary(level + 1);
      const span = { start: left.span.start, end: right.span.end };
      const operator = token.text as BinaryTreeOperator;
      left = this.grown({ kind: 'binary', operator, left, right, span }, left, right);
    }
  }

  protected parseUnary(): ExpressionTree {
    const token = this.peek();
    const { start } = token.span;
    if (token.kind !== 'symbol') return this.parsePostfix();
    switch (token.text) {
      case '-':
      case '~':
      case '!':
      case '*': {
        this.next();
        const operand = this.nested(() => this.parseUnary());
        const span = { start, end: operand.span.end };
        return this.grown({ kind: 'unary', operator: token.text, operand, span }, operand);
      }
      case '++':
      case '--': {
        this.next();
        const by = token.text === '++' ? 1 : -1;
        const target = this.asTarget(this.nested(() => this.parseUnary()));
        const span = { start, end: target.span.end };
        return this.grown({ kind: 'increment', target, by, gives: 'after', span }, target);
      }
      case '(':
        return this.isTypeAt(1) ? this.parseCast() : this.parsePostfix();
      case '&':
        return fail(token.span, 'addresses cannot be taken: there is no unary "&"');
      default:
        return this.parsePostfix();
    }
  }

  private isTypeAt(distance: number): boolean {
    const token = this.peek(distance);
    if (token.kind !== 'word' || !typeWord.test(token.text)) return false;
    const behind = this.peek(distance + 1);
    return behind.kind === 'word' || this.is('*', distance + 1) || this.is(')', distance + 1);
  }

  private parseCast(): ExpressionTree {
    const { start } = this.next().span;
    const type = this.parseType();
    this.take(')', 'behind the type of a cast');
    const operand = this.nested(() => this.parseUnary());
    const span = { start, end: operand.span.end };
    return this.grown({ kind: 'cast', type, operand, span }, operand);
  }

  private parseType(): TypeName {
    const { start } = this.peek().span;
    const words: string[] = [];
    while (this.peek().kind === 'word') words.push(this.next().text);
    let pointers = 0;
    while (this.tryTake('*')) pointers++;
    return { name: words.join(' '), pointers, span: { start, end: this.previousEnd() } };
  }

  private parsePostfix(): ExpressionTree {
    let tree = this.parsePrimary();
    for (;;) {
      const { start } = tree.span;
      if (this.tryTake('.') || this.tryTake('->')) {
        const token = this.peek();
        if (token.kind !== 'word' && token.kind !== 'integer') this.failNext('the name of a member');
        this.next();
        const span = { start, end: token.span.end };
        tree = this.grown(
          { kind: 'member', object: tree, name: token.text, nameSpan: token.span, span },
          tree,
        );
      } else if (this.tryTake('[')) {
        const index = this.parseExpression();
        this.take(']', 'behind an index');
        const span = { start, end: this.previousEnd() };
        tree = this.grown({ kind: 'index', object: tree, index, span }, tree, index);
      } else if (this.is('++') || this.is('--')) {
        const target = this.asTarget(tree);
        const by = this.next().text === '++' ? 1 : -1;
        const span = { start, end: this.previousEnd() };
        return this.grown({ kind: 'increment', target, by, gives: 'before', span }, target);
      } else {
        return tree;
      }
    }
  }

  asTarget(tree: ExpressionTree): TargetTree {
    if (tree.kind === 'variable' || tree.kind === 'map') return tree;
    return fail(tree.span, 'only variables ($x) and maps (@x) can be changed');
  }

  protected parsePrimary(): ExpressionTree {
    const token = this.peek();
    const { span } = token;
    switch (token.kind) {
      case 'integer':
        this.next();
        return { kind: 'integer', value: token.value, span };
      case 'text':
        this.next();
        return { kind: 'text', value: token.text, span };
      case 'address':
        this.next();
        return { kind: 'address', family: token.family!, value: token.value, prefix: token.prefix, span };
      case 'variable':
        this.next();
        return { kind: 'variable', name: token.text, span };
      case 'positional': {
        this.next();
        const index = token.text === '$#' ? 'count' : Number(token.text.slice(1));
        return { kind: 'positional', index, span };
      }
      case 'map':
        return this.parseMap();
      case 'word':
        return this.parseWord();
      default:
        if (this.is('(')) return this.parseParenthesis();
        return this.failNext('an expression');
    }
  }

  private parseMap(): ExpressionTree {
    const { text: name, span } = this.next();
    if (!this.tryTake('[')) return { kind: 'map', name, keys: [], span };
    const keys = this.parseList(']');
    if (keys.length === 0) fail({ start: span.start, end: this.previousEnd() }, 'a key is missing');
    const whole = { start: span.start, end: this.previousEnd() };
    return this.grown({ kind: 'map', name, keys, span: whole }, ...keys);
  }

  private parseWord(): ExpressionTree {
    const { text: name, span: nameSpan } = this.next();
    if (!this.tryTake('(')) return { kind: 'name', name, span: nameSpan };
    if (name === 'sizeof' && this.isTypeAt(0)) {
      const type = this.parseType();
      this.take(')', 'behind the type');
      return { kind: 'size-of-type', type, span: { start: nameSpan.start, end: this.previousEnd() } };
    }
    const list = this.parseList(')');
    const span = { start: nameSpan.start, end: this.previousEnd() };
    return this.grown({ kind: 'call', name, nameSpan, arguments: list, span }, ...list);
  }

  /** Expressions between commas, up to and with `end`. */
  private parseList(end: ')' | ']'): ExpressionTree[] {
    const list: ExpressionTree[] = [];
    if (this.tryTake(end)) return list;
    do list.push(this.parseExpression());
    while (this.tryTake(','));
    this.take(end, 'or ","');
    return list;
  }

  private parseParenthesis(): ExpressionTree {
    const { start } = this.next().span;
    const members = this.parseList(')');
    const span = { start, end: this.previousEnd() };
    if (members.length === 0) fail(span, 'expected an expression between the parentheses');
    if (members.length === 1) return members[0]!;
    return this.grown({ kind: 'tuple', members, span }, ...members);
  }
}
