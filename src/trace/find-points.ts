/** The points that a probe's text stands for, among those that a target has. `*` stands for any characters. */
import { nearest, UsageError } from '../base/index.ts';
import type { ProbeText } from '../script/index.ts';
import type { ProbePoint } from '../tracepoints/index.ts';

/** @param whose what has the points, for messages: "a recorded file" */
export function pointFinder(
  points: readonly ProbePoint[],
  whose: string,
): (probe: Pick<ProbeText, 'parts'>) => readonly ProbePoint[] {
  return ({ parts }) => {
    const wanted = parts.join(':');
    const pattern = new RegExp(`^${wanted.split('*').map(escapeText).join('.*')}$`);
    const found = points.filter(({ name }) => pattern.test(name));
    if (found.length > 0) return found;
    const names = points.map(({ name }) => name);
    const near = nearest(wanted, names);
    const hint = near === undefined ? `: there are ${names.join(', ')}` : `, did you mean ${near}?`;
    throw new UsageError(`${whose} has no probe ${wanted}${hint}`);
  };
}

function escapeText(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
