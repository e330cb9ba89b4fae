/** Drops that are few are counted all the time; those that are many, in whiles. */
import { expect, test } from 'vitest';
import type { DropReading } from '../watch/index.ts';
import { DropLooks } from './drop-looks.ts';

class MadeFeed {
  packets = 0;
  /** As if `share` of the time since it was made had gone into counting. */
  share = 0;
  isClosed = false;
  readonly #startMs = performance.now();

  get programNs(): number {
    return this.share * 1e6 * (performance.now() - this.#startMs);
  }

  async read(): Promise<readonly DropReading[]> {
    return this.packets === 0 ? [] : [{ portId: 0, reason: 'ttl', packets: this.packets }];
  }

  close(): void {
    this.isClosed = true;
  }
}

async function start() {
  const feeds: MadeFeed[] = [];
  const looks = (await DropLooks.start(async () => {
    const feed = new MadeFeed();
    feeds.push(feed);
    return feed;
  }))!;
  return { looks, feeds };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('few drops: every one is counted, all the time', async () => {
  const { looks, feeds } = await start();
  expect(looks.observe()).toEqual([]);
  for (const packets of [0, 1, 3]) {
    await looks.look();
    await wait(20);
    feeds[0]!.packets = packets;
    await looks.read();
  }
  expect(feeds).toHaveLength(1);
  expect(looks.observe()).toMatchObject([{ portId: 0, reason: 'ttl', packets: 3 }]);
  expect(looks.observe()[0]!.countedSeconds).toBeGreaterThan(0.055);
  looks.close();
  expect(feeds[0]!.isClosed).toBe(true);
});

test('many drops: in whiles, whose time is what is counted by', async () => {
  const { looks, feeds } = await start();
  Object.assign(feeds[0]!, { packets: 1000, share: 0.01 });
  await wait(20);
  await looks.read();
  expect(feeds[0]!.isClosed).toBe(true);
  const before = looks.observe()[0]!.countedSeconds;
  await wait(300);
  await looks.read();
  expect(looks.observe()).toEqual([{ portId: 0, reason: 'ttl', packets: 1000, countedSeconds: before }]);
  const looking = looks.look();
  await wait(20);
  feeds[1]!.packets = 600;
  await looking;
  expect(feeds[1]!.isClosed).toBe(true);
  const [drop] = looks.observe();
  expect(drop!.packets).toBe(1600);
  // Not the time between the whiles.
  const whileSeconds = drop!.countedSeconds - before;
  expect(whileSeconds).toBeGreaterThan(0.055);
  expect(looks.pps! * whileSeconds).toBeCloseTo(600, 0);
  expect(looks.programNs).toBeGreaterThan(0);
});

test('an application that does not say what it drops', async () => {
  expect(await DropLooks.start(async () => undefined)).toBeUndefined();
});
