/** Lines over time, drawn by uPlot; what they show is said in words as well, for those who do not see them. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { colorOf, useThemeChanges } from './theme.ts';

interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

interface TimeChartProps {
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** Top of the axis; it grows with the values without. */
  readonly most?: number;
}

const HEIGHT = 150;
const COLORS = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5', '--series-6'];
/** Seconds that are seen at least. */
const SPAN_S = 60;

export function TimeChart({ title, times, series, format, most }: TimeChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>();
  const themes = useThemeChanges();
  const names = series.map(({ name }) => name).join('\n');
  useEffect(() => {
    const element = place.current!;
    const made = new uPlot(optionsOf(element, series, format, most), [[], ...series.map(() => [])], element);
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [themes, names]);
  useEffect(() => {
    const seconds = times.map((timeMs) => timeMs / 1000);
    chart.current?.setData([seconds, ...series.map(({ values }) => [...values])], true);
  });
  const spoken = series.map(({ name, values }) => `${name} ${format(values.at(-1) ?? 0)}`).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        <span>{title}</span>
        <span class="legend" aria-hidden="true">
          {series.map(({ name, values }, n) => (
            <span key={name}>
              <i style={{ background: `var(${COLORS[n % COLORS.length]})` }} />
              {name} <b>{format(values.at(-1) ?? 0)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={place} role="img" aria-label={`${title}: now ${spoken}`} />
    </figure>
  );
}

function optionsOf(
  element: HTMLElement,
  series: readonly Series[],
  format: TimeChartProps['format'],
  most: number | undefined,
): uPlot.Options {
  const axis = {
    stroke: colorOf('--muted'),
    grid: { stroke: colorOf('--grid'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { range: (_plot, least, greatest) => [Math.min(least, greatest - SPAN_S), greatest] },
      y: { range: (_plot, _least, greatest) => [0, most ?? (greatest > 0 ? greatest * 1.1 : 1)] },
    },
    axes: [
      { ...axis, size: 24, values: (_plot, ticks) => ticks.map(formatClock) },
      { ...axis, size: 64, values: (_plot, ticks) => ticks.map((tick) => format(tick)) },
    ],
    series: [
      {},
      ...series.map(({ name }, n) => ({
        label: name,
        stroke: colorOf(COLORS[n % COLORS.length]!),
        width: 1.75,
        points: { show: false },
      })),
    ],
  };
}

function formatClock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB');
}
