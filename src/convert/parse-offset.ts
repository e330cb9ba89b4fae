/** `--offset FILE=NS`: what is added to the times of an input, because its clock does not count from 1970, or went wrong. */
import { UsageError } from '../base/index.ts';

const UNITS: Readonly<Record<string, bigint>> = { ns: 1n, us: 1_000n, ms: 1_000_000n, s: 1_000_000_000n };
/** Half of what 64 bits hold: sums stay within. */
const LARGEST_NS = 1n << 62n;

export interface InputOffset {
  /** An input as it was named. */
  readonly path: string;
  readonly offsetNs: bigint;
}

/** @throws UsageError */
export function parseOffset(text: string): InputOffset {
  const [, path, sign, digits, unit = 'ns'] = /^(.+)=([+-]?)(\d{1,19})(ns|us|ms|s)?$/.exec(text) ?? [];
  if (path === undefined) {
    throw new UsageError(`--offset ${text}: expected FILE=NS, like run2=-1500 or run2=3600s (ns, us, ms, s)`);
  }
  const size = BigInt(digits!) * UNITS[unit]!;
  if (size > LARGEST_NS) throw new UsageError(`--offset ${text}: expected at most ${LARGEST_NS} ns`);
  return { path, offsetNs: sign === '-' ? -size : size };
}
