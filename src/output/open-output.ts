/** Descriptors to write a capture to: a fresh file, a pipe, or standard output. */
import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SysError } from '../base/index.ts';
import { ReaderGoneError, reasonOf } from './output-stream.ts';

const { O_CREAT, O_NONBLOCK, O_TRUNC, O_WRONLY } = fs.constants;
/** What passes a port is nobody else's business: dumpcap's mode as well. */
const MODE = 0o600;
const STDOUT = 1;
const READER_PAUSE_MS = 20;

export interface OpenOutput {
  readonly fd: number;
  /** A file that we made, or made empty, and may cut. */
  readonly isOwnFile: boolean;
  /** Standard output itself, which stays open. */
  readonly isShared: boolean;
}

/**
 * Opens a file for writing, empty, or `-`, standard output. Opening a named pipe waits for its reader.
 * @param givesUp asked while a reader is waited for
 * @throws SysError; ReaderGoneError when it gave up
 */
export async function openOutput(path: string, givesUp: () => boolean): Promise<OpenOutput> {
  if (path === '-') {
    const fd = reopenPipe(STDOUT);
    return { fd, isOwnFile: false, isShared: fd === STDOUT };
  }
  try {
    const isPipe = fs.statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false;
    if (isPipe) return { fd: await openNamedPipe(path, givesUp), isOwnFile: false, isShared: false };
    const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_TRUNC, MODE);
    return { fd, isOwnFile: true, isShared: false };
  } catch (error) {
    if (error instanceof ReaderGoneError) throw error;
    throw openError(path, error as NodeJS.ErrnoException);
  }
}

async function openNamedPipe(path: string, givesUp: () => boolean): Promise<number> {
  for (;;) {
    try {
      return fs.openSync(path, O_WRONLY | O_NONBLOCK);
    } catch (error) {
      // Nobody has it open for reading.
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      if (givesUp()) throw new ReaderGoneError(path);
      await sleep(READER_PAUSE_MS);
    }
  }
}

/**
 * Finds out, changing nothing, whether `openOutput` has a chance.
 * @param isNumbered files of other names are made beside it
 * @throws SysError
 */
export function checkOutput(path: string, isNumbered: boolean): void {
  if (path === '-') return;
  try {
    const exists = isNumbered ? undefined : fs.statSync(path, { throwIfNoEntry: false });
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
