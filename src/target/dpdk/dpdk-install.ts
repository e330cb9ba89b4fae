/** The DPDK that is installed here, as pkg-config knows it, and the tools to build against it. */
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UnsupportedError } from '../../base/index.ts';

const execute = promisify(execFile);

/** What a program wrote and how it ended; `missing` when there is no such program. */
export interface CommandResult {
  readonly code: number;
  readonly missing: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCommand(command: string, args: readonly string[]): Promise<CommandResult> {
  try {
    const { stdout, stderr } = await execute(command, args, {
      maxBuffer: 16 << 20,
      env: { ...process.env, LC_ALL: 'C' },
    });
    return { code: 0, missing: false, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    return {
      code: typeof code === 'number' ? code : 127,
      missing: code === 'ENOENT' || code === 'EACCES',
      stdout: stdout ?? '',
      stderr: stderr ?? '',
    };
  }
}

export interface DpdkInstall {
  /** "22.11.11" */
  readonly version: string;
  readonly cflags: readonly string[];
  readonly libraryFolder: string;
  /** The number in librte_eal.so.N; undefined when only static libraries are installed. */
  readonly abiMajor: number | undefined;
}

/** @throws UnsupportedError with the command that installs what is missing */
export async function findDpdk(): Promise<DpdkInstall> {
  const version = await pkgConfig('--modversion');
  const cflags = await pkgConfig('--cflags');
  const libraryFolder = await pkgConfig('--variable=libdir');
  return {
    version,
    cflags: cflags.split(/\s+/).filter(Boolean),
    libraryFolder,
    abiMajor: abiMajorOf(libraryFolder),
  };
}

async function pkgConfig(option: string): Promise<string> {
  const result = await runCommand('pkg-config', [option, 'libdpdk']);
  if (result.missing) {
    throw new UnsupportedError('no pkg-config: apt-get install pkg-config', 'pkg-config');
  }
  if (result.code !== 0) {
    throw new UnsupportedError("DPDK's headers are not installed: apt-get install libdpdk-dev", 'DPDK 22.11');
  }
  return result.stdout.trim();
}

/** librte_eal.so is a link to the file whose name holds the ABI. */
function abiMajorOf(libraryFolder: string): number | undefined {
  try {
    const file = realpathSync(join(libraryFolder, 'librte_eal.so'));
    const major = /\.so\.(\d+)/.exec(file)?.[1];
    return major === undefined ? undefined : Number(major);
  } catch {
    return undefined;
  }
}
