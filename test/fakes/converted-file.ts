/** Sources converted into a file, or a folder, that a test looks at. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Conversion } from '../../src/convert/conversion.ts';
import type { ItemSource } from '../../src/convert/item-source.ts';
import { type Format, openItemSink } from '../../src/convert/open-sink.ts';

export interface Converted {
  readonly path: string;
  readonly notes: readonly string[];
  /** What the conversion ended with. */
  readonly error: unknown;
  remove(): void;
}

export async function convertedFile(
  format: Format,
  sources: readonly ItemSource[],
  columns: readonly string[] = [],
): Promise<Converted> {
  const folder = mkdtempSync(join(tmpdir(), 'hone-converted-'));
  const path = join(folder, 'out');
  const output = { format, path, columns, time: 'u', application: 'hone', givesUp: () => true } as const;
  const sink = await openItemSink(output, sources);
  const conversion = new Conversion(sources, { fromNs: undefined, beforeNs: undefined, items: undefined });
  const error = await conversion.run(sink).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { path, notes: sink.notes, error, remove: () => rmSync(folder, { recursive: true }) };
}
