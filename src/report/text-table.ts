/** Lines of columns, and bars, as a report for a terminal has them. */

/** The first column to the left, the others to the right, as numbers are, or to the left. */
export function formatColumns(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  others: 'numbers' | 'words' = 'numbers',
): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, n) => Math.max(...all.map((row) => row[n]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, n) => (n === 0 || others === 'words' ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!)))
      .join('  ')
      .trimEnd(),
  );
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly note?: string;
}

const BAR_WIDTH = 32;

/** A line a bar; the largest fills the width. */
export function formatBars(bars: readonly Bar[]): string[] {
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const width = Math.max(0, ...bars.map(({ label }) => label.length));
  return bars.map(({ label, value, note = '' }) => {
    const filled = most === 0 || value <= 0 ? 0 : Math.max(1, Math.round((value / most) * BAR_WIDTH));
    return `${label.padEnd(width)} |${'@'.repeat(filled).padEnd(BAR_WIDTH)}| ${note}`.trimEnd();
  });
}
