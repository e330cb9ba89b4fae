/** LTTng sessions of tests: userspace only, each with a folder of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess, until } from './hone.ts';

/** Why there can be no session, or no application for one; undefined when there can. */
export function missingLttng(): string | undefined {
  for (const [command, packaged] of [
    ['lttng', 'lttng-tools'],
    ['lttng-sessiond', 'lttng-tools'],
    ['babeltrace2', 'babeltrace2'],
  ] as const) {
    if (spawnSync('which', [command]).status !== 0) return `needs ${command}: apt-get install ${packaged}`;
  }
  if (existsSync('/usr/include/lttng') || spawnSync('pkg-config', ['--exists', 'lttng-ust']).status === 0)
    return undefined;
  return 'needs the headers of LTTng-UST: apt-get install liblttng-ust-dev';
}

export interface LttngSession {
  /** For applications that are to be recorded. */
  readonly env: NodeJS.ProcessEnv;
  readonly trace: string;
  /** The trace is whole then. */
  stop(): void;
  /** Whatever has become of it; a daemon that was started for it ends, too. */
  remove(): Promise<void>;
}

export interface LttngOptions {
  /** Where LTTng keeps what is its own, and the trace; made. */
  readonly home: string;
  /** `dataplane:*,forwarder:*` */
  readonly events: string;
  readonly contexts?: readonly string[];
}

let sessions = 0;

export async function startLttng({ home, events, contexts = [] }: LttngOptions): Promise<LttngSession> {
  mkdirSync(home);
  const endDaemon = await startSessiond(home);
  const env = { ...process.env, LTTNG_HOME: home };
  const trace = join(home, 'trace');
  const session = `hone-test-${process.pid}-${++sessions}`;
  const lttng = (...args: readonly string[]) => execFileSync('lttng', args, { env, stdio: 'ignore' });
  const remove = async () => {
    spawnSync('lttng', ['destroy', session], { env });
    await endDaemon();
  };
  try {
    lttng('create', session, `--output=${trace}`);
    lttng('enable-channel', '-s', session, '-u', 'events', '--subbuf-size=1M', '--num-subbuf=8');
    lttng('enable-event', '-s', session, '-u', events, '-c', 'events');
    for (const context of contexts) lttng('add-context', '-s', session, '-u', '-t', context);
    lttng('start', session);
  } catch (error) {
    await remove();
    throw error;
  }
  const stop = () => {
    lttng('stop', session);
    lttng('destroy', session);
  };
  return { env, trace, stop, remove };
}

/**
 * One is started unless root has one already, and only that one is ended. The daemon itself is asked: what a killed one left
 * in /var/run/lttng says nothing, and its file of the process's number is written over without being cut.
 */
export async function startSessiond(home: string): Promise<() => Promise<void>> {
  const answers = () => spawnSync('lttng', ['--no-sessiond', 'list']).status === 0;
  if (answers()) return async () => {};
  const daemon = startProcess('lttng-sessiond', ['--no-kernel'], { ...process.env, LTTNG_HOME: home });
  await until('lttng-sessiond', answers);
  return async () => {
    if (daemon.child.exitCode !== null) return;
    const ended = once(daemon.child, 'exit');
    daemon.child.kill('SIGTERM');
    await ended;
  };
}
