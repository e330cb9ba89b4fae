/** What this machine has for capturing, what is missing, and the command that puts it right. */
import { closeSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { HoneError } from '../base/index.ts';
import { agentPath } from './dpdk/agent-build.ts';
import { agentSource } from './dpdk/agent-source.ts';
import { ptraceScope } from './dpdk/attach-agent.ts';
import { type DpdkInstall, findDpdk, runCommand } from './dpdk/dpdk-install.ts';
import { mapMemory } from './mapping.ts';
import { createSealedMemory, EPERM, tryKernelBpf } from './posix.ts';
import { makeSocketFolder } from './socket-path.ts';

/** 'ok'; 'optional': something is missing that a capture can do without; 'needed': no capture without it. */
type CheckState = 'ok' | 'optional' | 'needed';

export interface Check {
  readonly name: string;
  readonly state: CheckState;
  readonly text: string;
  /** The command that helps; undefined when there is nothing to do. */
  readonly fix: string | undefined;
}

const MINIMUM_NODE = 20;
const MINIMUM_DPDK = 22.11;
/** The distribution's package manager is left to the reader: these are Debian's names. */
const INSTALL = 'apt-get install';

export async function diagnose(): Promise<Check[]> {
  const dpdk = await findDpdk().catch((error: unknown) => {
    if (error instanceof HoneError) return undefined;
    throw error;
  });
  const built = dpdk !== undefined && existsSync(agentPath(dpdk));
  return [
    checkNode(),
    checkMemory(),
    checkFolder(),
    await checkTool('pkg-config', ['--version'], 'needed', 'pkg-config', 'finds DPDK'),
    checkHeaders(dpdk),
    checkRuntime(dpdk),
    await checkTool(
      process.env.CC || 'cc',
      ['--version'],
      built ? 'optional' : 'needed',
      'gcc libc6-dev',
      'builds the agent',
    ),
    checkAgent(dpdk, built),
    checkLibrary(dpdk),
    await checkTool('gdb', ['--version'], 'optional', 'gdb', 'for hone attach where it cannot do without'),
    checkPtrace(),
    checkUser(),
    checkHugepages(),
    checkKernel(),
    await checkTool('tshark', ['--version'], 'optional', 'tshark', 'shows packets in full'),
  ];
}

function ok(name: string, text: string): Check {
  return { name, state: 'ok', text, fix: undefined };
}

function lacking(name: string, state: 'optional' | 'needed', text: string, fix?: string): Check {
  return { name, state, text, fix };
}

function checkNode(): Check {
  const { version } = process;
  if (Number.parseInt(version.slice(1), 10) >= MINIMUM_NODE) return ok('node', version);
  return lacking('node', 'needed', `${version}, expected ${MINIMUM_NODE} or newer`, `${INSTALL} nodejs`);
}

/** Rings need memory that stands in two places: the whole way is tried, through koffi. */
function checkMemory(): Check {
  const name = 'shared memory';
  const bytes = 65_536;
  try {
    const fd = createSealedMemory('hone-doctor', 2 * bytes);
    try {
      const mapping = mapMemory(fd, { plainBytes: bytes, mirroredBytes: bytes, writer: true });
      const view = new Uint8Array(mapping.buffer);
      view[bytes] = 0x5a;
      const mirrored = view[2 * bytes] === 0x5a;
      mapping.close();
      if (mirrored) return ok(name, 'koffi loads, rings can be mapped');
      return lacking(name, 'needed', 'a ring does not show the same bytes in both places');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return lacking(name, 'needed', `rings cannot be mapped: ${(error as Error).message}`, 'npm ci');
  }
}

function checkFolder(): Check {
  try {
    return ok('sockets', `in ${makeSocketFolder()}`);
  } catch (error) {
    return lacking('sockets', 'needed', (error as Error).message);
  }
}

async function checkTool(
  command: string,
  args: readonly string[],
  state: 'optional' | 'needed',
  packages: string,
  purpose: string,
): Promise<Check> {
  const { missing, stdout } = await runCommand(command, args);
  if (!missing) return ok(command, stdout.split('\n', 1)[0]!.replace(/\.?\s*$/, ''));
  return lacking(command, state, `not there: it ${purpose}`, `${INSTALL} ${packages}`);
}

function checkHeaders(dpdk: DpdkInstall | undefined): Check {
  const name = 'DPDK headers';
  if (dpdk === undefined) {
    return lacking(name, 'needed', 'not installed: the agent is built with them', `${INSTALL} libdpdk-dev`);
  }
  if (Number.parseFloat(dpdk.version) < MINIMUM_DPDK) {
    return lacking(
      name,
      'needed',
      `${dpdk.version}, expected ${MINIMUM_DPDK} or newer`,
      `${INSTALL} libdpdk-dev`,
    );
  }
  return ok(name, dpdk.version);
}

function checkRuntime(dpdk: DpdkInstall | undefined): Check {
  const name = 'DPDK libraries';
  if (dpdk?.abiMajor !== undefined) return ok(name, `ABI ${dpdk.abiMajor}`);
  return lacking(
    name,
    'optional',
    'no shared ones: for applications that bring their own',
    `${INSTALL} dpdk`,
  );
}

function checkAgent(dpdk: DpdkInstall | undefined, built: boolean): Check {
  if (dpdk === undefined) return lacking('agent', 'optional', 'cannot be built yet');
  const { hash } = agentSource();
  const path = agentPath(dpdk);
  if (built) return ok('agent', `${hash}, ${path}`);
  const others = list(dirname(dirname(path))).length > 0;
  const text = others
    ? 'only of other versions: built on its first use'
    : 'not built yet: built on its first use';
  return lacking('agent', 'optional', text, 'hone agent build');
}

function checkLibrary(dpdk: DpdkInstall | undefined): Check {
  const name = 'librte_bpf';
  const found =
    dpdk !== undefined && list(dpdk.libraryFolder).some((file) => file.startsWith('librte_bpf.so.'));
  if (found) return ok(name, 'programs run as native code');
  return lacking(name, 'optional', "not there: programs run in the agent's interpreter", `${INSTALL} dpdk`);
}

function checkPtrace(): Check {
  const scope = ptraceScope();
  const isRoot = process.geteuid!() === 0;
  if (scope === 0 || (isRoot && scope < 3)) return ok('ptrace', 'hone attach may trace');
  const text = `kernel.yama.ptrace_scope is ${scope}: hone attach cannot trace`;
  return lacking('ptrace', 'optional', text, scope < 3 ? 'sysctl kernel.yama.ptrace_scope=0' : undefined);
}

function checkUser(): Check {
  if (process.geteuid!() === 0) return ok('user', "root: everybody's applications");
  return lacking('user', 'optional', 'not root: only your own applications', 'sudo hone ...');
}

function checkHugepages(): Check {
  const folder = '/sys/kernel/mm/hugepages';
  const pages = list(folder).map((size) => Number(readText(`${folder}/${size}/nr_hugepages`) ?? 0));
  const total = pages.reduce((sum, count) => sum + count, 0);
  if (total > 0) return ok('hugepages', `${total} reserved`);
  return lacking(
    'hugepages',
    'optional',
    'none: applications need --no-huge (hone itself needs none)',
    'echo 512 >/proc/sys/vm/nr_hugepages',
  );
}

function checkKernel(): Check {
  const name = 'kernel BPF';
  const errno = tryKernelBpf();
  if (errno === 0) return ok(name, `Linux ${release()}`);
  const unprivileged = readText('/proc/sys/kernel/unprivileged_bpf_disabled')?.trim();
  const why =
    errno === EPERM
      ? `not permitted (unprivileged_bpf_disabled is ${unprivileged ?? 'unknown'})`
      : 'not there';
  return lacking(
    name,
    'optional',
    `${why}; captures do not need it`,
    errno === EPERM ? 'sudo hone ...' : undefined,
  );
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
