/**
 * `hone bench` on this machine, with its DPDK and every peer that is installed: the quick run as a whole, one that is
 * interrupted, one that is killed. What is there afterwards is what was there before.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { BenchResult, Row } from '../../src/bench/result.ts';
import { hone, type Running, startHone, until } from './hone.ts';
import { missingDpdk } from './testpmd.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
const QUICK_MS = 180_000;
const missing = missingDpdk();

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface WithFigures extends Row {
  readonly figures: {
    readonly lossPercent: { readonly median: number } | null;
    readonly recordedPps: { readonly median: number } | null;
  };
}

/** Files of benches, wherever they put them. */
function filesOfBenches(pid?: number): string[] {
  const start = pid === undefined ? 'hone-bench-' : `hone-bench-${pid}-`;
  return ['/var/run/dpdk', '/dev/hugepages', '/dev/shm', tmpdir()].flatMap((parent) => {
    try {
      return readdirSync(parent).filter((name) => name.startsWith(start));
    } catch {
      return [];
    }
  });
}

/** Processes with a bench's name for its applications in their command line; a zombie has none. */
function processesOf(pid: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(`hone-bench-${pid}-`));
}

const hugepages = (): string => readFileSync('/proc/sys/vm/nr_hugepages', 'utf8');

/** Its first application forwards: the agent was attached and something is measured. */
async function untilItMeasures(bench: Running): Promise<void> {
  const isCapturing = () => processesOf(bench.pid).some((command) => command.includes('capture'));
  await until('a capture of the bench', isCapturing, 60_000);
}

test('the quick run: every tool that is here, less than three minutes, the page, nothing left', async () => {
  const pages = hugepages();
  const begun = performance.now();
  const page = join(folder, 'bench.html');
  const { code, stdout, stderr } = await hone('bench', '--quick', '--json', '--html', page);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(performance.now() - begun).toBeLessThan(QUICK_MS);
  const result = JSON.parse(stdout) as BenchResult;
  const rows = new Map(
    result.groups.flatMap((group) => group.rows.map((row) => [row.id, row as WithFigures])),
  );
  const loss = (id: string) => rows.get(id)?.figures.lossPercent?.median;
  const recorded = (id: string) => rows.get(id)?.figures.recordedPps?.median;
  const isHere = (name: string) => result.peers.find((peer) => peer.name === name)?.version != null;
  for (const row of rows.values()) {
    const peer = /dpdk-dumpcap|bpftrace|LTTng/.exec(row.tool)?.[0];
    // dpdk-dumpcap can end the application that it captures from: it frees memory that the application may still use.
    const hasEnded = peer === 'dpdk-dumpcap' && /the application ended|it ended/.test(row.absent ?? '');
    if (hasEnded) continue;
    if (peer !== undefined && !isHere(peer))
      expect(row, row.id).toMatchObject({ absent: expect.stringMatching(/\S/), turns: [] });
    else expect(row, row.id).toMatchObject({ absent: null, turns: [{}] });
  }
  // What no noise can hide.
  expect(recorded('capture-reject')).toBe(0);
  expect(recorded('capture-all')).toBeGreaterThan(1e6);
  expect(loss('capture-all')).toBeGreaterThan(loss('capture-reject')!);
  expect(loss('point-packet-hone')).toBeGreaterThan(loss('point-burst-hone')!);
  expect(recorded('point-burst-record')).toBeGreaterThan(1000);
  if (rows.get('dumpcap-reject')?.absent === null) expect(recorded('dumpcap-reject')).toBe(0);
  if (rows.get('dumpcap-all')?.absent === null) {
    expect(recorded('dumpcap-all')).toBeGreaterThan(1000);
    expect(recorded('capture-all')).toBeGreaterThan(recorded('dumpcap-all')!);
  }
  if (isHere('bpftrace')) {
    expect(loss('burst-bpftrace')).toBeGreaterThan(loss('burst-hone')!);
    expect(loss('point-packet-bpftrace')).toBeGreaterThan(loss('point-packet-hone')!);
  }
  if (isHere('LTTng')) expect(loss('point-packet-lttng')).toBeGreaterThan(loss('point-burst-lttng')!);
  expect(readFileSync(page, 'utf8')).toMatch(/^<!DOCTYPE html>[\s\S]*<rect class="bar/);
  expect(filesOfBenches()).toEqual([]);
  expect(hugepages()).toBe(pages);
}, 240_000);

test('interrupted: what was measured by then is said, and nothing is left', async () => {
  const pages = hugepages();
  const bench = startHone(['bench', '--quick']);
  await untilItMeasures(bench);
  bench.child.kill('SIGINT');
  const { code, stdout, stderr } = await bench.finished();
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^hone \S+ bench: 0 rounds in \d+ s, interrupted, /);
  expect(stdout).toMatch(/agent in the application, idle +hone attach +-?\d/);
  expect(stdout).toMatch(/everything +dpdk-dumpcap +not measured: /);
  expect(processesOf(bench.pid)).toEqual([]);
  expect(filesOfBenches(bench.pid)).toEqual([]);
  expect(hugepages()).toBe(pages);
}, 120_000);

test('killed: its applications and tools end with it, and the next bench removes their files', async () => {
  const killed = startHone(['bench', '--quick']);
  await untilItMeasures(killed);
  killed.child.kill('SIGKILL');
  await killed.finished();
  await until('the end of what it started', () => processesOf(killed.pid).length === 0);
  expect(filesOfBenches(killed.pid)).not.toEqual([]);
  const next = startHone(['bench', '--quick']);
  await until('files of the next one', () => filesOfBenches(next.pid).length > 0);
  next.child.kill('SIGTERM');
  expect(await next.finished()).toMatchObject({ code: 0, stderr: '' });
  expect(filesOfBenches()).toEqual([]);
}, 120_000);

test('what cannot be is one line', async () => {
  const noSuchFolder = join(folder, 'no', 'page.html');
  expect(await hone('bench', '--html', noSuchFolder)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^hone bench: .*page\.html.*\n$/),
  });
  const nothingInstalled = startHone(['bench'], { ...process.env, PATH: folder });
  expect(await nothingInstalled.finished()).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'hone bench: dpdk-testpmd is not installed: apt-get install dpdk\n',
  });
});
