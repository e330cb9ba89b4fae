import { expect, test } from 'vitest';
import { EpbCursor, encodeEnhancedPacket } from '../pcapng/index.ts';
import type { PacketWriter } from './packet-writer.ts';
import { keepQueue } from './queue-writer.ts';

const block = (queue: number | undefined, length: number) =>
  encodeEnhancedPacket({
    interfaceId: 0,
    timestamp: 1n,
    data: new Uint8Array(length),
    options: queue === undefined ? {} : { epb_queue: queue },
  });

function recorder() {
  const taken: { readonly lengths: number[]; readonly packets: number }[] = [];
  const writer = {
    full: false,
    admits: () => true,
    put: (_source: number, bytes: Uint8Array, packets: number) => {
      const cursor = new EpbCursor(bytes);
      const lengths: number[] = [];
      while (cursor.next()) lengths.push(cursor.capturedLength);
      taken.push({ lengths, packets });
      return undefined;
    },
  } as unknown as PacketWriter;
  return { taken, writer };
}

for (const [queues, want] of [
  [[0, 0, 0], []],
  [
    [1, 1, 0, 1, 0],
    [[0, 1], [3]],
  ],
  [[0, 1, 1], [[1, 2]]],
  [[undefined, 1], [[1]]],
] as const) {
  test(`of queues ${queues.join()} those of queue 1`, async () => {
    const { taken, writer } = recorder();
    const blocks = queues.map((queue, n) => block(queue, n));
    const bytes = new Uint8Array(blocks.reduce((sum, one) => sum + one.length, 0));
    let at = 0;
    for (const one of blocks) {
      bytes.set(one, at);
      at += one.length;
    }
    await keepQueue(writer, 1).put(0, bytes, queues.length);
    expect(taken.map(({ lengths }) => lengths)).toEqual(want);
    for (const { lengths, packets } of taken) expect(packets).toBe(lengths.length);
  });
}
