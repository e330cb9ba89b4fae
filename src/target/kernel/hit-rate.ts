/**
 * How often points are hit now: an empty program that counts, on each of them, for a short time. Together with the
 * price of a hit it tells beforehand what a trace will cost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { assemble, BPF_PSEUDO_MAP_IDX, type EbpfProgram, kernelMapType } from '../../bpf/index.ts';
import { sumWords } from './kernel-map.ts';
import type { KernelPoint } from './kernel-point.ts';
import { KernelTrace } from './kernel-trace.ts';

const SAMPLE_MS = 100;

export interface HitRate {
  readonly point: KernelPoint;
  /** Over all processors. */
  readonly hitsPerSecond: number;
}

/** In the order of the points; those of clocks, BEGIN and END are not looked at and left out. */
export async function sampleHitRates(
  points: readonly KernelPoint[],
  pid: number | undefined,
  sampleMs: number = SAMPLE_MS,
): Promise<HitRate[]> {
  const hot = points.filter(({ kind }) => !['begin', 'end', 'interval', 'profile'].includes(kind));
  if (hot.length === 0) return [];
  const counts = {
    name: 'hits',
    type: kernelMapType.perCpuArray,
    keyBytes: 4,
    valueBytes: 8,
    maxEntries: hot.length,
  };
  const programs = hot.map((point, index) => ({ point, program: countUnder(index) }));
  const trace = new KernelTrace({ programs, maps: [counts], pid });
  try {
    trace.start();
    // Attaching and detaching take their time for each point: what is counted meanwhile is not looked at.
    const start = performance.now();
    const before = readCounts(trace);
    await sleep(sampleMs);
    const after = readCounts(trace);
    const seconds = (performance.now() - start) / 1000;
    return hot.map((point, index) => ({ point, hitsPerSecond: (after[index]! - before[index]!) / seconds }));
  } finally {
    trace.close();
  }
}

function readCounts(trace: KernelTrace): number[] {
  return trace.maps[0]!.entries().map(({ values }) => Number(sumWords(values)[0]));
}

function countUnder(index: number): EbpfProgram {
  const program = assemble(`
    r1 = ${index}
    *(u32 *)(r10 - 4) = r1
    r2 = r10
    r2 += -4
    r1 = 0 ll
    call 1
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 + 0)
    r1 += 1
    *(u64 *)(r0 + 0) = r1
  out:
    r0 = 0
    exit`);
  return program.map((insn) => (insn.code === 0x18 ? { ...insn, src: BPF_PSEUDO_MAP_IDX } : insn));
}
