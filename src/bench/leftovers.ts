/** What a bench that was killed could not undo: the next one does. */
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ealFolder } from '../processes/index.ts';

/** Everything that a bench makes has such a name: its files, its applications' --file-prefix. */
export function benchName(part: string | number): string {
  return `hone-bench-${process.pid}-${part}`;
}

/** @param folders where benches put their own files, and where those of their applications' pages are */
export function removeLeftovers(folders: readonly string[]): void {
  for (const folder of new Set([dirname(ealFolder('any')), ...folders])) {
    for (const name of tryList(folder)) {
      if (isLeftover(name)) tryRemove(join(folder, name));
    }
  }
}

/** What somebody still uses is left to the next bench. */
function tryRemove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {}
}

/** Whether a bench that is no longer there has named it. */
export function isLeftover(name: string): boolean {
  const pid = /^hone-bench-(\d+)-/.exec(name)?.[1];
  return pid !== undefined && !isRunning(Number(pid));
}

function tryList(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
