/** What was asked for, and whether it holds, a line each. */
import { formatCount, formatPercent, type GoalResult } from '../findings/index.ts';

const UNITS = {
  drop: 'packets/s lost',
  pps: 'packets/s',
  bps: 'bit/s',
  util: 'of the busiest lcore',
} as const;

export function formatGoals(goals: readonly GoalResult[]): string[] {
  return goals.map(({ goal, measured, isMet }) => {
    const verdict = isMet === undefined ? 'unknown' : isMet ? 'met' : 'MISSED';
    if (measured === undefined) return `${verdict.padEnd(8)}${goal.text}: not known`;
    const value = goal.isShare ? formatPercent(measured) : formatCount(measured);
    const unit = goal.isShare && goal.metric === 'drop' ? 'lost' : UNITS[goal.metric];
    // What more there may be is not known.
    const least = isMet === undefined ? 'at least ' : '';
    return `${verdict.padEnd(8)}${goal.text}: ${least}${value} ${unit}`;
  });
}
