/** Scripts of hone's own, for a running application. */
import { type CompiledScript, compileScript } from '../script/index.ts';
import { pointFinder } from '../trace/index.ts';
import { dpdkPoints, type ProbePoint } from '../tracepoints/index.ts';

/** @param more points of the application's own */
export function compileProbes(text: string, more: readonly ProbePoint[] = []): CompiledScript {
  return compileScript(text, {
    form: 'agent',
    positional: [],
    findPoints: pointFinder([...dpdkPoints, ...more], 'an application'),
  });
}
