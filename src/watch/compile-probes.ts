/** Scripts of hone's own, for a running application. */
import { type CompiledScript, compileScript } from '../script/index.ts';
import { pointFinder } from '../trace/index.ts';
import { dpdkPoints, type ProbePoint } from '../tracepoints/index.ts';

export interface ProbesOptions {
  /** Of the application's own. */
  readonly points?: readonly ProbePoint[];
  /** Keys that tables have room for, a power of two. What is not needed costs the application memory and the host time. */
  readonly mostKeys?: number | undefined;
}

export function compileProbes(text: string, { points = [], mostKeys }: ProbesOptions = {}): CompiledScript {
  return compileScript(text, {
    form: 'agent',
    positional: [],
    mostKeys,
    findPoints: pointFinder([...dpdkPoints, ...points], 'an application'),
  });
}
