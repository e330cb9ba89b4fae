/** A script in the kernel: uprobes, usdt, tracepoints, software events, profiles. */
import { UsageError } from '../base/index.ts';
import { checkScript, compileForKernel, type ScriptTree } from '../script/index.ts';
import { realtimeNs } from '../target/index.ts';
import { type KernelPoint, resolveKernelPoints } from '../target/kernel-target.ts';
import { KernelSource } from '../trace/index.ts';
import { checkPrice } from './kernel-price.ts';
import { dumpPrograms, runTrace } from './run-trace.ts';
import type { TraceOptions } from './trace-options.ts';

export async function traceKernel(tree: ScriptTree, options: TraceOptions): Promise<void> {
  const { application, positional, isSure, isDump } = options;
  const pid = application === undefined ? undefined : Number(application);
  if (pid !== undefined && !Number.isInteger(pid)) {
    throw new UsageError(
      `--app ${application}: this script runs in the kernel, expected the number of a process by -p`,
    );
  }
  const points: KernelPoint[] = [];
  const checked = checkScript(tree, {
    form: 'kernel',
    positional,
    findPoints: ({ parts }) => {
      const found = resolveKernelPoints(parts.join(':'), { pid });
      points.push(...found);
      return found;
    },
  });
  const script = compileForKernel(checked, pid);
  if (isDump) return dumpPrograms(script);
  await checkPrice(points, pid, isSure);
  const source = new KernelSource({ script, pid });
  const { end } = await runTrace(script, source, { options, naming: source.naming, nowNs: realtimeNs });
  if (end === 'gone') process.stderr.write(`process ${pid} has ended\n`);
}
