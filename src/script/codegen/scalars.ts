/** Which values are worked with in a register. */
import type { ValueType } from '../plan.ts';

/** The others are bytes in memory. */
export function isScalar({ kind }: ValueType): boolean {
  return kind === 'integer' || kind === 'ipv4' || kind === 'mac' || kind === 'time' || kind === 'stack';
}
