/** Numbers as people read them: three digits and a unit. */

const STEPS: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** `14.9 M`, `320`, `0` */
export function formatShort(value: number, unit = ''): string {
  const [size, prefix] = STEPS.find(([step]) => Math.abs(value) >= step * 0.9995) ?? [1, ''];
  const scaled = value / size;
  const digits = size === 1 ? (Number.isInteger(value) ? 0 : 1) : scaled < 10 ? 2 : scaled < 100 ? 1 : 0;
  const tail = `${prefix}${unit}`;
  return `${scaled.toFixed(digits)}${tail === '' ? '' : ` ${tail}`}`;
}

export function formatPercent(share: number): string {
  if (share > 0 && share < 0.001) return '< 0.1 %';
  return `${(100 * share).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`;
}

export function formatBytes(bytes: number): string {
  const step = [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ].find(([size]) => bytes >= (size as number)) as [number, string] | undefined;
  return step === undefined ? `${bytes} B` : `${(bytes / step[0]).toFixed(1)} ${step[1]}`;
}

export function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** A whole number with its thousands apart. */
export function formatCount(count: number): string {
  return count.toLocaleString('en');
}
