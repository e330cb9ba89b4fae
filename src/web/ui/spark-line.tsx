/** A small line without axes, beside the number that it leads to. */
import type { JSX } from 'preact';

const WIDTH = 90;
const HEIGHT = 18;

export function SparkLine({ values }: { readonly values: readonly number[] }): JSX.Element {
  const most = Math.max(...values, 1);
  const step = WIDTH / Math.max(1, values.length - 1);
  const points = values
    .map((value, n) => `${(n * step).toFixed(1)},${(HEIGHT - 1 - ((HEIGHT - 2) * value) / most).toFixed(1)}`)
    .join(' ');
  return (
    <svg class="spark" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <polyline points={points} />
    </svg>
  );
}
