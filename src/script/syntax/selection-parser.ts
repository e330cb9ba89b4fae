/**
 * Selections of events: `PATTERN`, `PATTERN /predicate/`, also with a colon between the two. The predicate is an expression
 * of the language that looks at one event alone: no maps, no variables, nothing that remembers. No paths in the pattern, so
 * its first slash begins the predicate.
 */
import { ExpressionParser } from './expression-parser.ts';
import { fail } from './fault.ts';
import type { Clause, ExpressionTree, ProbeText } from './tree.ts';

/**
 * A selection as a clause without actions.
 * @param source the selection from `start` to its end; what stands before it is there for messages alone
 * @throws CompileError
 */
export function parseSelection(source: string, start: number): Clause {
  return new SelectionParser(source, start).parse(start);
}

const pattern = /\s*([^\s/]+?):?(?=\s|\/|$)/y;

class SelectionParser extends ExpressionParser {
  parse(start: number): Clause {
    let clause: Clause | undefined;
    this.guarded(
      () => {
        clause = this.parseClause(start);
      },
      () => {},
    );
    this.throwFaults();
    return clause!;
  }

  protected override parsePrimary(): ExpressionTree {
    const { kind, text, span } = this.peek();
    if (kind === 'map')
      fail(span, `${text}: there are no maps in a predicate, which looks at one event alone`);
    if (kind === 'variable') fail(span, `${text}: there are no variables in a predicate`);
    if (kind === 'word' && text === 'elapsed') {
      fail(span, 'a predicate does not know when the recording began', 'nsecs is the time since 1970');
    }
    return super.parsePrimary();
  }

  private parseClause(start: number): Clause {
    const point = this.takePattern();
    const isFiltered = this.tryTake('/');
    const predicate = isFiltered ? this.parseExpression() : undefined;
    if (isFiltered) this.take('/', 'behind the predicate');
    if (this.peek().kind !== 'end') {
      this.failNext(isFiltered ? 'the end behind the predicate' : 'a predicate between slashes');
    }
    return { points: [point], predicate, body: [], span: { start, end: this.previousEnd() } };
  }

  private takePattern(): ProbeText {
    pattern.lastIndex = this.previousEnd();
    const found = pattern.exec(this.source);
    if (found === null) return this.failNext('a pattern of trace points', 'as in: dpdk:rx_burst');
    const [whole, text] = found;
    const start = found.index + whole.indexOf(text!);
    this.moveTo(found.index + whole.length);
    return { parts: text!.split(':'), span: { start, end: start + text!.length } };
  }
}
