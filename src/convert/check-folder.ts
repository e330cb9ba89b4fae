/** Looks, changing nothing, whether a trace can be made in a folder. */
import { readdirSync, statSync } from 'node:fs';
import { SysError, UsageError } from '../base/index.ts';
import { reasonOf } from '../output/index.ts';

/** @throws UsageError for what is there and is no empty folder; SysError */
export function checkFolder(path: string): void {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isDirectory()) throw new UsageError(`-w ${path}: expected a folder for a trace, got a file`);
    if (readdirSync(path).length > 0) {
      throw new UsageError(`-w ${path}: expected a new or an empty folder for a trace`);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const system = error as NodeJS.ErrnoException;
    throw new SysError('open', -(system.errno ?? 0), `cannot read ${path}: ${reasonOf(system)}`);
  }
}
