/** A trace point of hone/trace.h that nobody listens to, in a loop in C (trace-point.c). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** @returns nanoseconds a point, the median of several turns of loops */
export function measureTracePoint(): number {
  const folder = mkdtempSync(join(tmpdir(), 'hone-bench-'));
  const program = join(folder, 'trace-point');
  const include = `-I${project('native/agent/include')}`;
  try {
    const source = project('bench/trace-point.c');
    execFileSync('gcc', ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', include, '-o', program, source]);
    return Number(execFileSync('taskset', ['-c', '1', program], { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
