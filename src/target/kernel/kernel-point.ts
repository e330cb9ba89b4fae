/** Points of the kernel's half: what the language knows of a probe, and beside it where the kernel is to be told. */
import type { ProbePoint } from '../../tracepoints/index.ts';

export type KernelSite =
  /** An instruction of a file, in every process that runs it. */
  | {
      readonly kind: 'uprobe';
      readonly path: string;
      /** In the file. */
      readonly offset: number;
      /** Of the semaphore in the file; 0 for none. */
      readonly refCtrOffset: number;
      readonly isReturn: boolean;
    }
  /** A tracepoint of the kernel by its id in tracefs. */
  | { readonly kind: 'tracepoint'; readonly id: number }
  /** A software event of perf: PERF_COUNT_SW_*, at each `period`-th time, on every processor. */
  | { readonly kind: 'software'; readonly config: number; readonly period: bigint }
  /** A clock on every processor (profile) or on one (interval). */
  | { readonly kind: 'clock'; readonly everyCpu: boolean; readonly rate: ClockRate }
  | { readonly kind: 'begin' | 'end' };

export type ClockRate =
  | { readonly unit: 'hz'; readonly perSecond: bigint }
  | { readonly unit: 'ns'; readonly periodNs: bigint };

export interface KernelPoint extends ProbePoint {
  /** One program serves all of them. */
  readonly sites: readonly KernelSite[];
}

/** Whether resolveKernelPoints made it. */
export function isKernelPoint(point: ProbePoint): point is KernelPoint {
  return 'sites' in point;
}
