/**
 * What a hit of a probe costs on this machine, measured now: a loop of our own machine code, some thousand times with
 * an empty program on it and without. The script's own program comes on top.
 */
import { closeSync, writeSync } from 'node:fs';
import { HoneError } from '../../base/index.ts';
import { assemble } from '../../bpf/index.ts';
import type { ProbeKind } from '../../tracepoints/index.ts';
import { createSealedMemory, type MappedCode, mapCode } from '../posix.ts';
import type { KernelPoint, KernelSite } from './kernel-point.ts';
import { KernelTrace } from './kernel-trace.ts';
import { findTracepoints } from './tracefs.ts';

const ROUNDS = 5;
const CALLS = 1000;

/** x86-64: each loop ends with `dec rdi; jnz start; ret`. */
const loops = {
  /** nop, as sys/sdt.h leaves it */
  usdt: { code: [0x90, 0x48, 0xff, 0xcf, 0x75, 0xfa, 0xc3], offset: 0 },
  /** push rbp; pop rbp: functions begin so */
  uprobe: { code: [0x55, 0x5d, 0x48, 0xff, 0xcf, 0x75, 0xf9, 0xc3], offset: 0 },
  /** call of a function that is nop; ret */
  uretprobe: { code: [0xe8, 6, 0, 0, 0, 0x48, 0xff, 0xcf, 0x75, 0xf6, 0xc3, 0x90, 0xc3], offset: 11 },
  /** getppid(2) */
  tracepoint: { code: [0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0x48, 0xff, 0xcf, 0x75, 0xf4, 0xc3], offset: 0 },
} as const;

type PricedKind = keyof typeof loops;

/**
 * Takes some 30 ms.
 * @returns ns; undefined for kinds whose rate is the script's own, and where it cannot be measured
 */
export function measureHitNs(kind: ProbeKind, tracefs?: string): number | undefined {
  if (!(kind in loops) || process.arch !== 'x64') return undefined;
  const { code, offset } = loops[kind as PricedKind];
  const fd = createSealedMemory('hone-price', code.length);
  let mapped: MappedCode | undefined;
  try {
    writeSync(fd, Uint8Array.from(code), 0, code.length, 0);
    mapped = mapCode(fd, code.length);
    const site = siteOf(kind as PricedKind, fd, offset, tracefs);
    return site === undefined ? undefined : difference(kind as PricedKind, site, mapped);
  } finally {
    mapped?.close();
    closeSync(fd);
  }
}

function siteOf(
  kind: PricedKind,
  fd: number,
  offset: number,
  tracefs: string | undefined,
): KernelSite | undefined {
  if (kind !== 'tracepoint') {
    const path = `/proc/self/fd/${fd}`;
    return { kind: 'uprobe', path, offset, refCtrOffset: 0, isReturn: kind === 'uretprobe' };
  }
  try {
    return findTracepoints('syscalls', 'sys_enter_getppid', tracefs)[0]!.sites[0];
  } catch (error) {
    if (error instanceof HoneError) return undefined;
    throw error;
  }
}

function difference(kind: PricedKind, site: KernelSite, code: MappedCode): number {
  const point: KernelPoint = { name: `${kind}:price`, kind, arguments: [], meaning: '', sites: [site] };
  const program = assemble('r0 = 0\nexit');
  const trace = new KernelTrace({ programs: [{ point, program }], maps: [], pid: process.pid });
  try {
    const without = nsOfCall(code);
    trace.start();
    return Math.max(0, nsOfCall(code) - without);
  } finally {
    trace.close();
  }
}

/** The best of some rounds: what disturbs only adds. */
function nsOfCall(code: MappedCode): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    code.call(CALLS);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / CALLS);
  }
  return best;
}
