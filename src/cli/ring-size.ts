/** The value of -B: how large the ring of each thread is. */
import { UsageError } from '../base/index.ts';

const MAXIMUM_RING_MIB = 1024;

/** Rings have a power of two. @throws UsageError */
export function parseRingMib(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > MAXIMUM_RING_MIB) {
    throw new UsageError(`-B ${text}: expected a whole number of MiB from 1 to ${MAXIMUM_RING_MIB}`);
  }
  return 2 ** Math.ceil(Math.log2(value));
}
