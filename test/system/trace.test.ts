/** Programs at trace points of a real application: what they gather is what the ports' own counters say. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectTarget, type Target, type TraceFeed, type TraceRequest } from '../../src/target/index.ts';
import { sleep, until } from './hone.ts';
import { missingDpdk, startTestpmd, type Testpmd, type TestpmdOptions } from './testpmd.ts';
import { attachment, countByArgument, plus, request, takeCounts, total, weighted } from './traces.ts';

let app: Testpmd | undefined;
let target: Target | undefined;
let feeds: TraceFeed[] = [];

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  for (const feed of feeds) feed.close();
  feeds = [];
  target?.close();
  target = undefined;
  await app?.kill();
  app = undefined;
});

const nulls = ['net_null0,size=64,copy=1', 'net_null1,size=64,copy=1'];

async function start(options: Partial<TestpmdOptions> = {}): Promise<Testpmd> {
  app = await startTestpmd({ vdevs: nulls, ...options });
  target = await connectTarget(app.pid);
  return app;
}

async function trace(wanted: TraceRequest): Promise<TraceFeed> {
  const feed = await target!.startTrace(wanted);
  feeds.push(feed);
  return feed;
}

/** Memory of ours that the application holds: mappings and descriptors. */
function held(pid: number): string[] {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  const descriptors = execFileSync('ls', ['-l', `/proc/${pid}/fd`], { encoding: 'utf8' }).split('\n');
  return [...maps, ...descriptors].filter((line) => line.includes('memfd:hone'));
}

async function counter(port: number, name: string): Promise<number> {
  const text = await app!.command(`show port stats ${port}`);
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1]);
}

test('a histogram of bursts equals the counters of the port, snapshots while it runs included', async () => {
  const one = await start();
  const feed = await trace(
    request([countByArgument(2)], { attachments: [attachment('dpdk:rx_burst', { portId: 0 })] }),
  );
  expect(feed.engine).toBe('jit');
  await one.command('start');
  let counts = await takeCounts(feed);
  for (let round = 0; round < 20; round++) {
    await sleep(10);
    counts = plus(counts, await takeCounts(feed));
  }
  await one.command('stop');
  counts = plus(counts, await takeCounts(feed));
  const received = await counter(0, 'RX-packets');
  expect(received).toBeGreaterThan(0);
  expect(weighted(counts)).toBe(received);
  expect(counts[0]).toBe(0);
  expect(feed.unplacedHits).toBe(0n);
  expect(feed.writers.filter(({ lcore }) => lcore === 1)).toHaveLength(1);
  const [cost] = feed.costs();
  expect(Number(cost!.hits)).toBe(total(counts));
  expect(cost!.sampledHits).toBeGreaterThan(0n);
  expect(cost!.sampledNs).toBeGreaterThan(0n);
  await feed.stop();
  feed.close();
  await until('the agent to let go', () => held(one.pid).length === 0);
});
