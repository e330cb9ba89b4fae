/** hone's own commands, as somebody would type them. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HoneError } from '../base/index.ts';
import type { Application } from './application.ts';
import type { Heard, Listening, Subject } from './stage.ts';
import { numberIn, startTool } from './tool.ts';
import type { Workbench } from './workbench.ts';

const ATTACH_MS = 60_000;

/** Loads the agent into an application that runs without it. */
export async function attachAgent({ hone, signal }: Workbench, { pid }: Application): Promise<Listening> {
  const [node, ...words] = hone;
  try {
    const options = { signal, timeout: ATTACH_MS };
    await promisify(execFile)(node!, [...words, 'attach', `${pid}`], options);
  } catch (error) {
    signal.throwIfAborted();
    const { stderr = '' } = error as { readonly stderr?: string };
    throw new HoneError('BENCH', stderr.trim().split('\n').at(-1) || 'the agent was not attached');
  }
  return nothing;
}

/** Packets of port 0, both directions, into /dev/null. */
export async function capture(
  bench: Workbench,
  { prefix }: Application,
  options: readonly string[],
): Promise<Listening> {
  const command = [...bench.hone, 'capture', '-i', `${prefix}/0`, '-q', '-w', '/dev/null', ...options];
  return startTool(bench, { command, ready: 'Capturing on', read: readCapture });
}

function readCapture(output: string, seconds: number): Heard {
  const recorded = numberIn(output, /Packets captured: (\d+)/);
  return { recorded, seconds, dropped: numberIn(output, /dropped by ring:(\d+)/) };
}

/** A capture that ends at once: what it put into the application stays there, switched off. */
export async function captureOnce(bench: Workbench, application: Application): Promise<Listening> {
  const listening = await capture(bench, application, ['-a', 'packets:1']);
  await listening.stop();
  return nothing;
}

export function traceSubject(
  bench: Workbench,
  subject: Pick<Subject, 'id' | 'group' | 'task' | 'absent'>,
  script: string,
): Subject {
  const start = ({ pid }: Application) => {
    const command = [...bench.hone, 'trace', '--cost', '-p', `${pid}`, '-e', script];
    return startTool(bench, { command, ready: 'Attaching', read: readTrace });
  };
  return { ...subject, tool: 'hone trace', start };
}

/** The last table is of the whole time. */
function readTrace(output: string): Heard {
  const summary = output.slice(output.lastIndexOf('ns a hit'));
  return { nsPerHit: numberIn(summary, /(?:dpdk|app):\S+ +\d+ +([\d.]+)/) };
}

export function recordSubject(
  bench: Workbench,
  subject: Pick<Subject, 'id' | 'group' | 'task' | 'absent'>,
  event: string,
): Subject {
  const folder = join(bench.scratch, subject.id);
  const start = async ({ pid }: Application) => {
    const command = [...bench.hone, 'record', '-p', `${pid}`, '-e', event, '-o', folder];
    const listening = await startTool(bench, { command, ready: 'Recording', read: readRecord });
    const stop = async () => {
      const heard = await listening.stop();
      rmSync(folder, { recursive: true, force: true });
      return heard;
    };
    return { stop };
  };
  return { ...subject, tool: 'hone record', start };
}

function readRecord(output: string, seconds: number): Heard {
  const [recorded, dropped] = [/Events recorded: (\d+)/, /discarded: (\d+)/].map((pattern) =>
    numberIn(output, pattern),
  );
  return { recorded, dropped, seconds };
}

const nothing: Listening = { stop: async () => ({}) };
