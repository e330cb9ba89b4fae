/**
 * dpdk-dumpcap, DPDK's own capture. It is a second process of the same application and has to number the mempool drivers
 * alike: a driver that only the application is linked with makes it capture nothing, so that it is preloaded.
 */
import { execFileSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findProgram } from '../processes/index.ts';
import type { Application } from './application.ts';
import type { Heard, Listening, Subject } from './stage.ts';
import { numberIn, startTool } from './tool.ts';
import type { Workbench } from './workbench.ts';

const PROGRAM = 'dpdk-dumpcap';
/** Until it has looked at the application's ports and memory. */
const SETTLE_SECONDS = 1;
/** pcapng's blocks before the first packet, with room for its comments. */
const EMPTY_FILE_BYTES = 1024;

export interface Dumpcap {
  readonly absent: string | undefined;
  /** Libraries to preload. */
  readonly preload: readonly string[];
}

export function findDumpcap({ memory }: Pick<Workbench, 'memory'>): Dumpcap {
  const dumpcap = findProgram(PROGRAM);
  const testpmd = findProgram('dpdk-testpmd');
  if (dumpcap === undefined || testpmd === undefined)
    return { absent: `${PROGRAM} is not installed: apt-get install dpdk`, preload: [] };
  if (memory.whyOrdinary !== undefined)
    return { absent: `${PROGRAM} needs hugepages: ${memory.whyOrdinary}`, preload: [] };
  const has = mempoolDrivers(dumpcap);
  const lacks = [...mempoolDrivers(testpmd)].filter(([name]) => !has.has(name));
  return { absent: undefined, preload: lacks.map(([, path]) => path) };
}

/** By name, with their paths: ldd(1) of a program. */
function mempoolDrivers(program: string): Map<string, string> {
  const text = execFileSync('ldd', [program], { encoding: 'utf8' });
  const lines = [...text.matchAll(/^\s*(librte_mempool_\S+) => (\S+)/gm)];
  return new Map(lines.map(([, name, path]) => [name!, path!]));
}

export function preloadNote({ preload }: Dumpcap): string | undefined {
  if (preload.length === 0) return undefined;
  const names = preload.map((path) => basename(path)).join(', ');
  return `with LD_PRELOAD of ${names}, which only dpdk-testpmd is linked with: without it captures nothing`;
}

export function dumpcapSubject(
  bench: Workbench,
  dumpcap: Dumpcap,
  { id, task, filter }: { readonly id: string; readonly task: string; readonly filter?: string },
): Subject {
  const file = join(bench.scratch, `${id}.pcapng`);
  const lastsSeconds = Math.ceil(bench.windowMs / 1000 + SETTLE_SECONDS);
  const start = async ({ prefix }: Application): Promise<Listening> => {
    const rejects = filter !== undefined && id.endsWith('reject');
    const command = [
      // It says at once that it captures, also into a pipe.
      ...['stdbuf', '-oL', PROGRAM],
      ...['--file-prefix', prefix, '-i', '0', '-q', '-a', `duration:${lastsSeconds}`],
      ...(filter === undefined ? [] : ['-f', filter]),
      ...['-w', rejects ? file : '/dev/null'],
    ];
    const env = { ...process.env, LD_PRELOAD: dumpcap.preload.join(':') };
    const read = (output: string, seconds: number): Heard => {
      const heard = { ...readCounts(output), seconds };
      if (!rejects) return heard;
      // It counts what the filter rejects as received; the file tells.
      const isEmpty = (statSync(file, { throwIfNoEntry: false })?.size ?? 0) < EMPTY_FILE_BYTES;
      rmSync(file, { force: true });
      return isEmpty ? { ...heard, recorded: 0 } : heard;
    };
    return startTool(bench, { command, env, ready: 'Capturing on', lastsSeconds, read });
  };
  return { id, group: 'capture', tool: PROGRAM, task, absent: dumpcap.absent, start };
}

/** `Packets received/dropped on interface '...': 12/3`: what was dropped is among the received. */
export function readCounts(output: string): { readonly recorded: number; readonly dropped: number } {
  const received = numberIn(output, /Packets received\/dropped.*?: (\d+)\//);
  const dropped = numberIn(output, /Packets received\/dropped.*?: \d+\/(\d+)/);
  return { recorded: received - dropped, dropped };
}
