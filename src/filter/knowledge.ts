/** What is known of a value after comparisons and bit tests of it: a range, and bits. */
import { holdsFor, type TestKind } from './predicate.ts';
import type { Value } from './values.ts';

/** What earlier tests told about a value. */
export class Knowledge {
  private learnt = false;
  private low = 0;
  private high: number;
  private zeroBits = 0;
  private readonly notZero: number[] = [];

  constructor(value: Value) {
    this.high = largest(value);
  }

  learn(kind: TestKind, constant: number, holds: boolean): void {
    this.learnt = true;
    switch (kind) {
      case 'eq':
        if (holds) this.narrow(constant, constant);
        break;
      case 'gt':
      case 'ge': {
        const from = kind === 'gt' ? constant + 1 : constant;
        if (holds) this.narrow(from, this.high);
        else this.narrow(this.low, from - 1);
        break;
      }
      case 'set':
        if (holds) this.notZero.push(constant);
        else this.zeroBits |= constant;
    }
  }

  private narrow(low: number, high: number): void {
    this.low = Math.max(this.low, low);
    this.high = Math.min(this.high, high);
  }

  /** The outcome of a test with a constant; undefined without earlier tests, as then nothing was loaded yet. */
  outcome(kind: TestKind, constant: number): boolean | undefined {
    if (!this.learnt) return undefined;
    if (this.low === this.high) return holdsFor(kind, this.low, constant);
    switch (kind) {
      case 'eq':
        return this.excludes(constant) ? false : undefined;
      case 'gt':
      case 'ge': {
        const from = kind === 'gt' ? constant + 1 : constant;
        if (this.low >= from) return true;
        return this.high < from ? false : undefined;
      }
      case 'set':
        if ((constant & ~this.zeroBits) === 0) return false;
        return this.notZero.some((bits) => (bits & ~this.zeroBits & ~constant) === 0) ? true : undefined;
    }
  }

  private excludes(constant: number): boolean {
    return (
      constant < this.low ||
      constant > this.high ||
      (constant & this.zeroBits) !== 0 ||
      this.notZero.some((bits) => (bits & constant) === 0)
    );
  }
}

/** The largest number that a value can be, as far as its form tells. */
function largest(value: Value): number {
  switch (value.kind) {
    case 'load':
      return 2 ** (8 * value.size) - 1;
    case 'headerLength':
      return 60;
    default:
      return 0xffff_ffff;
  }
}
