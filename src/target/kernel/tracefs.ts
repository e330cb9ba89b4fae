/** The kernel's list of its tracepoints: tracefs, `events/CATEGORY/NAME/{id,format}`, wherever it is mounted. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nearest, UnsupportedError, UsageError } from '../../base/index.ts';
import { isGlob, matchesGlob } from './glob.ts';
import type { KernelPoint } from './kernel-point.ts';
import { parseTracepointFormat } from './tracepoint-format.ts';

/** @throws UnsupportedError when it is not mounted, with the command that mounts it */
function findTracefs(): string {
  const mounts = readFileSync('/proc/mounts', 'utf8');
  for (const line of mounts.split('\n')) {
    const [, folder, type] = line.split(' ');
    if (type === 'tracefs') return folder!.replace(/\\(\d{3})/g, (_, octal: string) => octalCharacter(octal));
  }
  throw new UnsupportedError(
    'tracepoints need tracefs, which is not mounted: mount -t tracefs nodev /sys/kernel/tracing',
    'a mounted tracefs',
  );
}

function octalCharacter(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}

/**
 * The tracepoints whose category and name fit the patterns, by name.
 * @throws UsageError for none, with the nearest; UnsupportedError when tracefs cannot be read
 */
export function findTracepoints(
  category: string,
  name: string,
  tracefs: string = findTracefs(),
): KernelPoint[] {
  const events = join(tracefs, 'events');
  const categories = isGlob(category)
    ? list(events).filter((each) => matchesGlob(category, each))
    : [category];
  const points = categories.flatMap((folder) => {
    const names = isGlob(name)
      ? tryList(join(events, folder)).filter((each) => matchesGlob(name, each))
      : [name];
    return names.flatMap((each) => readTracepoint(events, folder, each) ?? []);
  });
  if (points.length > 0) return points;
  throw unknownTracepoint(events, category, name);
}

function readTracepoint(events: string, category: string, name: string): KernelPoint | undefined {
  const folder = join(events, category, name);
  let id: number;
  let format: string;
  try {
    id = Number(readFileSync(join(folder, 'id'), 'utf8'));
    format = readFileSync(join(folder, 'format'), 'utf8');
  } catch {
    // Those of ftrace itself have no id.
    return undefined;
  }
  return {
    name: `tracepoint:${category}:${name}`,
    kind: 'tracepoint',
    arguments: parseTracepointFormat(format),
    meaning: '',
    sites: [{ kind: 'tracepoint', id }],
  };
}

function unknownTracepoint(events: string, category: string, name: string): UsageError {
  const probe = `tracepoint:${category}:${name}`;
  const names = tryList(join(events, category));
  if (isGlob(probe)) return new UsageError(`no tracepoint fits ${probe}`);
  if (names.length === 0)
    return new UsageError(`no category ${category} of tracepoints${hint(category, list(events))}`);
  return new UsageError(`no tracepoint ${probe}${hint(name, names)}`);
}

function hint(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UnsupportedError(
      `tracepoints: cannot read ${folder}: ${why}`,
      'the right to read tracefs (root)',
    );
  }
}

function tryList(folder: string): string[] {
  try {
    return list(folder);
  } catch {
    return [];
  }
}
