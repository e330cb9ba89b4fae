/** Descriptors to write a capture to: a fresh file, a pipe, or standard output. */
import * as fs from 'node:fs';
import { open } from 'node:fs/promises';
import { SysError } from '../base/index.ts';
import { reasonOf } from './output-stream.ts';

const { O_CREAT, O_NONBLOCK, O_TRUNC, O_WRONLY } = fs.constants;
/** What passes a port is nobody else's business: dumpcap's mode as well. */
const MODE = 0o600;
const STDOUT = 1;

export interface OpenOutput {
  readonly fd: number;
  /** A file that we made, or made empty, and may cut. */
  readonly isOwnFile: boolean;
  /** Standard output itself, which stays open. */
  readonly isShared: boolean;
}

/**
 * Opens a file for writing, empty, or `-`, standard output. Opening a named pipe waits for its reader.
 * @throws SysError
 */
export async function openOutput(path: string): Promise<OpenOutput> {
  if (path === '-') {
    const fd = reopenPipe(STDOUT);
    return { fd, isOwnFile: false, isShared: fd === STDOUT };
  }
  try {
    const isPipe = fs.statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false;
    if (!isPipe) {
      const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_TRUNC, MODE);
      return { fd, isOwnFile: true, isShared: false };
    }
    // In the thread pool: signals still arrive while nobody reads.
    const handle = await open(path, O_WRONLY);
    try {
      return { fd: fs.openSync(path, O_WRONLY | O_NONBLOCK), isOwnFile: false, isShared: false };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw openError(path, error as NodeJS.ErrnoException);
  }
}

/**
 * Finds out, changing nothing, whether `openOutput` has a chance.
 * @throws SysError
 */
export function checkOutput(path: string): void {
  if (path === '-') return;
  const exists = fs.statSync(path, { throwIfNoEntry: false });
  try {
    if (exists?.isDirectory()) throw new SysError('open', 21, `cannot write ${path}: it is a folder`);
    if (exists !== undefined) fs.accessSync(path, fs.constants.W_OK);
    else fs.accessSync(folderOf(path), fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    if (error instanceof SysError) throw error;
    throw openError(path, error as NodeJS.ErrnoException);
  }
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : path.slice(0, slash + 1);
}

/**
 * A second descriptor of a pipe that does not block, so that a reader that dawdles does not keep signals from us.
 * The one we were given is shared with others and stays as it is.
 */
function reopenPipe(fd: number): number {
  const path = `/proc/self/fd/${fd}`;
  try {
    if (fs.fstatSync(fd).isFIFO()) return fs.openSync(path, O_WRONLY | O_NONBLOCK);
  } catch {
    // No /proc, or another user's pipe: then it blocks.
  }
  return fd;
}

function openError(path: string, error: NodeJS.ErrnoException): SysError {
  return new SysError('open', -(error.errno ?? 0), `cannot open ${path} for writing: ${reasonOf(error)}`);
}
