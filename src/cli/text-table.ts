/** Rows of text in aligned columns. */

export interface Head {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** One line for the heads and each row; two spaces between columns, none at the end of a line. */
export function formatTable(heads: readonly Head[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map(({ title }, n) => Math.max(title.length, ...rows.map((row) => row[n]!.length)));
  const lines = [heads.map(({ title }) => title), ...rows].map((row) =>
    row
      .map((cell, n) => (heads[n]!.align === 'left' ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!)))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
