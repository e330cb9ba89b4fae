/**
 * Where control sockets are: FOLDER/PID.sock. The agent and the replay choose the folder by the same rule:
 * root /run/hone; others $XDG_RUNTIME_DIR/hone, or /tmp/hone-UID when that is not set.
 */
import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../base/index.ts';

interface User {
  readonly uid: number;
  /** $XDG_RUNTIME_DIR */
  readonly runtimeFolder: string | undefined;
}

function currentUser(): User {
  return { uid: process.geteuid!(), runtimeFolder: process.env.XDG_RUNTIME_DIR };
}

export function ownSocketFolder({ uid, runtimeFolder }: User = currentUser()): string {
  if (uid === 0) return '/run/hone';
  return runtimeFolder?.startsWith('/') ? join(runtimeFolder, 'hone') : `/tmp/hone-${uid}`;
}

/** Every folder in which this user may find sockets: root looks into everybody's. */
export function socketFolders(user: User = currentUser()): string[] {
  const own = ownSocketFolder(user);
  if (user.uid !== 0) return [...new Set([own, `/tmp/hone-${user.uid}`, `/run/user/${user.uid}/hone`])];
  const ofUsers = list('/run/user').map((name) => join('/run/user', name, 'hone'));
  const inTmp = list('/tmp').filter((name) => /^hone-\d+$/.test(name));
  return [own, ...ofUsers, ...inTmp.map((name) => join('/tmp', name))];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export interface SocketFile {
  readonly pid: number;
  readonly path: string;
}

/**
 * The sockets in those folders. A folder or socket of somebody whom neither we nor root can be is passed over:
 * anybody may make /tmp/hone-0.
 */
export function findSockets(folders: readonly string[] = socketFolders()): SocketFile[] {
  return folders.filter(isTrustedFolder).flatMap((folder) =>
    list(folder).flatMap((name) => {
      const match = /^(\d+)\.sock$/.exec(name);
      return match === null ? [] : [{ pid: Number(match[1]), path: join(folder, name) }];
    }),
  );
}

/** The processes that have one: what is running, before anybody is asked. */
export function socketPids(): number[] {
  return findSockets().map(({ pid }) => pid);
}

function isTrustedFolder(folder: string): boolean {
  const status = lstatSync(folder, { throwIfNoEntry: false });
  if (status === undefined || !status.isDirectory() || (status.mode & 0o022) !== 0) return false;
  const uid = process.geteuid!();
  return uid === 0 || status.uid === uid || status.uid === 0;
}

/**
 * Makes our own folder, mode 0700, when it is not there.
 * @throws UsageError when somebody else owns or can write it.
 */
export function makeSocketFolder(folder: string = ownSocketFolder()): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const status = lstatSync(folder);
  if (!status.isDirectory() || status.uid !== process.geteuid!() || (status.mode & 0o022) !== 0) {
    throw new UsageError(`${folder}: belongs to somebody else or others may write there: remove it`);
  }
  return folder;
}
