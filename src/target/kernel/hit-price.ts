/**
 * What a hit of a probe costs on this machine, measured now: a loop of our own machine code, some thousand times with
 * an empty program on it and without. The script's own program comes on top.
 */
import { closeSync, writeSync } from 'node:fs';
import { HoneError } from '../../base/index.ts';
import { assemble } from '../../bpf/index.ts';
import { createSealedMemory, type MappedCode, mapCode } from '../posix.ts';
import type { KernelPoint, KernelSite } from './kernel-point.ts';
import { KernelTrace } from './kernel-trace.ts';
import { isStepped } from './stepped.ts';
import { findTracepoints } from './tracefs.ts';

const ROUNDS = 5;
const CALLS = 1000;

/** What is under the trap: nop, as sys/sdt.h leaves it, which the kernel carries out itself; mov eax, edi, over which it steps. */
const underTrap = { nop: [0x90], mov: [0x89, 0xf8] } as const;

/** What was measured in this process: it is the machine's. */
const measured = new Map<string, number | undefined>();

/**
 * Takes some 30 ms, for each sort of probe once.
 * @returns ns, of the dearest of its sites; undefined where the rate is the script's own, and where it cannot be measured
 */
export function measureHitNs(point: KernelPoint): number | undefined {
  if (process.arch !== 'x64') return undefined;
  if (point.kind === 'tracepoint') return once('tracepoint', measureTracepoint);
  const sites = point.sites.filter((site) => site.kind === 'uprobe');
  if (sites.length === 0) return undefined;
  const { isReturn } = sites[0]!;
  const instruction = sites.some(({ path, offset }) => isStepped(path, offset)) ? 'mov' : 'nop';
  return once(`${instruction} ${isReturn}`, () => measureUprobe(isReturn, underTrap[instruction]));
}

function once(sort: string, measure: () => number | undefined): number | undefined {
  if (!measured.has(sort)) measured.set(sort, measure());
  return measured.get(sort);
}

function measureUprobe(isReturn: boolean, instruction: readonly number[]): number {
  const code = isReturn ? loopOfCalls(instruction) : loopOf(instruction);
  return withCode(code, (mapped, path) =>
    difference(mapped, {
      ...{ kind: 'uprobe', path, refCtrOffset: 0, isReturn },
      offset: isReturn ? code.length - instruction.length - 1 : 0,
    }),
  );
}

/** x86-64. start: instruction; dec rdi; jnz start; ret */
function loopOf(instruction: readonly number[]): number[] {
  return [...instruction, 0x48, 0xff, 0xcf, 0x75, 0x100 - instruction.length - 5, 0xc3];
}

/** start: call function; dec rdi; jnz start; ret; function: instruction; ret */
function loopOfCalls(instruction: readonly number[]): number[] {
  return [...loopOf([0xe8, 6, 0, 0, 0]), ...instruction, 0xc3];
}

/** start: mov eax, 110 (getppid(2)); syscall; dec rdi; jnz start; ret */
function measureTracepoint(): number | undefined {
  const site = findGetppid();
  if (site === undefined) return undefined;
  return withCode(loopOf([0xb8, 110, 0, 0, 0, 0x0f, 0x05]), (mapped) => difference(mapped, site));
}

function findGetppid(): KernelSite | undefined {
  try {
    return findTracepoints('syscalls', 'sys_enter_getppid')[0]!.sites[0];
  } catch (error) {
    if (error instanceof HoneError) return undefined;
    throw error;
  }
}

/** @param use gets the code, runnable, and the path under which the kernel finds it */
function withCode<T>(code: readonly number[], use: (mapped: MappedCode, path: string) => T): T {
  const fd = createSealedMemory('hone-price', code.length);
  let mapped: MappedCode | undefined;
  try {
    writeSync(fd, Uint8Array.from(code), 0, code.length, 0);
    mapped = mapCode(fd, code.length);
    return use(mapped, `/proc/self/fd/${fd}`);
  } finally {
    mapped?.close();
    closeSync(fd);
  }
}

function difference(code: MappedCode, site: KernelSite): number {
  const kind = site.kind === 'tracepoint' ? 'tracepoint' : 'uprobe';
  const point: KernelPoint = { name: 'price', kind, arguments: [], meaning: '', sites: [site] };
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
