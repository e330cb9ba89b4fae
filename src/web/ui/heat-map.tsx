/** A histogram over time: a column a moment, a row a bucket, darker for more. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { colorOf, useThemeChanges } from './theme.ts';

interface HeatMapProps {
  readonly title: string;
  /** The lowest first. */
  readonly labels: readonly string[];
  /** The oldest first; a count for each label. */
  readonly columns: readonly (readonly number[])[];
  /** Columns that there is room for. */
  readonly room?: number;
}

const ROW_PX = 10;
const COLUMN_PX = 4;
const ROOM = 120;

export function HeatMap({ title, labels, columns, room = ROOM }: HeatMapProps): JSX.Element {
  const place = useRef<HTMLCanvasElement>(null);
  const themes = useThemeChanges();
  const shown = columns.slice(-room);
  useEffect(() => draw(place.current!, labels.length, shown, room), [columns, labels.length, themes]);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div class="heat">
        <div class="heat-labels" aria-hidden="true">
          <span>{labels.at(-1)}</span>
          <span>{labels[0]}</span>
        </div>
        <canvas
          ref={place}
          width={room * COLUMN_PX}
          height={labels.length * ROW_PX}
          role="img"
          aria-label={`${title}, ${spokenPeak(labels, shown)}`}
        />
      </div>
    </figure>
  );
}

function draw(
  canvas: HTMLCanvasElement,
  rows: number,
  columns: readonly (readonly number[])[],
  room: number,
): void {
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colorOf('--heat');
  for (const [n, column] of columns.entries()) {
    const most = Math.max(...column, 1);
    for (const [row, count] of column.entries()) {
      if (count === 0) continue;
      // What is rare is still to be seen beside what is not.
      context.globalAlpha = 0.12 + 0.88 * Math.sqrt(count / most);
      const x = (room - columns.length + n) * COLUMN_PX;
      context.fillRect(x, (rows - 1 - row) * ROW_PX, COLUMN_PX, ROW_PX - 1);
    }
  }
  context.globalAlpha = 1;
}

function spokenPeak(labels: readonly string[], columns: readonly (readonly number[])[]): string {
  const last = columns.at(-1) ?? [];
  const most = Math.max(...last, 0);
  return most === 0 ? 'nothing yet' : `now most often ${labels[last.indexOf(most)]}`;
}
