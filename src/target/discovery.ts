/**
 * What is running: agents and replays that answer on their sockets, and DPDK applications without the agent. What a
 * dead process left of its socket is removed.
 */
import { unlinkSync } from 'node:fs';
import { HoneError, PeerError, SysError } from '../base/index.ts';
import { connectTarget } from './connect-target.ts';
import {
  type DpdkLinkage,
  hasEalThread,
  listPids,
  ownerOf,
  parseFilePrefix,
  processExists,
  processName,
  readCommandLine,
  readMapsFacts,
  uptimeSeconds,
} from './dpdk/process-facts.ts';
import { findSockets, type SocketFile } from './socket-path.ts';
import type { Target } from './target.ts';

/** 'yes': it answers; 'no': there is none; the rest: `problem` says what is wrong. */
type AgentState = 'yes' | 'no' | 'refused' | 'silent';

export interface Application {
  readonly pid: number;
  /** The process's name; "replay" for a replay. */
  readonly name: string;
  readonly kind: 'dpdk' | 'replay';
  readonly filePrefix: string;
  /** "DPDK 22.11.11" from an agent, "ABI 23" from the libraries, or the file that a replay plays. */
  readonly version: string;
  readonly agent: AgentState;
  /** Why the agent cannot be used; undefined when it can, or there is none. */
  readonly problem: string | undefined;
  /** The hash of the agent's sources; undefined without an answer. */
  readonly build: string | undefined;
  readonly uptimeSeconds: number | undefined;
  readonly commandLine: readonly string[];
}

/** An application, and the connection to it when its agent answers. */
export interface FoundApplication extends Application {
  readonly target: Target | undefined;
}

/** Connects to whatever has a socket. The caller closes the targets. */
export async function findWithSocket(): Promise<FoundApplication[]> {
  const answers = await Promise.all(findSockets().map(askSocket));
  return answers.filter((application) => application !== undefined).sort(byPid);
}

/** The DPDK applications among the other processes: every one is looked into. */
export function findWithoutSocket(known: readonly Application[]): Application[] {
  const pids = listPids().filter((pid) => !known.some((application) => application.pid === pid));
  return pids.flatMap((pid) => describeWithoutSocket(pid) ?? []).sort(byPid);
}

/**
 * The same by a thread that every EAL starts: some hundred times quicker, and it sees processes of others, too, of which it says
 * that nobody else may look into them.
 */
export function findByThread(known: readonly Application[]): Application[] {
  const pids = listPids().filter((pid) => !known.some((application) => application.pid === pid));
  return pids
    .filter(hasEalThread)
    .flatMap((pid) => describeWithoutSocket(pid) ?? describeOfOthers(pid) ?? []);
}

function describeOfOthers(pid: number): Application | undefined {
  const owner = ownerOf(pid);
  const uid = process.geteuid!();
  if (owner === undefined || owner === uid || uid === 0) return undefined;
  const whose = owner === 0 ? 'root' : `user ${owner}`;
  return {
    ...describe(pid, 'dpdk'),
    version: '',
    agent: 'refused',
    problem: `it belongs to ${whose}, run this as ${whose}`,
    build: undefined,
  };
}

function byPid(a: Application, b: Application): number {
  return a.pid - b.pid;
}

/** Everything that runs, with the agent and without. The caller closes the targets. */
export async function findApplications(): Promise<FoundApplication[]> {
  const found = await findWithSocket();
  const others = findWithoutSocket(found).map((application) => ({ ...application, target: undefined }));
  return [...found, ...others].sort(byPid);
}

/** Everything that runs, to be shown: no connection stays open. */
export async function listApplications(): Promise<Application[]> {
  const found = await findApplications();
  return found.map(({ target, ...application }) => {
    target?.close();
    return application;
  });
}

async function askSocket({ pid, path }: SocketFile): Promise<FoundApplication | undefined> {
  try {
    const target = await connectTarget(path);
    const { info } = target;
    return {
      ...describe(info.pid, info.kind),
      filePrefix: info.filePrefix,
      version: info.version,
      agent: 'yes',
      problem: undefined,
      build: info.build,
      target,
    };
  } catch (error) {
    if (!(error instanceof HoneError)) throw error;
    if (!processExists(pid)) {
      removeStale(path);
      return undefined;
    }
    const refused =
      error instanceof SysError || (error instanceof PeerError && error.code === 'PEER_REFUSED');
    return {
      ...describe(pid, 'dpdk'),
      version: versionOf(readMapsFacts(pid)?.dpdk),
      agent: refused ? 'refused' : 'silent',
      problem: error.message,
      build: undefined,
      target: undefined,
    };
  }
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else's, or gone already: it does no harm.
  }
}

function describeWithoutSocket(pid: number): Application | undefined {
  const facts = readMapsFacts(pid);
  if (facts?.dpdk === undefined) return undefined;
  return {
    ...describe(pid, 'dpdk'),
    version: versionOf(facts.dpdk),
    agent: facts.hasAgent ? 'silent' : 'no',
    problem: facts.hasAgent ? 'the agent is in the process, but has no socket' : undefined,
    build: undefined,
  };
}

function describe(pid: number, kind: Application['kind']) {
  const commandLine = readCommandLine(pid);
  return {
    pid,
    kind,
    name: kind === 'replay' ? 'replay' : processName(pid),
    filePrefix: parseFilePrefix(commandLine),
    uptimeSeconds: uptimeSeconds(pid),
    commandLine,
  };
}

function versionOf(dpdk: DpdkLinkage | undefined): string {
  if (dpdk === undefined) return '';
  if (dpdk.kind === 'static') return 'static';
  return dpdk.abiMajor === undefined ? 'shared' : `ABI ${dpdk.abiMajor}`;
}
