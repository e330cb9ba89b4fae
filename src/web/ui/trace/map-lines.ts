/** The lines in which the host sends maps, as values that can be drawn. */

export interface HistogramBucket {
  readonly label: string;
  readonly count: number;
}

export type MapView = { readonly name: string } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: readonly TableRow[] }
  | {
      readonly kind: 'histograms';
      readonly histograms: readonly { readonly key: string; readonly buckets: readonly HistogramBucket[] }[];
    }
);

export interface TableRow {
  readonly key: string;
  readonly values: readonly (number | string)[];
}

/** Lines that are no map's are passed over. */
export function parseMaps(lines: string): readonly MapView[] {
  return lines.split('\n').flatMap((line) => {
    if (line === '') return [];
    const { type, data } = JSON.parse(line) as {
      readonly type: string;
      readonly data: Record<string, unknown>;
    };
    if (!['map', 'hist', 'stats'].includes(type)) return [];
    return Object.entries(data).map(([name, contents]) => viewOf(name, type, contents));
  });
}

function viewOf(name: string, type: string, contents: unknown): MapView {
  if (type === 'hist') {
    const entries = Array.isArray(contents) ? [['', contents]] : Object.entries(contents as object);
    return {
      ...{ name, kind: 'histograms' },
      histograms: entries.map(([key, buckets]) => ({ key: key as string, buckets: bucketsOf(buckets) })),
    };
  }
  if (type === 'stats') return statsOf(name, contents);
  if (typeof contents === 'number') return { name, kind: 'number', value: contents };
  if (typeof contents === 'object' && contents !== null && !Array.isArray(contents)) {
    const rows = Object.entries(contents).map(([key, value]) => ({ key, values: [plain(value)] }));
    return { name, kind: 'table', columns: ['value'], rows: rows.sort(byLastValue) };
  }
  return { name, kind: 'text', value: String(contents) };
}

/** avg() is a number, stats() three of them. */
function statsOf(name: string, contents: unknown): MapView {
  if (typeof contents === 'number') return { name, kind: 'number', value: contents };
  const isOne =
    typeof contents === 'object' && contents !== null && 'count' in contents && 'average' in contents;
  const entries: readonly (readonly [string, unknown])[] = isOne
    ? [['', contents]]
    : Object.entries(contents as object);
  const rows = entries.map(([key, value]) => ({
    key,
    values: typeof value === 'object' && value !== null ? Object.values(value).map(plain) : [plain(value)],
  }));
  const columns = rows[0]?.values.length === 3 ? ['count', 'average', 'total'] : ['average'];
  return { name, kind: 'table', columns, rows: rows.sort(byLastValue) };
}

/** The largest first: an object of JavaScript does not keep the order of keys that are numbers. */
function byLastValue(a: TableRow, b: TableRow): number {
  return rank(b) - rank(a);
}

function rank({ values }: TableRow): number {
  const last = values.at(-1);
  return typeof last === 'number' ? last : 0;
}

function plain(value: unknown): number | string {
  return typeof value === 'number' ? value : typeof value === 'string' ? value : JSON.stringify(value);
}

function bucketsOf(buckets: unknown): readonly HistogramBucket[] {
  return (buckets as readonly { min?: number; max?: number; count: number }[]).map(({ min, max, count }) => ({
    label: labelOf(min, max),
    count,
  }));
}

function labelOf(min: number | undefined, max: number | undefined): string {
  if (min === undefined) return `≤ ${short(max ?? 0)}`;
  if (max === undefined) return `≥ ${short(min)}`;
  return min === max ? short(min) : `${short(min)}–${short(max)}`;
}

/** 1024 is 1Ki. */
function short(value: number): string {
  for (const [size, unit] of [
    [2 ** 30, 'Gi'],
    [2 ** 20, 'Mi'],
    [2 ** 10, 'Ki'],
  ] as const) {
    if (value >= size) return `${Math.round((10 * value) / size) / 10}${unit}`;
  }
  return String(value);
}
