/** Trace points that an application declares: the example forwarder, built here, traced in process and listed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { traceContext } from '../../src/bpf/index.ts';
import { connectTarget, readElfPoints, type Target, type TraceFeed } from '../../src/target/index.ts';
import { dataplanePoints } from '../../src/tracepoints/index.ts';
import { hone, type Running, startHone, startProcess, until } from './hone.ts';
import { recording, takeRecords } from './records.ts';
import { missingDpdk, smallEal } from './testpmd.ts';
import {
  attachment,
  countByArgument,
  countByByte,
  program,
  request,
  sumOfArgument,
  takeCounts,
  total,
} from './traces.ts';

const source = fileURLToPath(new URL('../../examples/forwarder', import.meta.url));
let folder: string;
let binary: string;
let forwarder: Running | undefined;
let target: Target | undefined;
let feeds: TraceFeed[] = [];
let started = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-points-'));
  binary = join(folder, 'forwarder');
  if (missingDpdk() !== undefined) return;
  execFileSync('make', ['-C', source, `OUT=${binary}`]);
});

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  for (const feed of feeds) feed.close();
  feeds = [];
  target?.close();
  if (forwarder !== undefined) {
    execFileSync('sh', ['-c', `kill -9 ${childOf(forwarder.pid)} 2>/dev/null || true`]);
    forwarder.child.kill('SIGKILL');
    await forwarder.finished();
  }
  forwarder = undefined;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function childOf(parent: number): string {
  return execFileSync('sh', ['-c', `ps -o pid= --ppid ${parent} || true`], { encoding: 'utf8' }).trim();
}

/** What the example passes on depends on its packets: net_null makes zeros only, which are no IPv4. */
function eal(): string[] {
  const prefix = `hone-points-${process.pid}-${++started}`;
  return [...smallEal(prefix), ...['--vdev', 'net_null0,size=64', '--vdev', 'net_null1,size=64']];
}

async function start(): Promise<number> {
  forwarder = startHone(['run', '--', binary, ...eal()]);
  await until('the forwarder', () => forwarder!.stdout().includes('forwarding between 2 ports'), 60_000);
  const pid = Number(childOf(forwarder.pid));
  target = await connectTarget(pid);
  return pid;
}

const NAMES = ['burst_begin', 'burst_end', 'drop', 'forward'];
const STANDARD = ['drop', 'lcore_busy', 'lcore_idle', 'stage_begin', 'stage_end'];

test('points, arguments and types, from the process and from its file', async () => {
  await start();
  const points = (await target!.listTracePoints()).filter(({ kind }) => kind === 'application');
  expect(points.map(({ name }) => name)).toEqual([
    ...STANDARD.map((name) => `app:dataplane:${name}`),
    ...NAMES.map((name) => `app:forwarder:${name}`),
  ]);
  expect(points.filter(({ name }) => name.startsWith('app:dataplane:'))).toEqual(
    dataplanePoints
      .filter(({ name }) => STANDARD.includes(name.slice('app:dataplane:'.length)))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  expect(
    points.find(({ name }) => name === 'app:forwarder:drop')!.arguments.map(({ name, type }) => [name, type]),
  ).toEqual([
    ['port', { kind: 'integer', bytes: 2, isSigned: false }],
    ['reason', { kind: 'text', bytes: 64 }],
    ['pkt_len', { kind: 'integer', bytes: 4, isSigned: false }],
  ]);
  expect(readElfPoints(binary)).toEqual(points);
});

interface Listed {
  readonly source: string;
  readonly provider: string;
  readonly name: string;
  readonly state?: string;
}

async function list(
  ...args: readonly string[]
): Promise<{ rows: Listed[]; stderr: string; code: number | null }> {
  const { stdout, stderr, code } = await hone('tracepoints', ...args, '-f', 'json');
  return { rows: stdout === '' ? [] : (JSON.parse(stdout) as Listed[]), stderr, code };
}

const namesOf = (rows: readonly Listed[], source: string, provider: string) =>
  [
    ...new Set(
      rows.filter((row) => row.source === source && row.provider === provider).map(({ name }) => name),
    ),
  ].sort();

test('hone tracepoints of a file: for the agent and as USDT probes', async () => {
  const { rows, code } = await list(binary);
  expect(code).toBe(0);
  expect(namesOf(rows, 'agent', 'app:forwarder')).toEqual(NAMES);
  expect(namesOf(rows, 'agent', 'app:dataplane')).toEqual(STANDARD);
  expect(namesOf(rows, 'usdt', `usdt:${binary}:forwarder`)).toEqual(NAMES);
  expect(namesOf(rows, 'usdt', `usdt:${binary}:dataplane`)).toEqual(STANDARD);
  const listed = await hone('tracepoints', binary, '-s', 'agent');
  expect(listed.stdout).toMatch(
    /^agent {3}app:forwarder {2}drop {9}- {6}uint16 port, string reason, uint32 pkt_len$/m,
  );
  expect(listed.stdout).not.toContain('usdt');
});

test('hone tracepoints of an application: by the agent, by notes, by rte_trace', async () => {
  const pid = await start();
  const { rows, stderr, code } = await list(String(pid));
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(namesOf(rows, 'agent', 'app:forwarder')).toEqual(NAMES);
  expect(namesOf(rows, 'agent', 'dpdk')).toContain('rx_burst');
  expect(namesOf(rows, 'usdt', `usdt:${binary}:forwarder`)).toEqual(NAMES);
  const own = rows.filter(({ source }) => source === 'rte_trace');
  expect(own.length).toBeGreaterThan(50);
  expect(own.every(({ state }) => state === 'off')).toBe(true);
  const session = await target!.startRteTrace('lib.ethdev.stop');
  const after = await list(String(pid), '-s', 'rte_trace');
  expect(after.rows.filter(({ state }) => state !== 'off')).toEqual([
    {
      source: 'rte_trace',
      provider: 'rte_trace',
      name: 'lib.ethdev.stop',
      state: 'on for hone',
      arguments: [],
    },
  ]);
  session.close();
});

test('hone tracepoints without the agent: what notes say, and what is missing', async () => {
  const library = join(folder, 'libprobe.so');
  const probe = '#include <hone/trace.h>\nvoid probe(int level) { HONE_TRACE(library, probed, level); }\n';
  const include = fileURLToPath(new URL('../../native/agent/include', import.meta.url));
  execFileSync('gcc', ['-std=gnu11', '-shared', '-fPIC', '-I', include, '-x', 'c', '-o', library, '-'], {
    input: probe,
  });
  forwarder = startProcess(binary, eal(), { ...process.env, LD_PRELOAD: library });
  await until('the forwarder', () => forwarder!.stdout().includes('forwarding between 2 ports'), 60_000);
  const { rows, stderr, code } = await list(String(forwarder.pid));
  expect(code).toBe(0);
  expect(stderr).toContain(`has no agent: hone attach ${forwarder.pid}`);
  expect(namesOf(rows, 'usdt', `usdt:${binary}:forwarder`)).toEqual(NAMES);
  expect(namesOf(rows, 'usdt', `usdt:${library}:library`)).toEqual(['probed']);
  expect(rows.every(({ source }) => source === 'usdt')).toBe(true);
  const agent = await list(String(forwarder.pid), '-s', 'agent');
  expect(agent).toMatchObject({ rows: [], code: 1 });
});

test('hone tracepoints of a process that is no DPDK application, and of none', async () => {
  const own = await list(String(process.pid));
  expect(own.code).toBe(0);
  expect(own.rows.every(({ source }) => source === 'usdt')).toBe(true);
  const none = await hone('tracepoints', '4194304');
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toMatch(/^hone tracepoints: no application 4194304/);
});

test('the probes are there for others, too', () => {
  const notes = execFileSync('readelf', ['-n', binary], { encoding: 'utf8' });
  for (const name of NAMES) expect(notes).toMatch(new RegExp(`Provider: forwarder\\s+Name: ${name}\\s`));
  expect(notes).toMatch(/Semaphore: 0x0000000000000000\s+Arguments: 2@\S+ 8@\S+ 4@\S+/);
});

test('hits, numbers and texts are those of the application', async () => {
  const pid = await start();
  const wanted = {
    programs: [sumOfArgument(2), countByByte(0), countByArgument(1)],
    attachments: [
      attachment('app:forwarder:drop', { program: 0 }),
      attachment('app:forwarder:burst_begin', { program: 2 }),
    ],
  };
  const feed = await target!.startTrace(request(wanted.programs, wanted));
  feeds.push(feed);
  const texts = await target!.startTrace(
    request(wanted.programs, { attachments: [attachment('app:forwarder:drop', { program: 1 })] }),
  );
  feeds.push(texts);
  const isHit = async () => [...feed.costs(), ...texts.costs()].every(({ hits }) => hits > 1000n);
  await until('hits', isHit);
  await feed.stop();
  await texts.stop();
  const [drops, bursts] = feed.costs();
  const numbers = await takeCounts(feed);
  expect(numbers[32]).toBe(Number(bursts!.hits));
  expect(numbers[1]).toBe(Number(drops!.hits));
  expect(numbers[0]).toBe(64 * Number(drops!.hits));
  const letters = await takeCounts(texts);
  expect(letters['n'.charCodeAt(0)]).toBe(total(letters));
  expect(total(letters)).toBe(Number(texts.costs()[0]!.hits));
  // In the bank that the hits were in, whichever is the quiet one now.
  const [writer] = texts.writers.filter(({ lcore }) => lcore === 1);
  const textNow = () => {
    const packet = writer!.quiet.subarray(traceContext.packet, traceContext.packet + 64);
    return Buffer.from(packet).toString('latin1').replace(/\0+$/, '');
  };
  const seen = [textNow()];
  await texts.snapshot();
  seen.push(textNow());
  expect(new Set(seen.filter((text) => text !== ''))).toEqual(new Set(['no IPv4']));
  for (const one of feeds) one.close();
  feeds = [];
  await until('the agent to let go', () => !readFileSync(`/proc/${pid}/maps`, 'utf8').includes('memfd:hone'));
});

test('recorded: numbers and texts of each hit, with a program in front and without one', async () => {
  await start();
  const event = {
    id: 3,
    fields: [
      { argument: 0, bytes: 2 },
      { argument: 1, bytes: 'text' },
      { argument: 2, bytes: 4 },
    ],
  } as const;
  const never = program('r0 = 0');
  const isText = program(`
  r0 = *(u64 *)(r1 + ${traceContext.args + 8})
  r0 <<= 6
  r0 &= 0xff
  r1 += r0
  r0 = *(u8 *)(r1 + ${traceContext.packet})
  r0 &= ${'n'.charCodeAt(0)}`);
  const feed = await target!.startTrace(
    request([never, isText], {
      attachments: [
        recording('app:forwarder:drop', event),
        recording('app:forwarder:drop', { ...event, id: 4 }, { program: 0 }),
        recording('app:forwarder:drop', { ...event, id: 5 }, { program: 1 }),
        recording('app:forwarder:burst_begin', { id: 6, fields: [{ argument: 1, bytes: 8 }] }),
      ],
      ringBytes: 1 << 24,
    }),
  );
  feeds.push(feed);
  await until('hits', async () => feed.costs().every(({ hits }) => hits > 1000n));
  await feed.stop();
  const events = [event, { ...event, id: 5 }, { id: 6, fields: [{ argument: 1, bytes: 8 }] }] as const;
  const records = takeRecords(feed, events);
  const [all, none, matching, bursts] = feed.costs();
  expect(none!.matched).toBe(0n);
  // The thread may be between two attachments of a point when the trace begins or ends.
  for (const hits of [none!.hits, matching!.matched]) {
    expect(Math.abs(Number(hits - all!.hits))).toBeLessThanOrEqual(1);
  }
  const lost = feed.writers.reduce((sum, { lostEvents }) => sum + lostEvents, 0n);
  expect(BigInt(records.length) + lost).toBe(all!.matched + matching!.matched + bursts!.matched);
  for (const id of [3, 5]) {
    const drops = records.filter((record) => record.id === id);
    expect(drops.length).toBeGreaterThan(1000);
    for (const { values } of drops) {
      expect([0n, 1n]).toContain(values[0]);
      expect(values.slice(1)).toEqual(['no IPv4', 64n]);
    }
  }
  for (const { values } of records.filter(({ id }) => id === 6)) expect(values).toEqual([32n]);
});

test.each([
  ['a text as a number', { argument: 1, bytes: 8 }],
  ['a number as a text', { argument: 0, bytes: 'text' }],
  ['an argument beyond the last', { argument: 3, bytes: 8 }],
] as const)('%s is not recorded', async (_, field) => {
  await start();
  const wanted = recording('app:forwarder:drop', { id: 1, fields: [field] });
  await expect(
    target!.startTrace(request([], { attachments: [wanted], ringBytes: 1 << 20 })),
  ).rejects.toThrow(/records what its point does not have/);
});
