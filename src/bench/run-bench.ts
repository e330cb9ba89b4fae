/**
 * The price of every tool, on this machine: rounds of all stages until the time is over. Only virtual devices, nothing of the
 * network, and nothing is left behind.
 */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnsupportedError } from '../base/index.ts';
import { findProgram, usableProcessors } from '../processes/index.ts';
import { buildAgent } from '../target/index.ts';
import type { Application } from './application.ts';
import { whyNoBpftrace } from './bpftrace.ts';
import { Cleanup } from './cleanup.ts';
import { type Dumpcap, findDumpcap, preloadNote } from './dumpcap.ts';
import { buildExample } from './example.ts';
import { prepareMemory } from './hugepages.ts';
import { benchName, removeLeftovers } from './leftovers.ts';
import { whyNoLttng } from './lttng.ts';
import { describeMachine, versionOf } from './machine.ts';
import type { BenchResult, Peer } from './result.ts';
import { runStage } from './run-stage.ts';
import type { Stage } from './stage.ts';
import { dumpcapStage, GROUPS, lttngStage, pointsStage, testpmdStage } from './stages.ts';
import { Turns } from './turns.ts';
import type { Workbench } from './workbench.ts';

export interface BenchOptions {
  readonly version: string;
  /** The command line of hone itself. */
  readonly hone: readonly string[];
  /** examples/forwarder of this package. */
  readonly exampleFolder: string;
  readonly isQuick: boolean;
  readonly signal: AbortSignal;
  /** What is measured now. */
  readonly onProgress: (words: string) => void;
}

interface Plan {
  readonly rounds: number;
  readonly windowMs: number;
  /** With what it takes to end. */
  readonly limitMs: number;
}

const QUICK: Plan = { rounds: 1, windowMs: 1200, limitMs: 165_000 };
const FULL: Plan = { rounds: 6, windowMs: 2000, limitMs: 870_000 };
/** A row with a tool that is slow to come and go. */
const ROW_MS = 12_000;
const TMPFS = '/dev/shm';
/** What a recorder writes meanwhile. */
const SCRATCH_BYTES = 4 * 2 ** 30;

/**
 * @returns what was measured by then, also when the signal was aborted
 * @throws UnsupportedError when there is no dpdk-testpmd, or only one processor
 */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  if (findProgram('dpdk-testpmd') === undefined)
    throw new UnsupportedError('dpdk-testpmd is not installed: apt-get install dpdk', 'dpdk');
  const processors = usableProcessors();
  const forwarding = processors.at(-1)!;
  const others = processors.slice(0, -1);
  if (others.length === 0)
    throw new UnsupportedError('this process may use one processor, and needs two', 'two processors');
  const plan = options.isQuick ? QUICK : FULL;
  const cleanup = new Cleanup();
  try {
    const memory = prepareMemory(cleanup);
    const scratchParent = hasTmpfs() ? TMPFS : tmpdir();
    removeLeftovers([...(memory.mount === undefined ? [] : [memory.mount]), scratchParent, tmpdir()]);
    const bench: Workbench = {
      hone: options.hone,
      placement: { forwarding, others },
      memory,
      cleanup,
      signal: options.signal,
      windowMs: plan.windowMs,
      scratch: makeFolder(cleanup, scratchParent),
    };
    return await measure(bench, plan, options);
  } finally {
    cleanup.close();
  }
}

async function measure(bench: Workbench, plan: Plan, options: BenchOptions): Promise<BenchResult> {
  const begun = performance.now();
  const started = new Date().toISOString();
  const dumpcap = findDumpcap(bench);
  let ended: string | undefined;
  let rounds = 0;
  let dpdk = 'DPDK';
  let turns = new Turns([]);
  try {
    options.onProgress('compiling');
    await buildAgent();
    const stages = await openStages(bench, options, dumpcap);
    turns = new Turns(
      stages.flatMap(({ bare, lasting, subjects }) => [...(bare ? [bare] : []), ...lasting, ...subjects]),
    );
    const onApplication = (application: Application) => {
      dpdk = application.dpdk;
    };
    const roundEnds: number[] = [performance.now()];
    for (; rounds < plan.rounds && isTimeForRound(roundEnds, begun, plan); rounds++) {
      for (const stage of stages) {
        const isLate = () => performance.now() - begun > plan.limitMs - ROW_MS;
        const onSubject = (subject: { readonly tool: string; readonly task: string }) =>
          options.onProgress(`round ${rounds + 1}: ${subject.tool}: ${subject.task}`);
        options.onProgress(`round ${rounds + 1}: ${stage.name}`);
        if (isLate()) continue;
        await runStage(bench, stage, turns, { first: rounds, isLate, onApplication, onSubject });
      }
      roundEnds.push(performance.now());
    }
  } catch (error) {
    if (!options.signal.aborted) throw error;
    ended = 'interrupted';
  }
  return {
    version: options.version,
    started,
    seconds: (performance.now() - begun) / 1000,
    rounds,
    ended,
    windowSeconds: bench.windowMs / 1000,
    machine: describeMachine(bench, dpdk),
    peers: describePeers(dpdk, dumpcap),
    groups: GROUPS.map((group) => ({ ...group, rows: turns.rows(group.id) })),
  };
}

/** What is absent says why. */
function describePeers(dpdk: string, dumpcap: Dumpcap): Peer[] {
  const isThere = (absent: string | undefined, version: () => string) =>
    absent === undefined ? { version: version() } : { version: undefined, note: absent };
  return [
    { name: 'dpdk-dumpcap', note: preloadNote(dumpcap), ...isThere(dumpcap.absent, () => dpdk) },
    { name: 'bpftrace', ...isThere(whyNoBpftrace(), () => versionOf(['bpftrace', '--version'])) },
    { name: 'LTTng', ...isThere(whyNoLttng(), () => versionOf(['lttng', '--version'])) },
  ];
}

/** Only whole rounds: rows are to have the same number of turns. The first one is made in any case. */
function isTimeForRound(ends: readonly number[], begun: number, { limitMs }: Plan): boolean {
  if (ends.length < 2) return true;
  const longest = Math.max(...ends.slice(1).map((end, n) => end - ends[n]!));
  return ends.at(-1)! - begun + longest < limitMs;
}

async function openStages(
  bench: Workbench,
  { exampleFolder, signal }: BenchOptions,
  dumpcap: Dumpcap,
): Promise<Stage[]> {
  const programs = makeFolder(bench.cleanup, tmpdir());
  const [usdt, lttng] = await Promise.all([
    buildExample(exampleFolder, join(programs, 'forwarder'), [], signal),
    buildExample(exampleFolder, join(programs, 'forwarder-lttng'), ['LTTNG=1'], signal),
  ]);
  return [
    testpmdStage(bench),
    dumpcapStage(bench, dumpcap),
    pointsStage(bench, usdt, exampleFolder),
    lttngStage(bench, lttng, exampleFolder),
  ];
}

function makeFolder(cleanup: Cleanup, parent: string): string {
  const folder = mkdtempSync(join(parent, benchName('')));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function hasTmpfs(): boolean {
  try {
    const { bavail, bsize } = statfsSync(TMPFS);
    return bavail * bsize > SCRATCH_BYTES;
  } catch {
    return false;
  }
}
