/** One run of a whole process: how long it took, and the most memory it had. */
import { spawnSync } from 'node:child_process';

export interface ProcessRun {
  readonly seconds: number;
  readonly peakMiB: number;
}

/** GNU time says how much memory it took. */
export function measureProcess(command: readonly string[]): ProcessRun {
  const begun = performance.now();
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', 'peak %M', ...command], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const seconds = (performance.now() - begun) / 1000;
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return { seconds, peakMiB: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024 };
}
