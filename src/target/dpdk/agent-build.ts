/**
 * Builds the agent for the DPDK that is installed, once for each ABI and state of the sources, into a cache that
 * the EAL accepts plugins from.
 */
import { mkdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HoneError, UnsupportedError, UsageError } from '../../base/index.ts';
import { AGENT_FLAGS, agentSource } from './agent-source.ts';
import { type DpdkInstall, findDpdk, runCommand } from './dpdk-install.ts';

export interface BuiltAgent {
  readonly path: string;
  /** Hash of the sources: an agent that answers says the same one. */
  readonly build: string;
  readonly dpdk: DpdkInstall;
  /** False when it was in the cache already. */
  readonly isNew: boolean;
}

export interface BuildOptions {
  /** Compile even when it is in the cache. */
  readonly force?: boolean;
  /** Called before the compiler runs: it takes some seconds. */
  readonly onBuild?: (dpdk: DpdkInstall) => void;
}

/**
 * The agent for the installed DPDK, compiled when there is none yet.
 * @throws UnsupportedError for a missing compiler, pkg-config or DPDK; UsageError for a cache that the EAL refuses;
 * HoneError BUILD with the compiler's words
 */
export async function buildAgent({ force = false, onBuild }: BuildOptions = {}): Promise<BuiltAgent> {
  const dpdk = await findDpdk();
  const { hash } = agentSource();
  const path = agentPath(dpdk);
  const isThere = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  if (isThere && !force) {
    checkFolder(dirname(path));
    return { path, build: hash, dpdk, isNew: false };
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  checkFolder(dirname(path));
  onBuild?.(dpdk);
  await compile(dpdk, path);
  return { path, build: hash, dpdk, isNew: true };
}

/** Where the agent for this DPDK is, or will be. */
export function agentPath(dpdk: DpdkInstall): string {
  const abi = dpdk.abiMajor ?? `static-${dpdk.version}`;
  return join(cacheFolder(), 'agent', `${abi}-${agentSource().hash}`, 'libhone_agent.so');
}

function cacheFolder(): string {
  if (process.geteuid!() === 0) return '/var/cache/hone';
  const { XDG_CACHE_HOME, HOME } = process.env;
  if (XDG_CACHE_HOME?.startsWith('/')) return join(XDG_CACHE_HOME, 'hone');
  if (HOME?.startsWith('/')) return join(HOME, '.cache', 'hone');
  throw new UsageError('no folder for the agent: set HOME or XDG_CACHE_HOME');
}

/** The EAL loads no plugin from below a folder that everybody may write, sticky or not. */
function checkFolder(folder: string): void {
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o002) !== 0) {
      throw new UsageError(
        `${folder}: everybody may write ${at}, and DPDK loads no plugin from there: set XDG_CACHE_HOME to another folder`,
      );
    }
    if (at === dirname(at)) return;
  }
}

async function compile(dpdk: DpdkInstall, path: string): Promise<void> {
  const { files, includeFolder, hash } = agentSource();
  const compiler = process.env.CC || 'cc';
  // Two builds at once must not see each other's half: each has its own file, and the last rename wins.
  const unfinished = `${path}.${process.pid}`;
  const args = [
    ...AGENT_FLAGS,
    `-DHONE_BUILD="${hash}"`,
    '-I',
    includeFolder,
    ...dpdk.cflags,
    '-o',
    unfinished,
    ...files,
  ];
  try {
    const result = await runCommand(compiler, args);
    if (result.missing) {
      throw new UnsupportedError(
        `no C compiler (${compiler}): apt-get install gcc libc6-dev`,
        'gcc or clang',
      );
    }
    if (result.code !== 0) {
      throw new HoneError(
        'BUILD',
        `${compiler} cannot build the agent for DPDK ${dpdk.version}:\n${firstLines(result.stderr)}`,
      );
    }
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function firstLines(text: string): string {
  const lines = text.trimEnd().split('\n');
  const shown = lines.slice(0, 12).map((line) => `  ${line}`);
  if (lines.length > shown.length) shown.push(`  ... ${lines.length - shown.length} more lines`);
  return shown.join('\n');
}
