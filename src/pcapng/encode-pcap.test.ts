/** pcap files of every form that is written, read again record by record. */
import { expect, test } from 'vitest';
import { createCaptureReader } from './capture-reader.ts';
import { encodePcapFileHeader, PCAP_RECORD_HEADER_LENGTH, writePcapRecordHeader } from './encode-pcap.ts';

test.for([
  { littleEndian: true, unit: 'ns', magic: '4d3cb2a1', timestampNs: 7_000_000_005n },
  { littleEndian: false, unit: 'ns', magic: 'a1b23c4d', timestampNs: 7_000_000_005n },
  { littleEndian: true, unit: 'us', magic: 'd4c3b2a1', timestampNs: 7_000_005_000n },
  { littleEndian: false, unit: 'us', magic: 'a1b2c3d4', timestampNs: 7_000_005_000n },
] as const)('$unit, little-endian $littleEndian', ({ littleEndian, unit, magic, timestampNs }) => {
  const header = encodePcapFileHeader(113, 0, { littleEndian, unit });
  expect(Buffer.from(header.subarray(0, 4)).toString('hex')).toBe(magic);
  const record = new Uint8Array(PCAP_RECORD_HEADER_LENGTH + 3).fill(9);
  writePcapRecordHeader(new DataView(record.buffer), 0, 7, 5, 3, 60, littleEndian);
  const reader = createCaptureReader();
  reader.push(Buffer.concat([header, record]));
  expect(reader.read()).toMatchObject({ interface: { linkType: 113, snaplen: 262_144 } });
  expect(reader.borrowBytes()).toEqual(header);
  expect(reader.read()).toMatchObject({ timestampNs, originalLength: 60, data: Uint8Array.of(9, 9, 9) });
  expect(reader.borrowBytes()).toEqual(record);
  expect(reader.read()).toBeUndefined();
  reader.end();
});
