/**
 * Trace points of hone/dataplane.h that nobody listens to, in a loop in C (trace-point.c), built for each tracer: alone they are
 * `npm run bench -- points`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchName } from '../src/bench/leftovers.ts';
import { formatSpread, printTable } from './statistics.ts';

const project = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

interface Build {
  readonly title: string;
  readonly flags: readonly string[];
  readonly libraries: readonly string[];
}

const agent: Build = { title: 'agent and USDT', flags: [], libraries: [] };
const builds: readonly Build[] = [
  agent,
  {
    title: 'LTTng-UST',
    flags: ['-DHONE_TRACE_LTTNG', project('native/agent/lttng/dataplane-lttng.c')],
    libraries: ['-llttng-ust', '-ldl'],
  },
  { title: 'none', flags: ['-DHONE_TRACE_NONE'], libraries: [] },
];

/** @returns nanoseconds a point of the build for the agent, the median of several turns of loops */
export function measureTracePoint(): number {
  return measure(agent);
}

function measure({ flags, libraries }: Build): number {
  const folder = mkdtempSync(join(tmpdir(), benchName('point')));
  const program = join(folder, 'trace-point');
  const include = `-I${project('native/agent/include')}`;
  try {
    const source = project('bench/trace-point.c');
    const warnings = ['-Wall', '-Wextra', '-Werror'];
    const command = [
      '-std=gnu11',
      '-O2',
      ...warnings,
      include,
      '-o',
      program,
      source,
      ...flags,
      ...libraries,
    ];
    execFileSync('gcc', command);
    return Number(execFileSync('taskset', ['-c', '1', program], { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rounds of all builds in turns. */
export async function benchPoints(rounds = 5): Promise<void> {
  const hasLttng = spawnSync('pkg-config', ['--exists', 'lttng-ust']).status === 0;
  if (!hasLttng) console.log('LTTng-UST is left out: apt-get install liblttng-ust-dev\n');
  const measured = builds.filter((build) => hasLttng || build.libraries.length === 0);
  const values = new Map(measured.map((build) => [build, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [build, list] of values) list.push(measure(build));
  }
  printTable(
    ['eight points in a row, nobody listens', 'ns a point'],
    [...values].map(([{ title }, list]) => [title, formatSpread(list, 2)]),
  );
}
