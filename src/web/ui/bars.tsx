/** A histogram as upright bars, each with its label and count; the counts are a table to those who do not see it. */
import type { JSX } from 'preact';

interface BarsProps {
  readonly title: string;
  readonly labels: readonly string[];
  readonly values: readonly number[];
  readonly format: (value: number) => string;
}

export function Bars({ title, labels, values, format }: BarsProps): JSX.Element {
  const most = Math.max(...values, 0);
  const spoken = labels
    .map((label, n) => [label, values[n] ?? 0] as const)
    .filter(([, value]) => value > 0)
    .map(([label, value]) => `${label}: ${format(value)}`)
    .join(', ');
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div class="bars" role="img" aria-label={`${title}. ${spoken === '' ? 'Nothing yet' : spoken}`}>
        {labels.map((label, n) => (
          <div class="bar" key={label} title={`${label}: ${format(values[n] ?? 0)}`}>
            <span class="track">
              <span class="fill" style={{ height: `${most === 0 ? 0 : (100 * (values[n] ?? 0)) / most}%` }} />
            </span>
            <span class="label">{label}</span>
          </div>
        ))}
      </div>
    </figure>
  );
}
