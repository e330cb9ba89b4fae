/**
 * Times as text, for many that are near each other: arithmetic of bigints costs more than everything else about a short line.
 */
const NS_PER_SECOND = 1_000_000_000n;

let secondNs = 0n;
let seconds = '0';

/** `1764088401.123456789`: seconds since 1970. */
export function formatSeconds(timeNs: bigint): string {
  let rest = Number(timeNs - secondNs);
  if (rest < 0 || rest >= 1e9) {
    if (timeNs < 0n) return `-${formatSeconds(-timeNs)}`;
    const whole = timeNs / NS_PER_SECOND;
    secondNs = whole * NS_PER_SECOND;
    seconds = String(whole);
    rest = Number(timeNs - secondNs);
  }
  return `${seconds}.${String(rest).padStart(9, '0')}`;
}

/** `1234.567`: microseconds since `originNs`. */
export function formatMicroseconds(timeNs: bigint, originNs: bigint): string {
  const ns = Number(timeNs - originNs);
  const whole = Math.trunc(ns / 1000);
  const rest = Math.abs(ns - whole * 1000);
  return `${ns < 0 && whole === 0 ? '-0' : whole}.${String(rest).padStart(3, '0')}`;
}
