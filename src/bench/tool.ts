/** A program that listens to the application while a rate is taken. */
import { HoneError } from '../base/index.ts';
import { ProcessGroup } from '../processes/index.ts';
import type { Heard, Listening } from './stage.ts';
import { besideForwarding, type Workbench } from './workbench.ts';

const READY_MS = 30_000;
/** A tool that traps into the kernel for each packet may have far more to do than time. */
const END_MS = 3000;

export interface Tool {
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What it says when it works. */
  readonly ready: string;
  /** It ends by itself, after so many seconds; else it is interrupted. */
  readonly lastsSeconds?: number;
  /** Of all that it said: what it did. */
  readonly read?: (output: string, seconds: number) => Heard;
}

/** @throws HoneError when it ends instead, or never says that it is ready */
export async function startTool(bench: Workbench, tool: Tool): Promise<Listening> {
  const group = new ProcessGroup(besideForwarding(bench, tool.command), tool.env);
  const kill = bench.cleanup.add(() => group.signal('SIGKILL'));
  const begun = await untilReady(group, tool, bench.signal).catch(async (error: unknown) => {
    await group.end('SIGINT', END_MS);
    throw error;
  });
  const stop = async (): Promise<Heard> => {
    if (tool.lastsSeconds !== undefined) await withEnd(group, tool.lastsSeconds * 1000 + END_MS);
    const seconds = tool.lastsSeconds ?? (performance.now() - begun) / 1000;
    await group.end('SIGINT', END_MS);
    kill();
    return tool.read?.(group.output, seconds) ?? {};
  };
  return { stop };
}

async function untilReady(group: ProcessGroup, { ready }: Tool, signal: AbortSignal): Promise<number> {
  await group.until(() => (group.output.includes(ready) ? true : undefined), READY_MS, signal);
  return performance.now();
}

async function withEnd(group: ProcessGroup, ms: number): Promise<void> {
  const timer = setTimeout(() => group.signal('SIGINT'), ms);
  await group.closed;
  clearTimeout(timer);
}

/**
 * What the pattern's group is in a tool's output.
 * @throws HoneError when the tool does not say it
 */
export function numberIn(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1];
  if (found !== undefined) return Number(found);
  const last = output.trim().split('\n').at(-1) ?? '';
  throw new HoneError('BENCH', last === '' ? 'it said nothing' : `it ended with: ${last}`);
}
