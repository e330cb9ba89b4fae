/** From the text of a script, or of selections of events, to programs. */
import { checkScript, type PointOptions } from './check/index.ts';
import { compileForAgent, compileForKernel, compileForRecords } from './codegen/index.ts';
import type { CompiledScript, CompiledSelection } from './plan.ts';
import { parseScript, parseSelection } from './syntax/index.ts';

export interface CompileOptions extends PointOptions {
  /** Form `kernel`: only hits of this process. */
  readonly pid?: number | undefined;
  /** Form `agent`: keys that each table has room for, a power of two; by default as many as scripts may need. */
  readonly mostKeys?: number | undefined;
}

/**
 * @throws CompileError with everything that is wrong, with carets and hints
 * @throws VerifierError for a program that would not be safe: a defect of the compiler
 */
export function compileScript(source: string, options: CompileOptions): CompiledScript {
  const script = checkScript(parseScript(source), options);
  return options.form === 'kernel'
    ? compileForKernel(script, options.pid)
    : compileForAgent(script, options.mostKeys);
}

export interface SelectionOptions extends Pick<PointOptions, 'findPoints'> {
  /** Where bursts and packets are meant that are selected without a port; undefined for everywhere. */
  readonly ports?: readonly number[] | undefined;
  /** Whether hits are recorded, or only watched: then every place has a predicate. */
  readonly purpose: 'record' | 'watch';
}

/**
 * @param texts `PATTERN` or `PATTERN /predicate/` each, in the form `agent`
 * @throws as compileScript does
 */
export function compileSelection(
  texts: readonly string[],
  { findPoints, ports, purpose }: SelectionOptions,
): CompiledSelection {
  // One source for all, so that every place in it has its line.
  const source = texts.join('\n');
  let end = -1;
  const clauses = texts.map((text) => {
    end += 1 + text.length;
    return parseSelection(source.slice(0, end), end - text.length);
  });
  const options: PointOptions = { form: 'agent', positional: [], findPoints };
  return compileForRecords(checkScript({ source, clauses }, options), {
    ports,
    purpose,
    findPoints: (parts, span) => findPoints({ parts, span }),
  });
}
