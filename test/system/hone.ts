/** Runs the built command line as a person would: a process of its own, exit code and both streams kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const mainFile: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves once stderr matches; rejects when the process ends before. */
  stderrMatches(pattern: RegExp): Promise<void>;
  finished(): Promise<Finished>;
}

export function startHone(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Running {
  return startProcess(process.execPath, [mainFile, ...args], env);
}

export function hone(...args: readonly string[]): Promise<Finished> {
  return startHone(args).finished();
}

export function startProcess(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  stdin: 'ignore' | 'pipe' = 'ignore',
): Running {
  const child = spawn(command, args, { env, stdio: [stdin, 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    child,
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    async stderrMatches(pattern) {
      let over = false;
      void closed.then(() => {
        over = true;
      });
      while (!pattern.test(stderr)) {
        if (over) throw new Error(`${command} ended before stderr matched ${pattern}:\n${stderr}`);
        await sleep(20);
      }
    },
    async finished() {
      const [code, signal] = await closed;
      return { code, signal, stdout, stderr };
    },
  };
}

export function run(command: string, ...args: readonly string[]): Promise<Finished> {
  return startProcess(command, args).finished();
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `condition` holds; a defect's test must not hang, so there is an end. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 20_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await sleep(50);
  }
}
