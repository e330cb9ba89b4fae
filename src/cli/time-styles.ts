/** The option -t of whatever prints lines of packets. */
import { UsageError } from '../base/index.ts';
import { TIME_STYLES, type TimeStyle } from '../packet/time-column.ts';

/** @throws UsageError */
export function parseTimeStyle<Other extends string>(
  text: string,
  others: readonly Other[] = [],
): TimeStyle | Other {
  const other = others.find((known) => known === text);
  if (other !== undefined) return other;
  if (Object.hasOwn(TIME_STYLES, text)) return text as TimeStyle;
  throw new UsageError(`-t ${text}: expected one of ${[...Object.keys(TIME_STYLES), ...others].join(', ')}`);
}

export function describeTimeStyles(): string {
  return Object.entries(TIME_STYLES)
    .map(([style, meaning]) => `${style} ${meaning}`)
    .join(', ');
}
