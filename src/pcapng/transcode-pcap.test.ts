import { expect, test } from 'vitest';
import { FormatError } from '../base/index.ts';
import { createCaptureReader } from './capture-reader.ts';
import { encodeEnhancedPacket } from './encode-blocks.ts';
import { encodePcapFileHeader } from './encode-pcap.ts';
import { transcodeToPcap } from './transcode-pcap.ts';

/** Packets of every length around the padding and around what is copied in bulk. */
const PACKETS = [0, 1, 2, 3, 4, 5, 60, 255, 256, 257, 1_514, 9_001].map((length, i) => ({
  interfaceId: i % 3,
  timestamp: 1_704_067_200_999_999_990n + BigInt(i),
  data: Uint8Array.from({ length }, (_, at) => (at * 7 + i) & 0xff),
  originalLength: length + i,
  options: { epb_flags: 1, epb_packetid: BigInt(i) },
}));

/** At an offset that is no multiple of four, in memory that is not clean. */
function unaligned(bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(bytes.length + 3).fill(0xee);
  memory.set(bytes, 3);
  return memory.subarray(3);
}

test('a nanosecond pcap file with the same packets', () => {
  const blocks = unaligned(Buffer.concat(PACKETS.map(encodeEnhancedPacket)));
  const out = new Uint8Array(blocks.length).fill(0xee);
  const length = transcodeToPcap(blocks, out);

  const sizes = PACKETS.map(({ data }) => 16 + data.length);
  expect(length).toBe(sizes.reduce((sum, size) => sum + size));

  const reader = createCaptureReader();
  reader.push(encodePcapFileHeader(1, 0));
  reader.push(out.subarray(0, length));
  expect(reader.read()).toMatchObject({
    type: 'interface',
    interface: { linkType: 1, snaplen: 262_144, tsresol: 9 },
  });
  for (const { data, timestamp, originalLength } of PACKETS) {
    const record = reader.read();
    expect(record).toMatchObject({
      type: 'packet',
      timestampNs: timestamp,
      capturedLength: data.length,
      originalLength,
    });
    if (record?.type === 'packet') expect(Buffer.compare(record.data, data)).toBe(0);
  }
  expect(reader.read()).toBeUndefined();
  reader.end();
});

test('nothing is written beyond the room', () => {
  const blocks = encodeEnhancedPacket(PACKETS[5]!);
  const memory = new Uint8Array(blocks.length + 8).fill(0xee);
  transcodeToPcap(blocks, memory.subarray(4, 4 + blocks.length));
  expect([...memory.subarray(0, 4), ...memory.subarray(-4)]).toEqual(new Array(8).fill(0xee));
});

test('no blocks, no bytes', () => {
  expect(transcodeToPcap(new Uint8Array(0), new Uint8Array(0))).toBe(0);
});

test('too little room and broken blocks are refused', () => {
  const block = encodeEnhancedPacket(PACKETS[5]!);
  expect(() => transcodeToPcap(block, new Uint8Array(block.length - 1))).toThrow(
    new RangeError(`got room for ${block.length - 1} bytes, expected at least ${block.length}`),
  );
  const broken = Buffer.concat([block, block.subarray(0, 20)]);
  expect(() => transcodeToPcap(broken, new Uint8Array(broken.length))).toThrow(FormatError);
});
