/** The folder that a recording goes into. What was recorded before is never touched. */
import { readdirSync } from 'node:fs';
import { SysError, UsageError } from '../base/index.ts';
import { reasonOf } from '../output/index.ts';
import { makeFolder } from './trace-folder.ts';

/**
 * Makes the folder, or takes one that is empty.
 * @throws UsageError when something is in it, SysError
 */
export function claimFolder(path: string): void {
  checkFolder(path);
  makeFolder(path);
}

/** Finds out, changing nothing, whether `claimFolder` has a chance. @throws as it does */
export function checkFolder(path: string): void {
  let entries: readonly string[];
  try {
    entries = readdirSync(path);
  } catch (error) {
    const { code, errno = 0 } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR')
      throw new UsageError(`-o ${path}: it is a file, expected a new or an empty folder`);
    throw new SysError('open', -errno, `cannot open ${path}: ${reasonOf(error as NodeJS.ErrnoException)}`);
  }
  if (entries.length === 0) return;
  const what = ['events', 'snapshot-1', 'packets.pcapng', 'rte-trace'].some((name) => entries.includes(name))
    ? 'there is a recording in it'
    : `it has ${entries.includes('metadata') ? 'a trace' : `"${entries[0]}"`} in it`;
  throw new UsageError(`-o ${path}: ${what}, expected a new or an empty folder`);
}
