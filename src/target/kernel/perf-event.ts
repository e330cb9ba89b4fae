/**
 * perf_event_open(2) for programs: an event, a program on it, counting. Closing the descriptor ends it. Layout of struct
 * perf_event_attr: <linux/perf_event.h>, its first 112 bytes.
 */
import { closeSync } from 'node:fs';
import { EACCES, EPERM, sysError, tryIoctl, tryPerfEventOpen } from '../posix.ts';
import { permissionError } from './permission.ts';

const ATTR_BYTES = 112;
const DISABLED = 1;
const FREQUENCY = 1 << 10;
const PERF_EVENT_IOC_ENABLE = 0x2400;
const PERF_EVENT_IOC_SET_BPF = 0x4004_2408;

export const PERF_TYPE_SOFTWARE = 1;
export const PERF_TYPE_TRACEPOINT = 2;

export interface PerfEvent {
  readonly type: number;
  readonly config: bigint;
  /** One hit for so many; undefined when a frequency is given. */
  readonly period?: bigint;
  /** Hits a second. */
  readonly frequency?: bigint;
  /** A path whose address is config1, and config2. */
  readonly uprobe?: { readonly path: string; readonly offset: number };
}

/**
 * @param pid -1 for every process
 * @param cpu -1 for every processor, which needs a pid
 * @param what names it in errors
 * @returns a descriptor
 * @throws PermissionError, SysError
 */
export function attachPerfEvent(
  programFd: number,
  event: PerfEvent,
  pid: number,
  cpu: number,
  what: string,
): number {
  const attr = new Uint8Array(ATTR_BYTES);
  const view = new DataView(attr.buffer);
  view.setUint32(0, event.type, true);
  view.setUint32(4, ATTR_BYTES, true);
  view.setBigUint64(8, event.config, true);
  view.setBigUint64(16, event.frequency ?? event.period ?? 1n, true);
  view.setUint32(40, DISABLED | (event.frequency === undefined ? 0 : FREQUENCY), true);
  view.setUint32(48, 1, true);
  const fields = [];
  if (event.uprobe !== undefined) {
    fields.push({ offset: 56, memory: new TextEncoder().encode(`${event.uprobe.path}\0`) });
    view.setBigUint64(64, BigInt(event.uprobe.offset), true);
  }
  const fd = tryPerfEventOpen(attr, fields, pid, cpu);
  if (fd < 0) throw failure(-fd, 'perf_event_open', what);
  for (const [request, argument, name] of [
    [PERF_EVENT_IOC_SET_BPF, programFd, 'PERF_EVENT_IOC_SET_BPF'],
    [PERF_EVENT_IOC_ENABLE, 0, 'PERF_EVENT_IOC_ENABLE'],
  ] as const) {
    const result = tryIoctl(fd, request, argument);
    if (result >= 0) continue;
    closeSync(fd);
    throw failure(-result, `ioctl(${name})`, what);
  }
  return fd;
}

function failure(errno: number, call: string, what: string): Error {
  if (errno === EPERM || errno === EACCES) return permissionError(`${call} for ${what}`, ['CAP_PERFMON']);
  return sysError(call, errno, what);
}
