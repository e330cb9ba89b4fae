import { describe, expect, test } from 'vitest';
import { EpbCursor, encodeEnhancedPacket, encodeSectionHeader } from '../pcapng/index.ts';
import { createPcapFormat, createPcapngFormat } from './capture-format.ts';

/** Blocks of packets of these lengths, of interface 2. */
function blocks(...lengths: number[]): Uint8Array {
  return Buffer.concat(
    lengths.map((length) =>
      encodeEnhancedPacket({ interfaceId: 2, timestamp: 7n, data: new Uint8Array(length).fill(length) }),
    ),
  );
}

for (const { name, create, header } of [
  { name: 'pcapng', create: createPcapngFormat, header: encodeSectionHeader() },
  { name: 'pcap', create: createPcapFormat, header: createPcapFormat().header(96) },
]) {
  describe(name, () => {
    const format = create();
    const records = [blocks(9), blocks(60)].map((one) => format.encode(one, undefined).slice());
    const file = Buffer.concat([header, ...records]);
    const ends = [0, header.length, header.length + records[0]!.length, file.length];

    test('whole bytes: of any beginning, the records that are all there', () => {
      for (let length = 0; length <= file.length; length++) {
        const want = Math.max(...ends.filter((end) => end <= length));
        expect([length, format.wholeBytes(file, length, true)]).toEqual([length, want]);
      }
    });

    test('packets are found again', () => {
      const seen: (number | undefined)[] = [];
      format.visitPackets(file, true, (id) => seen.push(id));
      expect(seen).toEqual(name === 'pcap' ? [undefined, undefined] : [2, 2]);
    });

    test('the bytes of a packet are those of its record', () => {
      const cursor = new EpbCursor(blocks(60));
      cursor.next();
      expect(format.packetBytes(cursor)).toBe(records[1]!.length);
    });
  });
}

test('pcapng: interfaces are renumbered in a copy, everything else stays', () => {
  const given = blocks(9, 60);
  const before = Buffer.from(given);
  const encoded = createPcapngFormat().encode(given, [5, 6, 7]);
  expect(Buffer.from(given).equals(before)).toBe(true);
  const cursor = new EpbCursor(encoded);
  const seen: number[][] = [];
  while (cursor.next()) seen.push([cursor.interfaceId, cursor.capturedLength, cursor.borrowData()[0]!]);
  expect(seen).toEqual([
    [7, 9, 9],
    [7, 60, 60],
  ]);
});
