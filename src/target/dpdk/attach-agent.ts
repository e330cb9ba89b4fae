/**
 * Puts the agent into a running application that nobody prepared: a thread of it that waits calls dlopen (../injection), or, where
 * that cannot be, gdb stops all of it for some hundred milliseconds and calls dlopen. What could go wrong is looked for before anything
 * is touched.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { HoneError, PeerError, UnsupportedError, UsageError } from '../../base/index.ts';
import { connectTarget } from '../connect-target.ts';
import { loadLibrary } from '../injection/load-library.ts';
import { findSockets } from '../socket-path.ts';
import type { Target } from '../target.ts';
import { type BuildOptions, buildAgent } from './agent-build.ts';
import type { DpdkInstall } from './dpdk-install.ts';
import { loadByDebugger } from './load-by-debugger.ts';
import { type DpdkLinkage, processExists, processName, readMapsFacts } from './process-facts.ts';

const ANSWER_MS = 5_000;

/**
 * @returns a connection to the agent
 * @throws UsageError when the process is not there, has no DPDK or has the agent already; UnsupportedError when gdb,
 * the permission, or an agent for its DPDK is missing; HoneError ATTACH when the agent does not load or answer
 */
export async function attachAgent(pid: number, options: BuildOptions = {}): Promise<Target> {
  const name = checkProcess(pid);
  const { path, dpdk } = await buildAgent(options);
  checkAbi(name, readMapsFacts(pid)!.dpdk, dpdk);
  checkPermission();
  let loading = await loadLibrary(pid, name, path);
  if (loading.kind === 'unsuitable') loading = await loadByDebugger(pid, name, path, loading.why);
  if (loading.kind === 'refused') {
    throw new HoneError('ATTACH', `${name} cannot load the agent: ${loading.reason}`);
  }
  return waitForAnswer(pid, name);
}

function checkProcess(pid: number): string {
  if (!processExists(pid)) throw new UsageError(`no process ${pid}`);
  const name = `${processName(pid)} ${pid}`;
  const facts = readMapsFacts(pid);
  if (facts === undefined) {
    throw new UnsupportedError(`${name} may not be looked into: run this as its user or root`, 'root');
  }
  if (facts.dpdk === undefined) throw new UsageError(`${name} is no DPDK application`);
  if (facts.hasAgent || findSockets().some((socket) => socket.pid === pid)) {
    throw new UsageError(`${name} has the agent already: see hone apps`);
  }
  return name;
}

function checkAbi(name: string, linkage: DpdkLinkage | undefined, dpdk: DpdkInstall): void {
  if (linkage?.kind !== 'shared' || linkage.abiMajor === undefined || dpdk.abiMajor === undefined) return;
  if (linkage.abiMajor === dpdk.abiMajor) return;
  throw new UnsupportedError(
    `${name} runs DPDK ABI ${linkage.abiMajor}, but the installed headers are of ABI ${dpdk.abiMajor} (DPDK ` +
      `${dpdk.version}): install the headers of its DPDK, or set PKG_CONFIG_PATH to them`,
    `DPDK ABI ${linkage.abiMajor}`,
  );
}

function checkPermission(): void {
  const scope = ptraceScope();
  if (scope === 0 || (scope < 3 && process.geteuid!() === 0)) return;
  const remedy =
    scope < 3 ? 'run this as root, or: sysctl kernel.yama.ptrace_scope=0' : 'it can only change at boot';
  throw new UnsupportedError(
    `the kernel permits no ptrace (kernel.yama.ptrace_scope is ${scope}): ${remedy}`,
    'ptrace',
  );
}

/** 0 when everybody may trace their own processes, 1 and 2 for root only, 3 for nobody. */
export function ptraceScope(): number {
  try {
    return Number(readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'utf8'));
  } catch {
    return 0;
  }
}

async function waitForAnswer(pid: number, name: string): Promise<Target> {
  const deadline = performance.now() + ANSWER_MS;
  for (;;) {
    try {
      return await connectTarget(pid);
    } catch (error) {
      if (!(error instanceof PeerError) || error.code !== 'PEER_GONE') throw error;
      if (performance.now() > deadline) {
        const what = processExists(pid) ? `does not answer after ${ANSWER_MS / 1000} s` : 'has ended';
        throw new HoneError('ATTACH', `the agent is in ${name}, but it ${what}`);
      }
      await delay(20);
    }
  }
}
