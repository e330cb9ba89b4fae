/** One map of a running trace: as bars and over time when it is a histogram, as a number and its way, or as a table. */
import type { JSX } from 'preact';
import { Bars } from '../bars.tsx';
import { HeatMap } from '../heat-map.tsx';
import { Scroll } from '../scroll.tsx';
import { SparkLine } from '../spark-line.tsx';
import { formatCount } from '../units.ts';
import type { HistogramBucket, MapView, TableRow } from './map-lines.ts';

/** Histograms of one map that are drawn. */
const MOST_DRAWN = 6;
const MOST_ROWS = 50;

/** @param history the same map, half a second before each other, this one last */
export function MapCard({
  map,
  history,
}: {
  readonly map: MapView;
  readonly history: readonly MapView[];
}): JSX.Element {
  return (
    <section class={`card ${map.kind === 'histograms' ? 'wide' : ''}`} aria-label={`Map ${map.name}`}>
      <h2 class="mono">{map.name}</h2>
      <Contents map={map} history={history} />
    </section>
  );
}

function Contents({
  map,
  history,
}: {
  readonly map: MapView;
  readonly history: readonly MapView[];
}): JSX.Element {
  switch (map.kind) {
    case 'number':
      return (
        <p class="big">
          {formatCount(map.value)}
          <SparkLine values={changes(history.map((then) => (then.kind === 'number' ? then.value : 0)))} />
        </p>
      );
    case 'text':
      return <p class="mono">{map.value}</p>;
    case 'table':
      return <MapTable name={map.name} columns={map.columns} rows={map.rows} />;
    case 'histograms':
      return (
        <>
          {map.histograms.slice(0, MOST_DRAWN).map(({ key, buckets }) => (
            <Histogram
              key={key}
              name={key === '' ? 'Counts' : `[${key}]`}
              buckets={buckets}
              history={historyOf(history, key)}
            />
          ))}
          {map.histograms.length > MOST_DRAWN ? (
            <p class="note">{formatCount(map.histograms.length - MOST_DRAWN)} more with smaller sums</p>
          ) : null}
        </>
      );
  }
}

function Histogram({
  name,
  buckets,
  history,
}: {
  readonly name: string;
  readonly buckets: readonly HistogramBucket[];
  readonly history: readonly (readonly HistogramBucket[])[];
}): JSX.Element {
  const labels = buckets.map(({ label }) => label);
  const counts = history.map((then) => {
    const byLabel = new Map(then.map(({ label, count }) => [label, count]));
    return labels.map((label) => byLabel.get(label) ?? 0);
  });
  const columns = counts
    .slice(1)
    .map((now, n) => now.map((count, row) => Math.max(0, count - counts[n]![row]!)));
  return (
    <div class="grid two">
      <Bars title={name} labels={labels} values={buckets.map(({ count }) => count)} format={formatCount} />
      <HeatMap title="Over time" labels={labels} columns={columns} />
    </div>
  );
}

function MapTable({
  name,
  columns,
  rows,
}: {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}): JSX.Element {
  const numbers = rows.map(({ values }) =>
    typeof values.at(-1) === 'number' ? (values.at(-1) as number) : 0,
  );
  const most = Math.max(...numbers, 1);
  return (
    <Scroll name={`Entries of ${name}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">key</th>
            {columns.map((column) => (
              <th scope="col" class="n" key={column}>
                {column}
              </th>
            ))}
            <th scope="col">
              <span class="hidden">share of the largest</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map(({ key, values }, n) => (
            <tr key={key}>
              <th scope="row" class="mono">
                {key}
              </th>
              {values.map((value, column) => (
                <td class="n" key={columns[column]}>
                  {typeof value === 'number' ? formatCount(value) : value}
                </td>
              ))}
              <td class="share">
                <span class="share-bar" style={{ width: `${(100 * numbers[n]!) / most}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS ? <p class="note">{formatCount(rows.length - MOST_ROWS)} more</p> : null}
    </Scroll>
  );
}

function historyOf(history: readonly MapView[], key: string): readonly (readonly HistogramBucket[])[] {
  return history.map((then) =>
    then.kind === 'histograms' ? (then.histograms.find((one) => one.key === key)?.buckets ?? []) : [],
  );
}

function changes(values: readonly number[]): readonly number[] {
  return values.slice(1).map((value, n) => Math.max(0, value - values[n]!));
}
