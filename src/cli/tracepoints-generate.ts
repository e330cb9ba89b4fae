/**
 * `hone tracepoints generate`: C header, LTTng-UST provider and page of an application's own table of trace points. All files are
 * there, or none is changed.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UsageError } from '../base/index.ts';
import { generatePoints, parsePointTable } from '../tracepoints/index.ts';

/** Larger ones are no table of trace points. */
const MAX_FILE_BYTES = 4 << 20;

/** @returns the paths that were written. @throws UsageError for a file that cannot be read, a table with faults */
export function generateFiles(file: string, folder: string): string[] {
  const table = parsePointTable(readTable(file), file);
  const generated = generatePoints(table, { origin: basename(file), includeFolder: '' });
  const files = Object.values(generated).map(({ name, text }) => ({ path: join(folder, name), text }));
  orUsageError(() => mkdirSync(folder, { recursive: true }));
  for (const { path } of files) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
      throw new UsageError(`${path} is in the way: expected a file, or nothing`);
    }
  }
  const unfinished = (path: string) => `${path}.${process.pid}`;
  try {
    for (const { path, text } of files) orUsageError(() => writeFileSync(unfinished(path), text));
    for (const { path } of files) orUsageError(() => renameSync(unfinished(path), path));
  } finally {
    for (const { path } of files) rmSync(unfinished(path), { force: true });
  }
  return files.map(({ path }) => path);
}

function readTable(file: string): string {
  return orUsageError(() => {
    const { size } = statSync(file);
    if (size > MAX_FILE_BYTES) {
      throw new UsageError(`${file}: got ${size} bytes, expected at most ${MAX_FILE_BYTES}`);
    }
    return readFileSync(file, 'utf8');
  });
}

/** What the system says of a path, as a message. */
function orUsageError<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UsageError((error as Error).message);
  }
}
