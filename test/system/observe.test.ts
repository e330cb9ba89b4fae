/** Points that nobody passes, in a real application: what they tell is what the application itself says. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectTarget, type RecordedEvent, type Target, type TraceFeed } from '../../src/target/index.ts';
import { hone, until } from './hone.ts';
import { recording, type TakenRecord, takeRecords } from './records.ts';
import { missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';
import { request } from './traces.ts';

let app: Testpmd | undefined;
let target: Target | undefined;
let feed: TraceFeed | undefined;

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  feed?.close();
  feed = undefined;
  target?.close();
  target = undefined;
  await app?.kill();
  app = undefined;
});

async function start(): Promise<Testpmd> {
  app = await startTestpmd({ vdevs: ['net_null0,size=64,copy=1', 'net_ring0'] });
  target = await connectTarget(app.pid);
  return app;
}

const portState: RecordedEvent = {
  id: 1,
  fields: [
    { argument: 0, bytes: 2 },
    { argument: 1, bytes: 1 },
    { argument: 2, bytes: 4 },
  ],
};
const portStats: RecordedEvent = {
  id: 2,
  fields: Array.from({ length: 9 }, (_, argument) => ({ argument, bytes: 8 })),
};
const level = (id: number): RecordedEvent => ({
  id,
  fields: [
    { argument: 0, bytes: 'text' },
    { argument: 1, bytes: 4 },
    { argument: 2, bytes: 4 },
  ],
});
const pools = level(3);
const rings = level(4);
const [ADDED, REMOVED, LINK_UP, LINK_DOWN, STARTED, STOPPED] = [1n, 2n, 3n, 4n, 5n, 6n];

test('states of ports: how they are, then each change', async () => {
  const one = await start();
  feed = await target!.startTrace(
    request([], { attachments: [recording('dpdk:port_state', portState)], ringBytes: 65_536 }),
  );
  const states: TakenRecord[] = [];
  const of = (port: bigint) =>
    states.filter(({ values }) => values[0] === port).map(({ values }) => values[1]);
  const take = () => {
    feed!.poll();
    states.push(...takeRecords(feed!, [portState]));
    return states;
  };
  await until('both ports', () => take().length >= 6);
  expect(of(0n)).toEqual([ADDED, STARTED, LINK_UP]);
  expect(of(1n)).toEqual([ADDED, STARTED, LINK_UP]);
  expect(states[0]!.values[2]).toBe(10_000n);
  await one.command('port stop 0');
  await until('the stop', () => take().length >= 8);
  expect(of(0n).slice(3).sort()).toEqual([LINK_DOWN, STOPPED]);
  await one.command('port start 0');
  await until('the start', () => take().length >= 10);
  expect(of(0n).slice(5).sort()).toEqual([LINK_UP, STARTED]);
  await one.command('port stop 1');
  await one.command('port close 1');
  await until('the end of port 1', () => take().some(({ values }) => values[1] === REMOVED));
  expect(of(1n).at(-1)).toBe(REMOVED);
  expect(of(0n)).toHaveLength(7);
  const [writer] = feed.writers;
  expect(writer).toMatchObject({ lcore: undefined, name: 'hone-observer' });
  expect(states.every(({ ring }) => ring === writer!.number)).toBe(true);
});

test('counters of ports and levels of mempools and rings', async () => {
  const one = await start();
  feed = await target!.startTrace(
    request([], {
      attachments: [
        recording('dpdk:port_stats', portStats, { portId: 0 }),
        recording('dpdk:mempool_level', pools),
        recording('dpdk:ring_level', rings),
      ],
      ringBytes: 1 << 20,
    }),
  );
  const all: TakenRecord[] = [];
  const of = (id: number) => all.filter((record) => record.id === id);
  const take = () => {
    feed!.poll();
    all.push(...takeRecords(feed!, [portStats, pools, rings]));
  };
  await one.command('start');
  await until('some looks', () => {
    take();
    return of(2).length >= 5;
  });
  await one.command('stop');
  const before = all.length;
  await until('the last look', () => {
    take();
    return all.length > before && of(2).length >= 8;
  });
  const text = await one.command('show port stats 0');
  const received = BigInt(/RX-packets:\s+(\d+)/.exec(text)![1]!);
  const counts = of(2).map(({ values }) => values[1] as bigint);
  expect(counts.at(-1)).toBe(received);
  expect(counts.every((count, n) => n === 0 || count >= counts[n - 1]!)).toBe(true);
  expect(of(2).every(({ values }) => values[0] === 0n)).toBe(true);
  const [pool] = of(3);
  expect(pool!.values[0]).toMatch(/^mb_pool_0$/);
  expect(pool!.values[2]).toBe(8192n);
  for (const { values } of of(3)) expect(values[1] as bigint).toBeLessThanOrEqual(8192n);
  expect(of(3).some(({ values }) => (values[1] as bigint) < 8192n)).toBe(true);
  const ringNames = new Set(of(4).map(({ values }) => values[0]));
  expect([...ringNames].some((name) => String(name).includes('ETH_RXTX'))).toBe(true);
  // Ten looks a second, not a hundred.
  const spanMs = Number(of(2).at(-1)!.ns - of(2)[0]!.ns) / 1e6;
  expect(spanMs / (of(2).length - 1)).toBeGreaterThan(50);
  expect(feed.writers.reduce((sum, { lostEvents }) => sum + lostEvents, 0n)).toBe(0n);
});

test('programs run there, too', async () => {
  const one = await start();
  const script = `
    dpdk:port_stats { @missed[args.port] = max(args.imissed); @looks[args.port] = count(); }
    dpdk:mempool_level { @size[str(args.name)] = max(args.size); }
    dpdk:port_state /args.state == 5/ { @started[args.port] = count(); }`;
  const { stdout, stderr, code } = await hone(
    'trace',
    '-t',
    String(one.pid),
    '--duration',
    '1',
    '-e',
    script,
  );
  expect(stderr).not.toMatch(/hone trace:/);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^@missed\[0\]: 0$/m);
  expect(stdout).toMatch(/^@missed\[1\]: 0$/m);
  expect(stdout).toMatch(/^@started\[1\]: 1$/m);
  expect(stdout).toMatch(/^@size\[mb_pool_0\]: 8192$/m);
  expect(Number(/^@looks\[0\]: (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(3);
});
