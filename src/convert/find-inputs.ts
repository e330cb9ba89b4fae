/**
 * What a path on the command line stands for: a capture, a trace, or a folder with any number of both, as `hone record`, LTTng and
 * rte_trace leave them. A folder with a file named `metadata` is a trace; its other files are its streams.
 */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { SysError, UsageError } from '../base/index.ts';
import { reasonOf } from '../output/index.ts';

export interface FoundInputs {
  /** As the person named it. */
  readonly path: string;
  /** Files. */
  readonly captures: readonly string[];
  /** Folders. */
  readonly traces: readonly string[];
}

const METADATA = 'metadata';
const CAPTURE = /\.(pcap|pcapng|cap)(\.gz|\.zst)?$/;
/** LTTng nests five deep: trace/ust/uid/0/64-bit. */
const DEEPEST = 8;
/** More below a folder is no recording: the whole of a disk. */
const MOST_ENTRIES = 16_384;

/** @throws SysError; UsageError for a folder without anything to read */
export function findInputs(path: string): FoundInputs {
  if (path === '-') return { path, captures: [path], traces: [] };
  const stat = attempt(path, () => statSync(path));
  if (!stat.isDirectory()) {
    const slash = path.lastIndexOf('/');
    if (path.slice(slash + 1) !== METADATA) return { path, captures: [path], traces: [] };
    return { path, captures: [], traces: [slash < 0 ? '.' : path.slice(0, slash + 1)] };
  }
  const captures: string[] = [];
  const traces: string[] = [];
  let entries = 0;
  const walk = (folder: string, depth: number) => {
    const listed = list(folder);
    entries += listed.length;
    if (entries > MOST_ENTRIES) {
      throw new UsageError(
        `${path}: more than ${MOST_ENTRIES} files and folders in it, expected a recording`,
      );
    }
    if (listed.some((entry) => entry.isFile() && entry.name === METADATA)) traces.push(folder);
    for (const entry of listed) {
      const below = `${folder}/${entry.name}`;
      if (entry.isFile() && CAPTURE.test(entry.name)) captures.push(below);
      else if (entry.isDirectory() && depth > 0) walk(below, depth - 1);
    }
  };
  walk(path.replace(/(?<=.)\/+$/, ''), DEEPEST);
  if (captures.length === 0 && traces.length === 0) {
    throw new UsageError(`${path}: expected a trace (a file named metadata) or a capture in this folder`);
  }
  return { path, captures, traces };
}

/** The files of a trace that are its streams. @throws SysError */
export function findStreams(trace: string): readonly string[] {
  return list(trace)
    .filter((entry) => entry.isFile() && entry.name !== METADATA && !entry.name.startsWith('.'))
    .filter(({ name }) => !CAPTURE.test(name))
    .map(({ name }) => `${trace}/${name}`);
}

function list(folder: string): Dirent[] {
  const entries = attempt(folder, () => readdirSync(folder, { withFileTypes: true }));
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function attempt<Result>(path: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    const system = error as NodeJS.ErrnoException;
    throw new SysError('open', -(system.errno ?? 0), `cannot read ${path}: ${reasonOf(system)}`);
  }
}
