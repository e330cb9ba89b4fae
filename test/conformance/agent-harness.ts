/** Compiles a harness of this folder with sources of the agent, against the DPDK that is installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasDpdk: boolean =
  spawnSync('gcc', ['--version']).status === 0 &&
  spawnSync('pkg-config', ['--exists', 'libdpdk']).status === 0;

/** @param sources names in native/agent/src */
export function compileHarness(binary: string, harness: string, sources: readonly string[]): void {
  const agent = join(import.meta.dirname, '../../native/agent');
  const dpdk = (option: string): readonly string[] =>
    spawnSync('pkg-config', [option, 'libdpdk'], { encoding: 'utf8' }).stdout.trim().split(/\s+/);
  const { status, stderr } = spawnSync('gcc', [
    ...['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-o', binary],
    ...['-D_GNU_SOURCE', '-DALLOW_EXPERIMENTAL_API'],
    ...[`-I${join(agent, 'src')}`, `-I${join(agent, 'include')}`, ...dpdk('--cflags')],
    join(import.meta.dirname, harness),
    ...sources.map((name) => join(agent, 'src', name)),
    ...dpdk('--libs'),
  ]);
  if (status !== 0) throw new Error(`the harness does not compile:\n${stderr}`);
}

export interface HarnessOutcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
}

/** Compiles a harness, runs it once, and leaves nothing. */
export function runHarness(harness: string, sources: readonly string[]): HarnessOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'hone-harness-'));
  try {
    const binary = join(folder, 'harness');
    compileHarness(binary, harness, sources);
    const { status, signal, stdout } = spawnSync(binary, { encoding: 'utf8', maxBuffer: 1 << 30 });
    return { status, signal, stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
