/** The compiler that engineers use: C into BPF objects. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const hasClang: boolean = spawnSync('clang', ['--version']).status === 0;
export const needsClang = 'needs clang: apt-get install clang';

export const CPUS = ['v1', 'v2', 'v3'] as const;
export type Cpu = (typeof CPUS)[number];

/** The object of a C file's text; `#include <hone/packet.h>` is found. */
export function compileC(source: string, cpu: Cpu = 'v3', options: readonly string[] = ['-g']): Uint8Array {
  const include = join(import.meta.dirname, '../../native/agent/include');
  const args = ['-O2', '-Wall', '-target', 'bpf', `-mcpu=${cpu}`, `-I${include}`, ...options];
  const { status, stdout, stderr } = spawnSync('clang', [...args, '-xc', '-c', '-', '-o', '-'], {
    input: source,
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`clang refuses the program:\n${stderr}`);
  return new Uint8Array(stdout);
}
