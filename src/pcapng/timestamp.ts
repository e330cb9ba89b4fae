/**
 * Time in capture files: 64-bit counts of an interface's unit, and nanoseconds since 1970. The two `...OfNs`
 * functions split a 64-bit count of nanoseconds that comes as two 32-bit words, without a BigInt, so that they can
 * stand in a loop over millions of packets.
 */

const NS_PER_SECOND = 1_000_000_000;
const U32 = 0x1_0000_0000;
/** 2^48 ns is this many seconds ... */
const SECONDS_PER_2_48 = 281_474;
/** ... and this many nanoseconds. */
const NS_REST_OF_2_48 = 976_710_656;

/**
 * The part of a time that is left when whole multiples of 2^48 ns (281,474.976710656 s) are taken as seconds.
 * high < 2^32, so the three terms are below 6.5e13, 2.9e14 and 4.3e9: the sum is exact in a double, and a quotient
 * below 4e5 keeps a distance of 1e-9 from the next integer, so that Math.floor of it is exact as well.
 */
function nsBelow2_48(high: number, low: number): number {
  return (high >>> 16) * NS_REST_OF_2_48 + (high & 0xffff) * U32 + low;
}

/** Whole seconds of the 64-bit count of nanoseconds `high * 2^32 + low`; both words unsigned. */
export function secondsOfNs(high: number, low: number): number {
  return (high >>> 16) * SECONDS_PER_2_48 + Math.floor(nsBelow2_48(high, low) / NS_PER_SECOND);
}

/** The nanoseconds below a second, 0 to 999,999,999, of the same count. */
export function subsecondOfNs(high: number, low: number): number {
  const rest = nsBelow2_48(high, low);
  return rest - Math.floor(rest / NS_PER_SECOND) * NS_PER_SECOND;
}

/** if_tsresol when the option is absent: 10^-6. */
export const DEFAULT_TSRESOL = 6;

/**
 * A count of an interface's units as nanoseconds since 1970. Units finer than a nanosecond are rounded down.
 * @param tsresol as in the file: top bit clear, 10^-n seconds; set, 2^-n
 * @param tsoffset seconds to add
 */
export function unitsToNs(units: bigint, tsresol: number, tsoffset: bigint): bigint {
  const offsetNs = tsoffset * 1_000_000_000n;
  const exponent = tsresol & 0x7f;
  if (tsresol & 0x80) return ((units * 1_000_000_000n) >> BigInt(exponent)) + offsetNs;
  if (exponent <= 9) return units * 10n ** BigInt(9 - exponent) + offsetNs;
  return units / 10n ** BigInt(exponent - 9) + offsetNs;
}
