/** Numbers as people read them: three digits and a unit. */

const LARGE: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

const TIMES: readonly (readonly [number, string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
];

/** What a value is measured in: `pps`, `bit/s`; `ns` become µs, ms and s; `%` has no prefix. */
export type Unit = string;

/** `14.9 Mpps`, `320 ns`, `1.50 ms`, `-36.2 %`; `not known` for what is not finite. */
export function formatQuantity(value: number | undefined, unit: Unit = ''): string {
  if (value === undefined || !Number.isFinite(value)) return 'not known';
  if (unit === '%') return `${withDigits(value)} %`;
  const steps = unit === 'ns' ? TIMES : LARGE;
  const step = steps.find(([size]) => Math.abs(value) >= size * 0.9995);
  const number = step === undefined ? withDigits(value) : withDigits(value / step[0], 3);
  const tail = unit === 'ns' ? (step?.[1] ?? 'ns') : `${step?.[1] ?? ''}${unit}`;
  return tail === '' ? number : `${number} ${tail}`;
}

/** A whole number with its thousands apart. */
export function formatCount(count: number): string {
  return Number.isFinite(count) ? count.toLocaleString('en') : 'not known';
}

/** Three digits; a whole number without a fraction, unless its size was divided away (`digits`). */
function withDigits(value: number, digits?: number): string {
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(2);
  if (size >= 99.95) return value.toFixed(0);
  if (digits === undefined && Number.isInteger(value)) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.01) return value.toFixed(2);
  return value === 0 ? '0' : value.toPrecision(2);
}
