/** What the figures were measured on. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Machine } from './result.ts';
import type { Workbench } from './workbench.ts';

const VERSION_MS = 10_000;

export function describeMachine({ placement, memory }: Workbench, dpdk: string): Machine {
  const model = /^model name\s*:\s*(.+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  const { forwarding, others } = placement;
  return {
    processor: model ?? process.arch,
    processors: others.length + 1,
    kernel: release(),
    dpdk,
    memory: memory.name,
    placement: `forwarding on processor ${forwarding}, all else on ${others.join(', ')}`,
  };
}

/** The first number with a dot that a tool prints when it is asked for its version. */
export function versionOf([program, ...words]: readonly string[]): string {
  try {
    const text = execFileSync(program!, words, { encoding: 'utf8', stdio: 'pipe', timeout: VERSION_MS });
    return /\d+\.[\d.]*\d/.exec(text)?.[0] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
