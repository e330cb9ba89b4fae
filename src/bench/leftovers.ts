/** What a bench that was killed could not undo: the next one does. */
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ealFolder } from '../processes/index.ts';
import type { ApplicationMemory } from './hugepages.ts';

/** Everything that a bench makes has such a name: its files, its applications' --file-prefix. */
export function benchName(part: string | number): string {
  return `hone-bench-${process.pid}-${part}`;
}

/** @param folders where benches put their own files */
export function removeLeftovers({ mount }: ApplicationMemory, folders: readonly string[]): void {
  const all = [dirname(ealFolder('any')), ...(mount === undefined ? [] : [mount]), ...folders];
  for (const folder of new Set(all)) {
    for (const name of tryList(folder)) {
      const pid = /^hone-bench-(\d+)-/.exec(name)?.[1];
      if (pid !== undefined && !isRunning(Number(pid)))
        rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
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
