/** The oracle: scripts run by the installed bpftrace, which needs root. */
import { spawnSync } from 'node:child_process';

const version: string = spawnSync('bpftrace', ['--version'], { encoding: 'utf8' }).stdout ?? '';

/** Why nothing can be asked; undefined when it can. */
export const noBpftrace: string | undefined = !version.includes('v0.17')
  ? 'needs bpftrace 0.17: apt-get install bpftrace'
  : process.geteuid!() !== 0
    ? 'needs root: run as root'
    : undefined;

/** What it prints on standard output. */
export function askBpftrace(script: string, format: 'text' | 'json'): string {
  const run = spawnSync('bpftrace', ['-f', format, '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, TZ: process.env.TZ ?? 'UTC' },
  });
  if (run.status !== 0) throw new Error(`bpftrace: ${run.stderr}`);
  return run.stdout;
}
