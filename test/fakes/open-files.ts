/** What a process's descriptors are of, by /proc/PID/fd; without those that were closed while they were looked at. */
import { readdirSync, readlinkSync } from 'node:fs';

export function openFiles(pid: number | 'self' = 'self'): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(`${folder}/${fd}`)];
    } catch {
      return [];
    }
  });
}
