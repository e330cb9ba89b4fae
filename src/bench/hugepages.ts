/**
 * Memory for the applications: hugepages, which dpdk-dumpcap needs to attach, or ordinary pages. What is changed for it in
 * the kernel is put back by the clean-up. https://docs.kernel.org/admin-guide/mm/hugetlbpage.html
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';
import { benchName, isLeftover } from './leftovers.ts';

/** Of one application. */
const MEMORY_MIB = 256;
const PAGE_MIB = 2;
const PAGES = MEMORY_MIB / PAGE_MIB;
const MOUNT = 'hugepages';
const FOLDER = '/sys/kernel/mm/hugepages/hugepages-2048kB';

export interface ApplicationMemory {
  readonly ealOptions: readonly string[];
  readonly name: string;
  /** Undefined with hugepages. */
  readonly whyOrdinary?: string;
  /** Where the pages' files are. */
  readonly mount?: string;
}

export function prepareMemory(cleanup: Cleanup): ApplicationMemory {
  unmountLeftovers();
  try {
    reservePages(cleanup);
    const mount = findMount() ?? mountPages(cleanup);
    return {
      ealOptions: ['-m', `${MEMORY_MIB}`, '--huge-dir', mount],
      name: 'hugepages of 2 MiB',
      mount,
    };
  } catch (error) {
    const whyOrdinary = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    return { ealOptions: ['--no-huge', '-m', `${MEMORY_MIB}`], name: 'pages of 4 KiB', whyOrdinary };
  }
}

/** The files of an application's pages, which it may leave. @param prefix its --file-prefix */
export function removePages({ mount }: ApplicationMemory, prefix: string): void {
  if (mount === undefined) return;
  for (const name of readdirSync(mount)) {
    if (name.startsWith(`${prefix}map_`)) rmSync(join(mount, name), { force: true });
  }
}

function readCount(name: string): number {
  return Number(readFileSync(join(FOLDER, name), 'utf8'));
}

/** The kernel gives what it finds: what it gave is read again. */
function reservePages(cleanup: Cleanup): void {
  const missing = PAGES - readCount('free_hugepages');
  if (missing <= 0) return;
  // Pages that others still use after the kernel was told to have fewer are counted, too, and are no more when those end.
  const before = readCount('nr_hugepages') - readCount('surplus_hugepages');
  const file = join(FOLDER, 'nr_hugepages');
  cleanup.add(() => writeFileSync(file, `${before}`));
  writeFileSync(file, `${before + missing}`);
  const free = readCount('free_hugepages');
  if (free < PAGES) throw new Error(`${free} free hugepages, ${PAGES} are needed`);
}

/** Of a hugetlbfs with pages of this size. */
function findMount(): string | undefined {
  const lines = readFileSync('/proc/mounts', 'utf8').split('\n');
  return lines
    .map((line) => line.split(' '))
    .find(([, , type, options]) => type === 'hugetlbfs' && /\bpagesize=2M\b/.test(options ?? ''))?.[1];
}

/** Of benches that were killed. */
function unmountLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!isLeftover(name) || !name.includes(MOUNT)) continue;
    const folder = join(tmpdir(), name);
    if (spawnSync('umount', [folder]).status === 0) rmdirSync(folder);
  }
}

function mountPages(cleanup: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), benchName(MOUNT)));
  cleanup.add(() => rmdirSync(folder));
  execFileSync('mount', ['-t', 'hugetlbfs', '-o', 'pagesize=2M', 'nodev', folder], { stdio: 'pipe' });
  cleanup.add(() => execFileSync('umount', [folder], { stdio: 'pipe' }));
  return folder;
}
