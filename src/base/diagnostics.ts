/**
 * Faults in text that a person wrote (a filter, a script): each has a span, so that the place can be shown
 * with a caret. Columns count UTF-16 code units from 0, as JavaScript strings do.
 */
import { HoneError } from './errors.ts';

/** A half-open range `[start, end)` of the source text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Diagnostic {
  readonly message: string;
  readonly span: Span;
  /** One more line that helps: "did you mean ...?". */
  readonly hint?: string;
}

/** Text that does not compile. The message is complete: it holds the source line, the caret and the hints. */
export class CompileError extends HoneError {
  readonly source: string;
  readonly diagnostics: readonly Diagnostic[];

  constructor(source: string, diagnostics: readonly Diagnostic[]) {
    super('COMPILE', diagnostics.map((diagnostic) => formatDiagnostic(source, diagnostic)).join('\n'));
    this.source = source;
    this.diagnostics = diagnostics;
  }
}

/** The message, the source line that the span starts on, a caret line under the span, and the hint. */
export function formatDiagnostic(source: string, { message, span, hint }: Diagnostic): string {
  const start = Math.min(span.start, source.length);
  const lineStart = source.lastIndexOf('\n', start - 1) + 1;
  const newline = source.indexOf('\n', start);
  const lineEnd = newline < 0 ? source.length : newline;
  const width = Math.max(1, Math.min(span.end, lineEnd) - start);
  const indent = source.slice(lineStart, start).replace(/[^\t]/g, ' ');
  const lines = [message, `  ${source.slice(lineStart, lineEnd)}`, `  ${indent}${'^'.repeat(width)}`];
  if (hint !== undefined) lines.push(`  ${hint}`);
  return lines.join('\n');
}
