/** The result for scripts: every turn, and the figures that are made of them. */
import { figuresOf, noisePercent } from './figures.ts';
import type { BenchResult } from './result.ts';

/** One object and a newline; what is not known is null. */
export function formatBenchJson(result: BenchResult): string {
  const noise = noisePercent(result);
  const groups = result.groups.map((group) => ({
    ...group,
    rows: group.rows.map((row) => ({ ...row, figures: figuresOf(row, noise) })),
  }));
  const whole = { ...result, noisePercent: noise, groups };
  return `${JSON.stringify(whole, (_, value: unknown) => value ?? null, 2)}\n`;
}
