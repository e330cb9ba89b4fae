import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeEnhancedPacket, encodeInterfaceDescription, encodeSectionHeader } from '../pcapng/index.ts';
import type { ByteSource } from './byte-source.ts';
import { CaptureInput } from './capture-input.ts';
import { RecordFeed } from './record-feed.ts';

/** A capture whose packets have these times, in ns; the bytes of each say its file and place. */
function capture(file: number, times: readonly number[]): Uint8Array {
  const packets = times.map((time, place) =>
    encodeEnhancedPacket({ interfaceId: 0, timestamp: BigInt(time), data: Uint8Array.of(file, place) }),
  );
  const description = encodeInterfaceDescription({ linkType: 1, snaplen: 0, options: { if_tsresol: 9 } });
  return Buffer.concat([encodeSectionHeader(), description, ...packets]);
}

function sourceOf(bytes: Uint8Array, pieceLength: number): ByteSource {
  let at = 0;
  return {
    name: 'test',
    takenBytes: 0,
    sizeBytes: undefined,
    read(target) {
      const taken = bytes.subarray(at, at + Math.min(pieceLength, target.length));
      target.set(taken);
      at += taken.length;
      return taken.length;
    },
    close: () => {},
  };
}

async function readPackets(files: readonly Uint8Array[], order: 'time' | 'append', pieceLength: number) {
  const feed = new RecordFeed(
    files.map((bytes) => new CaptureInput(sourceOf(bytes, pieceLength))),
    order,
  );
  const packets: number[][] = [];
  for (;;) {
    const record = feed.read();
    if (record === undefined) {
      if (!(await feed.fill())) return packets;
    } else if (record.type === 'packet') {
      expect(feed.inputIndex).toBe(record.data[0]);
      packets.push([Number(record.timestampNs), ...record.data]);
    }
  }
}

const files = fc.array(fc.array(fc.nat(9), { maxLength: 8 }), { minLength: 1, maxLength: 6 });

test('property: files in order give packets in order; equal times in the order of the files', async () => {
  await fc.assert(
    fc.asyncProperty(files, fc.integer({ min: 1, max: 300 }), async (all, pieceLength) => {
      const sorted = all.map((times) => times.toSorted((a, b) => a - b));
      const packets = await readPackets(
        sorted.map((times, file) => capture(file, times)),
        'time',
        pieceLength,
      );
      const expected = sorted
        .flatMap((times, file) => times.map((time, place) => [time, file, place]))
        .sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!);
      expect(packets).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('property: the order within a file is never changed, and nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(files, fc.constantFrom('time' as const, 'append' as const), async (all, order) => {
      const packets = await readPackets(
        all.map((times, file) => capture(file, times)),
        order,
        50,
      );
      const byFile = all.map((_, file) => packets.filter(([, from]) => from === file).map(([time]) => time));
      expect(byFile).toEqual(all);
      if (order === 'append') expect(packets.map(([time]) => time)).toEqual(all.flat());
    }),
    { numRuns: 60 },
  );
});
