import { expect, test } from 'vitest';
import { encodeEnhancedPacket, encodeSectionHeader } from '../pcapng/index.ts';
import { wholeBlocks, wholePcapRecords } from './whole-records.ts';

test('blocks in either byte order, cut anywhere', () => {
  const little = encodeSectionHeader();
  const big = Buffer.from('0a0d0d0a0000001c1a2b3c4d00010000ffffffffffffffff0000001c', 'hex');
  const packet = encodeEnhancedPacket({ interfaceId: 0, timestamp: 0n, data: new Uint8Array(5) });
  const parts = [little, big, packet];
  const all = Buffer.concat(parts);
  const ends = [0, little.length, little.length + big.length, all.length];
  for (let length = 0; length <= all.length; length++) {
    expect(wholeBlocks(all, length)).toBe(ends.findLast((end) => end <= length));
  }
});

test.for([true, false])('pcap records, little-endian: %s', (littleEndian) => {
  const bytes = new Uint8Array(24 + 16 + 3 + 16);
  new DataView(bytes.buffer).setUint32(24 + 8, 3, littleEndian);
  const ends = [0, 24, 43, 59];
  for (let length = 0; length <= bytes.length; length++) {
    const whole = wholePcapRecords(bytes, length, true, littleEndian, 16);
    expect(whole).toBe(ends.findLast((end) => end <= length));
  }
  expect(wholePcapRecords(bytes.subarray(24), 30, false, littleEndian, 16)).toBe(19);
});
