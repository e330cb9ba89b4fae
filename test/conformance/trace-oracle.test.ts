/** The same scripts by hone and by bpftrace on the same work: the same lines, the same maps. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bpftraceOrder, compileScript, TextFormat } from '../../src/script/index.ts';
import { compile, needsCompiler } from '../../src/target/kernel/compile-fixture.ts';
import { needsBpf } from '../../src/target/kernel/kernel-fixture.ts';
import { resolveKernelPoints } from '../../src/target/kernel-target.ts';
import { KernelSource, TraceSession } from '../../src/trace/index.ts';
import { noBpftrace } from './bpftrace.ts';
import { oraclePairs, oracleScripts } from './trace-scripts.ts';
import { WORKER_SOURCE } from './trace-worker.ts';

/** The worker stays so long after its work, so that the names of its functions can be looked up. */
const LINGER_MS = '200';

let folder: string;
let worker: string;
let tracefs: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-oracle-'));
  tracefs = mkdtempSync(join(folder, 'tracefs-'));
  spawnSync('mount', ['-t', 'tracefs', 'nodev', tracefs]);
  if (needsCompiler === undefined) worker = compile(folder, 'worker.c', WORKER_SOURCE);
});
afterAll(() => {
  spawnSync('umount', [tracefs]);
  rmSync(folder, { recursive: true });
});
beforeEach((context) => {
  const reason = needsBpf ?? needsCompiler ?? noBpftrace;
  if (reason !== undefined) context.skip(reason);
});

/** What bpftrace prints, without its word on how many probes there are. */
function askBpftrace(script: string): string {
  // bpftrace knows tracefs at its usual place only: mounted there for nobody else.
  const mount = 'mount -t tracefs nodev /sys/kernel/tracing; exec "$@"';
  const ask = ['bpftrace', '-e', script, '-c', `${worker} 20 ${LINGER_MS}`];
  const { stdout, stderr, status } = spawnSync('unshare', ['-m', 'sh', '-c', mount, 'sh', ...ask], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`bpftrace refuses the script:\n${stderr}`);
  return stdout.replace(/^Attaching.*\n/, '');
}

/** What hone prints. */
async function traceIt(source: string): Promise<string> {
  const script = compileScript(source, {
    form: 'kernel',
    positional: [],
    findPoints: ({ parts }) => resolveKernelPoints(parts.join(':'), { tracefs }),
  });
  const kernel = new KernelSource({ script, pid: undefined });
  let printed = '';
  const sink = {
    write: (text: string) => {
      printed += text;
    },
    frame: () => {},
    flush: async () => {},
  };
  const { naming } = kernel;
  const session = new TraceSession({
    ...{ script, source: kernel, format: new TextFormat(naming, bpftraceOrder), naming, sink },
    ...{ nowNs: () => 0n, durationMs: undefined, snapshotMs: undefined },
  });
  const start = kernel.start.bind(kernel);
  kernel.start = async () => {
    await start();
    spawn(worker, ['20', LINGER_MS], { stdio: 'ignore' }).once('exit', () => session.stop());
  };
  const { error } = await session.run();
  if (error !== undefined) throw error;
  return printed.replace(/^Attaching.*\n/, '');
}

/** Entries of a map with equal values stand in the order of the kernel's hash: here in that of their text. */
function withoutTies(text: string): string {
  const lines = text.split('\n');
  const numberOf = (line: string) => /^@\w*\[.*\]: (-?\d+)$/.exec(line)?.[1];
  for (let i = 0; i < lines.length; i++) {
    let end = i + 1;
    while (
      numberOf(lines[i]!) !== undefined &&
      end < lines.length &&
      numberOf(lines[end]!) === numberOf(lines[i]!)
    )
      end++;
    lines.splice(i, end - i, ...lines.slice(i, end).sort());
    i = end - 1;
  }
  return lines.join('\n');
}

describe('hone and bpftrace', () => {
  test.each(oracleScripts)('%s', { timeout: 60_000 }, async (text) => {
    const script = text.replaceAll('W:', `${worker}:`);
    const expected = askBpftrace(script);
    expect(withoutTies(await traceIt(script))).toBe(withoutTies(expected));
    expect(expected.trim()).not.toBe('');
  });

  test.each(oraclePairs)('$ours', { timeout: 60_000 }, async ({ ours, theirs }) => {
    const [script, words] = [ours, theirs].map((text) => text.replaceAll('W:', `${worker}:`));
    const expected = askBpftrace(words!);
    expect(withoutTies(await traceIt(script!))).toBe(withoutTies(expected));
    expect(expected.trim()).not.toBe('');
  });
});
