/** What is installed on this machine. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** The whole path of a command, found as the shell finds it. */
export function findProgram(command: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
