/** Starts a program with the agent preloaded, and ends as it ends. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { SysError } from '../../base/index.ts';
import { type BuildOptions, buildAgent } from './agent-build.ts';
import { isForeground } from './process-facts.ts';

const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs the command with our own standard streams until it ends.
 * @returns its exit code, or 128 + the number of the signal that ended it
 * @throws what buildAgent throws; SysError when the command cannot be started
 */
export async function runApplication(
  command: string,
  args: readonly string[],
  options: BuildOptions = {},
): Promise<number> {
  const { path } = await buildAgent(options);
  const preload = [process.env.LD_PRELOAD, path].filter(Boolean).join(':');
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, LD_PRELOAD: preload } });
  const forward = (signal: NodeJS.Signals) => {
    // A key on the terminal reaches the whole group: the child has it already.
    const isKey = signal === 'SIGINT' || signal === 'SIGQUIT';
    if (!isKey || !isForeground()) child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'ENOENT' ? 'no such command' : (error.code ?? error.message);
        reject(new SysError('spawn', -(error.errno ?? 0), `${command}: ${why}`));
      });
      child.once('close', (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}
