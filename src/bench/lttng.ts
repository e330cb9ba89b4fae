/** LTTng-UST: the example forwarder built with its trace points, recorded by a session of our own. */
import { execFile, execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HoneError } from '../base/index.ts';
import { findProgram, ProcessGroup } from '../processes/index.ts';
import { benchName } from './leftovers.ts';
import type { Heard, Listening, Subject } from './stage.ts';
import type { Workbench } from './workbench.ts';

const run = promisify(execFile);
const READY_MS = 10_000;
const COMMAND_MS = 20_000;

export function whyNoLttng(): string | undefined {
  const hasPrograms = ['lttng', 'lttng-sessiond'].every((name) => findProgram(name) !== undefined);
  return hasPrograms ? undefined : 'LTTng is not installed: apt-get install lttng-tools liblttng-ust-dev';
}

/** A session daemon that runs already is used as it is. */
export async function startSessionDaemon({ cleanup, signal }: Workbench): Promise<void> {
  if (hasSessionDaemon()) return;
  const daemon = new ProcessGroup(['lttng-sessiond']);
  cleanup.add(() => daemon.signal('SIGTERM'));
  await daemon.until(() => (hasSessionDaemon() ? true : undefined), READY_MS, signal);
}

function hasSessionDaemon(): boolean {
  try {
    execFileSync('lttng', ['--no-sessiond', 'list'], { stdio: 'ignore', timeout: COMMAND_MS });
    return true;
  } catch {
    return false;
  }
}

export function lttngSubject(
  { cleanup, scratch }: Workbench,
  subject: Pick<Subject, 'id' | 'group' | 'task' | 'absent'>,
  event: string,
): Subject {
  const start = async (): Promise<Listening> => {
    const session = benchName(subject.id);
    const output = join(scratch, subject.id);
    await lttng('create', session, `--output=${output}`);
    const destroy = cleanup.add(() => {
      execFileSync('lttng', ['destroy', session], { stdio: 'ignore', timeout: COMMAND_MS });
    });
    await lttng('enable-event', '--session', session, '--userspace', event);
    await lttng('start', session);
    const stop = async (): Promise<Heard> => {
      const said = await lttng('stop', session);
      destroy();
      rmSync(output, { recursive: true, force: true });
      return { dropped: Number(/(\d+) events? (?:was|were) discarded/.exec(said)?.[1] ?? 0) };
    };
    return { stop };
  };
  return { ...subject, tool: 'LTTng-UST', start };
}

/** @returns what it said, warnings as well */
async function lttng(...words: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run('lttng', words, { timeout: COMMAND_MS });
    return stdout + stderr;
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    throw new HoneError('BENCH', stderr.trim().split('\n').at(-1) || `lttng ${words[0]} failed`);
  }
}
