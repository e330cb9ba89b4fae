/**
 * From a checked script to programs of the form `kernel`. A probe is made with keys and events on the stack first; where
 * they do not fit, again with them in memory of the processor.
 */
import { CompileError } from '../../base/index.ts';
import type { CompiledProbe, CompiledScript } from '../plan.ts';
import type { CheckedProbe, CheckedScript } from '../typed.ts';
import { KernelForm } from './kernel-form.ts';
import { KernelMapPlans } from './kernel-map-plans.ts';
import { requireCheckable } from './limits.ts';
import { lowerProbe } from './lower-statement.ts';

/**
 * @param pid only what this process does
 * @throws CompileError for what the kernel cannot do or has no room for
 * @throws VerifierError for a program that would not be safe: a defect of this compiler
 */
export function compileForKernel(script: CheckedScript, pid: number | undefined): CompiledScript {
  const plans = new KernelMapPlans(script.maps);
  const probes = script.probes.map((probe): CompiledProbe => {
    const { point, port, queue } = probe;
    const program = lowerForKernel(script, probe, plans, pid);
    const ofAgent = { needsTime: false, packetBytes: 0, argumentsUsed: 0 };
    return { point, port, queue, runs: 'target', program, ...ofAgent };
  });
  return {
    ...{ form: 'kernel', maps: plans.maps, events: script.events, probes },
    ...{ contextBytes: 0, stateOffset: 0, startTimeOffset: undefined, kernelMaps: plans.kernelMaps },
  };
}

function lowerForKernel(
  { maps, events, source }: CheckedScript,
  probe: CheckedProbe,
  plans: KernelMapPlans,
  pid: number | undefined,
): CompiledProbe['program'] {
  const lower = (scratchIn: 'stack' | 'map') => {
    const form = new KernelForm({ maps, plans, point: probe.point, pid, scratchIn });
    const program = lowerProbe(probe, form, events, source);
    requireCheckable(() => form.verify(program), source, probe.span);
    return program;
  };
  try {
    return lower('stack');
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return lower('map');
  }
}
