/** Readings of an application whose one thread polls when the test says so. */
import { expect, test } from 'vitest';
import { FakeTraceFeed } from '../../test/fakes/trace-feed.ts';
import type { Target, TraceFeed } from '../target/index.ts';
import { ApplicationSampler } from './application-sampler.ts';
import { callsOf, packetsOf } from './reading.ts';
import { port } from './snapshot.fixture.ts';

const PACKETS = 32;

/** @param polls called at each look at the maps of a trace: whether its thread has polled, twice, since the look before */
async function readOnce(polls: (look: number) => boolean) {
  const target: Pick<Target, 'listPorts' | 'listTracePoints' | 'startTrace' | 'info'> = {
    info: { kind: 'dpdk', filePrefix: '', version: '' } as Target['info'],
    listPorts: async () => [port(0, {})],
    listTracePoints: async () => [],
    startTrace: async (request): Promise<TraceFeed> => {
      const feed = new FakeTraceFeed(request, 1);
      const { snapshot } = feed;
      let looks = 0;
      let timeNs = 0;
      feed.snapshot = () => {
        if (polls(looks++)) {
          for (let n = 0; n < 2; n++) {
            timeNs += 1000;
            feed.threads[0]!.hit('dpdk:rx_poll', timeNs, [0, 0, PACKETS]);
          }
        }
        return snapshot.call(feed);
      };
      return feed;
    },
  };
  const sampler = new ApplicationSampler({ pid: 1, name: 'app', label: 'app 1', target: target as Target });
  return (await sampler.read()).recent;
}

const received = ({ queues }: Awaited<ReturnType<typeof readOnce>>) =>
  queues.filter(({ direction }) => direction === 'in').map((queue) => [callsOf(queue), packetsOf(queue)]);

test('a thread that the kernel keeps from its processor is waited for', async () => {
  const recent = await readOnce((look) => look === 4);
  expect(received(recent)).toEqual([[2, 2 * PACKETS]]);
  expect(recent.times).toMatchObject([{ busyNs: 1000, idleNs: 0, packets: PACKETS }]);
  // Four looks after the first one.
  expect(recent.countedMs).toBeGreaterThan(110);
});

test('one that polls is not looked at for longer than it takes', async () => {
  const looks: number[] = [];
  const recent = await readOnce((look) => {
    looks.push(look);
    return true;
  });
  expect(looks).toEqual([0, 1, 0]);
  expect(received(recent)).toEqual([[2, 2 * PACKETS]]);
});

test('nor for ever: then it does not poll', async () => {
  const recent = await readOnce(() => false);
  expect(received(recent)).toEqual([]);
  expect(recent.times).toEqual([]);
  expect(recent.countedMs).toBeGreaterThan(240);
});
