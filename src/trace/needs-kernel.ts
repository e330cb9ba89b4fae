/** Whether a script's probes are of the kernel, or of an application. */
import type { ScriptTree } from '../script/index.ts';

/** First words of probes that need the kernel, with bpftrace's short forms. */
const OF_KERNEL: ReadonlySet<string> = new Set(
  'usdt U uprobe u uretprobe ur tracepoint t software s profile p'.split(' '),
);

export function needsKernel({ clauses }: ScriptTree): boolean {
  return clauses.some(({ points }) => points.some(({ parts }) => OF_KERNEL.has(parts[0] ?? '')));
}
