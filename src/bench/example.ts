/** The example forwarder, compiled for each tracer: the application whose own trace points are measured. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from '../processes/index.ts';

const COMPILE_MS = 60_000;

export interface Example {
  /** Its program; undefined when it could not be made: `absent` says why. */
  readonly program?: string;
  readonly absent?: string;
}

/** @param makeOptions of its Makefile: `LTTNG=1` */
export async function buildExample(
  folder: string,
  program: string,
  makeOptions: readonly string[],
  signal: AbortSignal,
): Promise<Example> {
  if (findProgram('make') === undefined || findProgram('gcc') === undefined)
    return { absent: 'no compiler for the example: apt-get install make gcc libdpdk-dev' };
  const words = ['-s', '-C', folder, `OUT=${program}`, ...makeOptions];
  try {
    await promisify(execFile)('make', words, { signal, timeout: COMPILE_MS });
    return { program };
  } catch (error) {
    signal.throwIfAborted();
    const { stderr = '' } = error as { readonly stderr?: string };
    const line = stderr.split('\n').find((one) => /error|not found|No such/i.test(one)) ?? 'make failed';
    return { absent: `the example does not compile: ${line.trim()}` };
  }
}
