/**
 * Which file a probe's PATH means. Without a slash: a command in PATH, or a library by its name (`c`, `libc`,
 * `libc.so.6`). With a process: as that process sees the path (its root may be another), and among the files it has mapped.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { nearest, UsageError } from '../../base/index.ts';
import { findProgram } from '../../processes/programs.ts';
import { parseCodeMappings } from '../mappings.ts';
import { matchesGlob } from './glob.ts';

export interface TracedFile {
  /** For open(2) here. */
  readonly path: string;
  /** As probes name it: for a process in another root, its own path. */
  readonly name: string;
}

const libraryFolders = ['/lib', '/usr/lib', '/usr/local/lib', '/lib64', '/usr/lib64'];
const multiarch: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
};

/** @param pid undefined for every process @throws UsageError for none */
export function findTracedFiles(path: string, pid: number | undefined): TracedFile[] {
  if (pid !== undefined) return filesOfProcess(path, pid);
  if (path === '' || path === '*') {
    throw new UsageError('a probe without a path needs a process: -p PID');
  }
  if (path.includes('/')) {
    if (!isFile(path)) throw new UsageError(`no file ${path}`);
    return [{ path, name: path }];
  }
  const found = findProgram(path) ?? findLibrary(path);
  if (found === undefined) throw new UsageError(`no command and no library ${path}`);
  return [{ path: found, name: found }];
}

function filesOfProcess(path: string, pid: number): TracedFile[] {
  const root = `/proc/${pid}/root`;
  const inProcess = (name: string): TracedFile => ({ path: root + name, name });
  const mapped = mappedFiles(pid);
  if (path === '' || path === '*') return mapped.map(inProcess);
  if (path.includes('/')) {
    // A relative path is meant from here, as the shell's are.
    const absolute = resolve(path);
    if (!isFile(root + absolute)) throw new UsageError(`process ${pid} has no file ${absolute}`);
    return [inProcess(absolute)];
  }
  const fits = (base: string): boolean => base === path || isLibraryNamed(base, path);
  const found = mapped.filter((name) => fits(baseName(name)));
  if (found.length > 0) return found.map(inProcess);
  const near = nearest(path, mapped.map(baseName));
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  throw new UsageError(`process ${pid} runs no ${path}${hint}`);
}

/** The files of which a process runs code, the program itself first. @throws UsageError when there is no such process */
function mappedFiles(pid: number): string[] {
  let maps: string;
  try {
    maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  } catch (error) {
    const isGone = ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
    throw new UsageError(isGone ? `no process ${pid}` : `no permission to look at process ${pid}`);
  }
  const files = parseCodeMappings(maps).map(({ path }) => path);
  return [...new Set(files)].filter((path) => !path.endsWith(' (deleted)'));
}

function findLibrary(name: string): string | undefined {
  const arch = multiarch[process.arch];
  const folders = libraryFolders.flatMap((folder) =>
    arch === undefined ? [folder] : [join(folder, arch), folder],
  );
  for (const folder of folders) {
    const fitting = tryList(folder).filter((base) => isLibraryNamed(base, name));
    // The shortest is the name that programs are linked with or that has the major version only; where that is a
    // script of the linker, the next one.
    const paths = fitting.sort((a, b) => a.length - b.length).map((base) => join(folder, base));
    const best = paths.find(isElf);
    if (best !== undefined) return best;
  }
  return undefined;
}

/** `libc.so.6` is `c`, `libc`, `libc.so` and itself. */
function isLibraryNamed(base: string, name: string): boolean {
  return (
    base === name ||
    [`${name}.so`, `lib${name}.so`, `${name}.so.*`, `lib${name}.so.*`, `${name}.*`].some(
      (pattern) => base.includes('.so') && matchesGlob(pattern, base),
    )
  );
}

function isElf(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    const magic = Buffer.alloc(4);
    return readSync(fd, magic, 0, 4, 0) === 4 && magic.toString('latin1') === '\x7fELF';
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

function tryList(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
