/**
 * hone among the extcaps of the installed Wireshark: a script of two lines in the folder that it looks into, for everybody as
 * root, else for this user. Only a file that this wrote is overwritten or removed.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SysError, UnsupportedError, UsageError } from '../base/index.ts';

const NAME = 'hone';
/** By which a file is known as ours. */
const MARK = '# Written by "hone extcap install".';

/** What was done, in a sentence. */
export function installExtcap(main: string): string {
  const path = join(extcapFolder(), NAME);
  const script = `#!/bin/sh\n${MARK} "hone extcap uninstall" removes it.\nexec ${quote(process.execPath)} ${quote(main)} extcap "$@"\n`;
  const before = readScript(path);
  if (before === script) return `${path}: is there already`;
  checkOurs(path, before);
  writing(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    // Wireshark may look at any time: the whole script or none.
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, script, { flag: 'wx' });
    chmodSync(draft, 0o755);
    renameSync(draft, path);
  });
  return `${path}: ${before === undefined ? 'written' : 'written anew'}; ports appear when Wireshark looks for interfaces next (F5)`;
}

export function uninstallExtcap(): string {
  const path = join(extcapFolder(), NAME);
  const before = readScript(path);
  if (before === undefined) return `${path}: is not there`;
  checkOurs(path, before);
  writing(path, () => rmSync(path));
  return `${path}: removed`;
}

/**
 * Where the installed Wireshark looks. Since 4.2 it says where a user's own folder is; before, that was in its
 * configuration.
 */
function extcapFolder(): string {
  let said: string;
  try {
    said = execFileSync('tshark', ['-G', 'folders'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    throw new UnsupportedError(
      'tshark does not say where Wireshark looks for extcaps',
      'apt-get install tshark',
    );
  }
  const folder = chooseFolder(said, process.geteuid?.() === 0);
  if (folder !== undefined) return folder;
  throw new UnsupportedError('this Wireshark has no folder for extcaps', 'Wireshark 3.0 with extcap');
}

/** @param said by `tshark -G folders` */
export function chooseFolder(said: string, isRoot: boolean): string | undefined {
  const folder = (name: string) => new RegExp(`^${name}:[ \\t]*(\\S.*)$`, 'm').exec(said)?.[1]?.trim();
  if (isRoot) return folder('Global Extcap path') ?? folder('Extcap path');
  const configuration = folder('Personal configuration');
  return folder('Personal Extcap path') ?? (configuration && join(configuration, 'extcap'));
}

function readScript(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failed(path, error);
  }
}

function checkOurs(path: string, script: string | undefined): void {
  if (script !== undefined && !script.includes(MARK))
    throw new UsageError(`${path}: is not hone's, left alone`);
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw failed(path, error);
  }
}

function failed(path: string, error: unknown): SysError {
  const { errno = 0, syscall = 'open', code } = error as NodeJS.ErrnoException;
  return new SysError(syscall, Math.abs(errno), `cannot write ${path}: ${code}`);
}

/** For the shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
