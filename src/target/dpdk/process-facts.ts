/** What /proc says about a process: whether it has DPDK in it, whether the agent, and how old it is. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { definesDynamicSymbol } from './elf-symbols.ts';

/** How a process came to its DPDK. The ABI major is the number in librte_eal.so.N. */
export type DpdkLinkage =
  | { readonly kind: 'shared'; readonly abiMajor: number | undefined }
  | { readonly kind: 'static' };

export interface MapsFacts {
  readonly dpdk: DpdkLinkage | undefined;
  readonly hasAgent: boolean;
}

/** From the text of /proc/PID/maps; a static DPDK leaves no trace there. */
export function parseMaps(text: string): MapsFacts {
  const eal = /\/librte_eal\.so(?:\.(\d+)[\d.]*)?(?: \(deleted\))?$/m.exec(text);
  const abiMajor = eal?.[1] === undefined ? undefined : Number(eal[1]);
  return {
    dpdk: eal === null ? undefined : { kind: 'shared', abiMajor },
    hasAgent: /\/libhone_agent\.so(?: \(deleted\))?$/m.test(text),
  };
}

/** Field 22 of /proc/PID/stat: when it started, in clock ticks after boot. The name before it may hold anything. */
export function parseStartTicks(text: string): number {
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
}

/** The last --file-prefix of a command line; what the EAL takes without one is "rte". */
export function parseFilePrefix(commandLine: readonly string[]): string {
  let prefix = 'rte';
  for (const [n, word] of commandLine.entries()) {
    const [option, value = commandLine[n + 1]] = word.split(/=(.*)/s, 2);
    if (option === '--file-prefix' && value !== undefined) prefix = value;
  }
  return prefix;
}

/** Whether a key on the terminal, as Ctrl-C, signals this process's whole group. */
export function isForeground(): boolean {
  const stat = readProc(process.pid, 'stat') ?? '';
  const [, , group, , , foregroundGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foregroundGroup;
}

/** Ticks a second in /proc: the same on every Linux architecture that DPDK runs on. */
const CLK_TCK = 100;

/** Its age; undefined when it is gone. */
export function uptimeSeconds(pid: number): number | undefined {
  const stat = readProc(pid, 'stat');
  if (stat === undefined) return undefined;
  const sinceBoot = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return Math.max(0, sinceBoot - parseStartTicks(stat) / CLK_TCK);
}

/** The process's own name, at most 15 characters; empty when it is gone. */
export function processName(pid: number): string {
  return (readProc(pid, 'comm') ?? '').trimEnd();
}

export function processExists(pid: number): boolean {
  return readProc(pid, 'stat') !== undefined;
}

/** The words of its command line; none when it is gone or hidden. */
export function readCommandLine(pid: number): string[] {
  return readProc(pid, 'cmdline')?.split('\0').slice(0, -1) ?? [];
}

/** Undefined when the process is gone or this user may not look into it. */
export function readMapsFacts(pid: number): MapsFacts | undefined {
  const maps = readProc(pid, 'maps');
  if (maps === undefined) return undefined;
  const facts = parseMaps(maps);
  if (facts.dpdk !== undefined || !definesDynamicSymbol(`/proc/${pid}/exe`, 'rte_eal_init')) return facts;
  return { ...facts, dpdk: { kind: 'static' } };
}

/** The EAL's interrupt thread: its name until DPDK 23.03, and since. */
const EAL_THREADS: readonly string[] = ['eal-intr-thread', 'dpdk-intr'];

/**
 * Whether it has a thread that every EAL starts: seen at once and by everybody, where the process's memory is neither. A process
 * that renames its threads is missed.
 */
export function hasEalThread(pid: number): boolean {
  return listThreads(pid).some((tid) =>
    EAL_THREADS.includes((readProc(pid, `task/${tid}/comm`) ?? '').trimEnd()),
  );
}

function listThreads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Undefined when it is gone. */
export function ownerOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

/** Every process but this one. */
export function listPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
