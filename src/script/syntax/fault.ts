/** A fault in a script, on its way to where parsing or checking goes on and where faults are collected. */
import type { Diagnostic, Span } from '../../base/index.ts';

export class Fault extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
  }
}

/** Throws a Fault. */
export function fail(span: Span, message: string, hint?: string): never {
  throw new Fault(hint === undefined ? { message, span } : { message, span, hint });
}
