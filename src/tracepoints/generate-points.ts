/** Everything that is made from a table of trace points: texts, by the names of their files. */
import { type FileNames, formatHeader } from './c-header.ts';
import { formatLttngHeader, formatLttngSource } from './lttng-provider.ts';
import type { PointTable } from './point-table.ts';
import { formatPage } from './points-page.ts';

export interface GeneratedPoints {
  readonly header: GeneratedFile;
  readonly lttngHeader: GeneratedFile;
  readonly lttngSource: GeneratedFile;
  readonly page: GeneratedFile;
}

interface GeneratedFile {
  readonly name: string;
  readonly text: string;
}

export function generatePoints(table: PointTable, names: FileNames): GeneratedPoints {
  const { provider } = table;
  return {
    header: { name: `${provider}.h`, text: formatHeader(table, names) },
    lttngHeader: { name: `${provider}-lttng.h`, text: formatLttngHeader(table, names) },
    lttngSource: { name: `${provider}-lttng.c`, text: formatLttngSource(table, names) },
    page: { name: `${provider}.md`, text: formatPage(table, names.origin) },
  };
}
