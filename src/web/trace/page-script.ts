/** A script of a page, compiled for where its probes are: the chosen application, or the kernel. */
import { CompileError, HoneError, UsageError } from '../../base/index.ts';
import {
  type CompiledScript,
  checkScript,
  compileForAgent,
  compileForKernel,
  parseScript,
  type ScriptTree,
} from '../../script/index.ts';
import { type KernelPoint, resolveKernelPoints } from '../../target/kernel-target.ts';
import { needsKernel, pointFinder } from '../../trace/index.ts';
import { dpdkPoints, type ProbePoint } from '../../tracepoints/index.ts';
import type { HostMessage } from '../protocol/index.ts';

type ScriptMessage = Omit<Extract<HostMessage, { readonly type: 'script' }>, 'type' | 'request'>;

export interface KernelScript {
  readonly script: CompiledScript;
  /** What it is put on; clocks, BEGIN and END are not among them. */
  readonly points: readonly KernelPoint[];
  readonly pid: number | undefined;
}

export interface ScriptPlace {
  /** Those of the chosen application; DPDK's when it is not known yet. */
  readonly points: readonly ProbePoint[] | undefined;
  /** Of probes of the kernel: only this process. */
  readonly pid: number | undefined;
}

/** @throws CompileError */
export function compileInApplication(
  tree: ScriptTree,
  points: readonly ProbePoint[] = dpdkPoints,
): CompiledScript {
  const findPoints = pointFinder(points, 'the application');
  return compileForAgent(checkScript(tree, { form: 'agent', positional: [], findPoints }));
}

/** @throws CompileError */
export function compileInKernel(tree: ScriptTree, pid: number | undefined): KernelScript {
  const points: KernelPoint[] = [];
  const checked = checkScript(tree, {
    form: 'kernel',
    positional: [],
    findPoints: ({ parts }) => {
      const found = findKernelPoints(parts.join(':'), pid);
      points.push(...found);
      return found;
    },
  });
  return { script: compileForKernel(checked, pid), points, pid };
}

/** What is wrong with a file or a right is said at the probe, too. @throws UsageError */
function findKernelPoints(text: string, pid: number | undefined): readonly KernelPoint[] {
  try {
    return resolveKernelPoints(text, { pid });
  } catch (error) {
    const isOfSystem = typeof (error as NodeJS.ErrnoException).code === 'string';
    if (!(error instanceof HoneError) && !isOfSystem) throw error;
    throw new UsageError((error as Error).message);
  }
}

/** What is wrong with a script, or what it becomes. */
export function checkPageScript(text: string, { points, pid }: ScriptPlace): ScriptMessage {
  let where: ScriptMessage['where'] = 'application';
  try {
    const tree = parseScript(text);
    if (needsKernel(tree)) where = 'kernel';
    const { probes } =
      where === 'kernel' ? compileInKernel(tree, pid).script : compileInApplication(tree, points);
    return {
      where,
      diagnostics: [],
      probes: probes.map(({ point, port, queue }) =>
        [point.name, ...[port, queue].filter((part) => part !== undefined)].join(':'),
      ),
      instructions: probes.reduce((sum, { program }) => sum + program.length, 0),
    };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const diagnostics = error.diagnostics.map(({ message, span, hint }) => ({
      ...{ message, start: span.start, end: span.end, hint: hint ?? null },
    }));
    return { where, diagnostics, probes: [], instructions: 0 };
  }
}
