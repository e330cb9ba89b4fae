/** Snapshots of applications that are made here: what they answer, and when, is each test's affair. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PeerError } from '../../base/index.ts';
import type { Application, PortInfo, Target } from '../../target/index.ts';
import { port } from '../../watch/snapshot.fixture.ts';
import type { OverviewSnapshot } from '../protocol/index.ts';
import { OverviewMonitor } from './overview-monitor.ts';

const applications: Application[] = [];
const connect = vi.fn<(pid: number) => Promise<Target>>();
vi.mock('../../target/index.ts', async (load) => ({
  ...(await load<object>()),
  listApplications: async () => applications,
  connectTarget: (pid: number) => connect(pid),
}));

const application = (pid: number): Application => ({
  ...{ pid, name: 'app', kind: 'dpdk', filePrefix: '', version: '', agent: 'yes', problem: undefined },
  ...{ build: undefined, uptimeSeconds: 1, commandLine: [] },
});

/** Its ports can be listed; it takes no programs. */
const target = (ports: readonly PortInfo[] = []) =>
  ({
    info: { kind: 'dpdk', filePrefix: '', version: '' },
    listPorts: async () => ports,
    listTracePoints: async () => [],
    startTrace: () => Promise.reject(new PeerError('PEER_REFUSED', 'no programs')),
    close: vi.fn(),
  }) as unknown as Target;

let rings: ReadonlyMap<object, number> = new Map();
let monitor: OverviewMonitor;
const snapshots: { readonly atMs: number; readonly snapshot: OverviewSnapshot }[] = [];
const watcher = () => ({
  looksIntoPackets: false,
  onSnapshot: (snapshot: OverviewSnapshot) => snapshots.push({ atMs: performance.now(), snapshot }),
});
const next = async () => {
  const count = snapshots.length;
  await vi.waitUntil(() => snapshots.length > count, { timeout: 30_000 });
  return snapshots.at(-1)!.snapshot;
};

beforeEach(() => {
  monitor = new OverviewMonitor(() => rings);
  connect.mockImplementation(async () => target());
});
afterEach(async () => {
  await monitor.close();
  applications.length = snapshots.length = 0;
  rings = new Map();
});

test('who leaves and comes back at once does not make it go faster', async () => {
  applications.push(application(1));
  const first = watcher();
  monitor.add(first);
  monitor.remove(first);
  monitor.add(watcher());
  for (let n = 0; n < 4; n++) await next();
  const [, ...later] = snapshots.slice(1).map(({ atMs }, n) => atMs - snapshots[n]!.atMs);
  for (const pauseMs of later) expect(pauseMs).toBeGreaterThan(900);
});

test('an application that does not answer is said not to, and holds up no other', async () => {
  applications.push(application(1), application(2));
  connect.mockImplementation((pid) =>
    pid === 1 ? new Promise(() => {}) : Promise.resolve(target([port(0, {})])),
  );
  monitor.add(watcher());
  await vi.waitUntil(() => snapshots.at(-1)?.snapshot.applications[1]?.ports.length === 1, {
    timeout: 30_000,
  });
  expect(snapshots.at(-1)!.snapshot.applications[0]!.problems).toEqual([]);
  await vi.waitUntil(() => snapshots.at(-1)!.snapshot.applications[0]!.problems.length > 0, {
    timeout: 30_000,
  });
  const [silent, other] = (await next()).applications;
  expect(silent!.problems[0]).toMatchObject({
    title: 'agent silent',
    evidence: [expect.stringMatching(/^it has not answered for \d+ s$/)],
  });
  expect(other!.problems.map(({ title }) => title)).not.toContain('agent silent');
  expect(snapshots.length).toBeGreaterThan(3);
});

test('who leaves while an application is being asked leaves no connection', async () => {
  applications.push(application(1));
  let answer!: (target: Target) => void;
  connect.mockImplementation(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  monitor.add(watcher());
  await vi.waitUntil(() => answer !== undefined);
  await monitor.close();
  const late = target();
  answer(late);
  await vi.waitUntil(() => vi.mocked(late.close).mock.calls.length === 1);
});

test('drops of rings are those since the last look, whatever captures come and go', async () => {
  applications.push(application(1));
  connect.mockImplementation(async () => target([port(0, {})]));
  const [old, young] = [{}, {}];
  const ring = async () => (await next()).applications[0]!.ports[0]?.drops.ring;
  rings = new Map([[old, 1e9]]);
  monitor.add(watcher());
  expect(await ring()).toBeUndefined();
  expect(await ring()).toBe(0);
  rings = new Map([[old, 1e9 + 500]]);
  // A second's, more or less.
  expect(Math.abs((await ring())! - 500)).toBeLessThan(400);
  rings = new Map([
    [old, 1e9 + 500],
    [young, 300],
  ]);
  expect(Math.abs((await ring())! - 300)).toBeLessThan(200);
  rings = new Map([[young, 300]]);
  expect(await ring()).toBe(0);
  rings = new Map();
  expect(await ring()).toBeNull();
});
