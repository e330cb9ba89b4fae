/** A program on the sites of a point. What is returned are descriptors: closing them takes the program away. */
import { closeSync, readFileSync } from 'node:fs';
import { UnsupportedError } from '../../base/index.ts';
import { EACCES, EINVAL, EPERM, sysError } from '../posix.ts';
import { tryUprobeMulti } from './bpf-syscall.ts';
import type { ClockRate, KernelSite } from './kernel-point.ts';
import { attachPerfEvent, PERF_TYPE_SOFTWARE, PERF_TYPE_TRACEPOINT, type PerfEvent } from './perf-event.ts';
import { permissionError } from './permission.ts';
import { onlineCpus } from './possible-cpus.ts';

const PERF_COUNT_SW_CPU_CLOCK = 0n;

export type UprobeSite = Extract<KernelSite, { kind: 'uprobe' }>;

/**
 * One link for each file and direction.
 * @returns undefined when this kernel has no links of many uprobes (before Linux 6.6), or does not take this one
 * @throws PermissionError, SysError
 */
export function attachUprobeLinks(
  programFd: number,
  sites: readonly UprobeSite[],
  pid: number | undefined,
): number[] | undefined {
  const groups = new Map<string, UprobeSite[]>();
  for (const site of sites) {
    const key = `${site.isReturn} ${site.path}`;
    groups.set(key, [...(groups.get(key) ?? []), site]);
  }
  const fds: number[] = [];
  for (const group of groups.values()) {
    const { path, isReturn } = group[0]!;
    const offsets = group.map(({ offset }) => offset);
    const refCtrOffsets = group.map(({ refCtrOffset }) => refCtrOffset);
    const result = tryUprobeMulti(programFd, { path, offsets, refCtrOffsets, isReturn, pid: pid ?? 0 });
    if (result >= 0) {
      fds.push(result);
      continue;
    }
    closeAll(fds);
    if (result === -EINVAL) return undefined;
    if (result === -EPERM || result === -EACCES)
      throw permissionError('bpf(BPF_LINK_CREATE)', ['CAP_PERFMON']);
    throw sysError('bpf(BPF_LINK_CREATE)', -result, path);
  }
  return fds;
}

/** One event for each site; the program must not have been loaded for links. @throws PermissionError, SysError */
export function attachUprobeEvents(
  programFd: number,
  sites: readonly UprobeSite[],
  pid: number | undefined,
): number[] {
  const type = uprobeType();
  const [cpu] = onlineCpus();
  return openAll(sites, ({ path, offset, refCtrOffset, isReturn }) => {
    const config = (BigInt(refCtrOffset) << 32n) | (isReturn ? 1n : 0n);
    const event = { type, config, uprobe: { path, offset } };
    const what = `${path}+0x${offset.toString(16)}`;
    return attachPerfEvent(programFd, event, pid ?? -1, pid === undefined ? cpu! : -1, what);
  });
}

function uprobeType(): number {
  try {
    return Number(readFileSync('/sys/bus/event_source/devices/uprobe/type', 'utf8'));
  } catch {
    throw new UnsupportedError(
      'this kernel has no uprobes (CONFIG_UPROBE_EVENTS)',
      'Linux 4.17 with uprobes',
    );
  }
}

/** Sites that are no uprobes and no BEGIN or END. @throws PermissionError, SysError */
export function attachSite(programFd: number, site: KernelSite, what: string): number[] {
  const cpus = onlineCpus();
  switch (site.kind) {
    case 'tracepoint': {
      // The program runs for every processor, wherever the event is.
      const event = { type: PERF_TYPE_TRACEPOINT, config: BigInt(site.id) };
      return [attachPerfEvent(programFd, event, -1, cpus[0]!, what)];
    }
    case 'software': {
      const event = { type: PERF_TYPE_SOFTWARE, config: BigInt(site.config), period: site.period };
      return openAll(cpus, (cpu) => attachPerfEvent(programFd, event, -1, cpu, what));
    }
    case 'clock': {
      const event = clockEvent(site.rate);
      return openAll(site.everyCpu ? cpus : cpus.slice(0, 1), (cpu) =>
        attachPerfEvent(programFd, event, -1, cpu, what),
      );
    }
    default:
      return [];
  }
}

function clockEvent(rate: ClockRate): PerfEvent {
  const clock = { type: PERF_TYPE_SOFTWARE, config: PERF_COUNT_SW_CPU_CLOCK };
  return rate.unit === 'hz' ? { ...clock, frequency: rate.perSecond } : { ...clock, period: rate.periodNs };
}

/** All, or none and the error. */
function openAll<T>(sites: readonly T[], open: (site: T) => number): number[] {
  const fds: number[] = [];
  try {
    for (const site of sites) fds.push(open(site));
    return fds;
  } catch (error) {
    closeAll(fds);
    throw error;
  }
}

export function closeAll(fds: number[]): void {
  for (const fd of fds.splice(0)) closeSync(fd);
}
