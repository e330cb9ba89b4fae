/**
 * Loads a library into a running process by gdb, which stops all of it for some hundred milliseconds: where a thread cannot be let do it
 * (../injection). Symbols are loaded of the C library alone: an application has hundreds of libraries, and is stopped meanwhile.
 */
import { HoneError, UnsupportedError } from '../../base/index.ts';
import type { Loading } from '../injection/load-library.ts';
import { runCommand } from './dpdk-install.ts';

/**
 * @param name of the process, for messages
 * @param path as the process sees it
 * @param why gdb is needed
 * @throws UnsupportedError without gdb; HoneError ATTACH when it cannot do it
 */
export async function loadByDebugger(pid: number, name: string, path: string, why: string): Promise<Loading> {
  const commands = [
    'sharedlibrary /(libc|libdl|ld-musl)[.-]',
    `set $handle = ((void *(*)(const char *, int))dlopen)("${path}", 2)`,
    'printf "hone-handle=%p\\n", $handle',
    'printf "hone-error=%s\\n", $handle ? (char *)0 : ((char *(*)(void))dlerror)()',
  ];
  const { missing, stdout, stderr } = await runCommand('gdb', [
    ...['-nx', '-batch', '-iex', 'set auto-solib-add off', '-iex', 'set debuginfod enabled off'],
    ...['-p', String(pid), ...commands.flatMap((command) => ['-ex', command])],
  ]);
  if (missing) throw new UnsupportedError(`${name} needs gdb (${why}): apt-get install gdb`, 'gdb');
  const handle = /^hone-handle=(.*)$/m.exec(stdout)?.[1];
  if (handle?.startsWith('0x')) return { kind: 'loaded' };
  const reason = /^hone-error=(.*)$/m.exec(stdout)?.[1];
  if (reason !== undefined) return { kind: 'refused', reason };
  const said = stderr.trim().split('\n').at(-1) || 'gdb said nothing';
  throw new HoneError('ATTACH', `gdb could not put the agent into ${name}: ${said}`);
}
