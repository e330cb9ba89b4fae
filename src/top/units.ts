/** Numbers as a table has room for them: at most six characters, `-` for what is not known. */

const SUFFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** Three digits and a power of 1000: 24.2M, 1.00k, 950, 0.5. */
export function formatRate(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  let scaled = value;
  let power = 0;
  // 999.5 would be shown as 1000.
  while (scaled >= 999.5 && power < SUFFIXES.length - 1) {
    scaled /= 1000;
    power++;
  }
  return `${threeDigits(scaled, power > 0)}${SUFFIXES[power]}`;
}

/** 0 to 1 as percent: 100, 97.3, 0.04. */
export function formatShare(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return '-';
  const percent = 100 * share;
  if (percent > 0 && percent < 0.1) return '<0.1';
  // What is not all is not shown as 100.
  return percent < 100 && percent > 99.9 ? '99.9' : threeDigits(percent, false);
}

/** @param isExact with all three digits, zeros too */
function threeDigits(value: number, isExact: boolean): string {
  if (value >= 99.95) return value.toFixed(0);
  const text = value >= 9.995 ? value.toFixed(1) : value.toFixed(isExact ? 2 : value < 1 ? 2 : 1);
  return isExact ? text : text.replace(/\.?0+$/, '');
}
