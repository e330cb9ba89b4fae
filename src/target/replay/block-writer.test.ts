import { expect, test } from 'vitest';
import { createCaptureReader, encodeInterfaceDescription, encodeSectionHeader } from '../../pcapng/index.ts';
import { type Block, blockLength, writeBlock } from './block-writer.ts';

const plain: Block = {
  interfaceId: 0,
  timestampHigh: 0x17a0_0000,
  timestampLow: 0x8000_0001,
  data: Uint8Array.from({ length: 61 }, (_, n) => n + 1),
  capturedLength: 61,
  originalLength: 1500,
  direction: 2,
  queue: 65_535,
  hash: undefined,
  lost: 0,
  comment: undefined,
  packetIdHigh: 1 << 16,
  packetIdLow: 0xffff_ffff,
};

/** The block at offset 4 of memory that was used before. */
function write(block: Block): Uint8Array {
  const length = blockLength(block);
  const memory = new Uint8Array(length + 8).fill(0xee);
  writeBlock(memory, new DataView(memory.buffer), 4, block);
  expect([memory.subarray(0, 4), memory.subarray(4 + length)]).toEqual([
    new Uint8Array(4).fill(0xee),
    new Uint8Array(4).fill(0xee),
  ]);
  return memory.slice(4, 4 + length);
}

function read(bytes: Uint8Array) {
  const reader = createCaptureReader();
  reader.push(encodeSectionHeader());
  reader.push(encodeInterfaceDescription({ linkType: 1, snaplen: 0, options: { if_tsresol: 9 } }));
  reader.push(bytes);
  reader.read();
  reader.read();
  const record = reader.read();
  reader.end();
  if (record?.type !== 'packet') throw new Error('no packet');
  return record;
}

test('a block is read as it was written, padding is zero, and nothing is written beside it', () => {
  const bytes = write(plain);
  expect(bytes.length).toBe(28 + 64 + 8 + 8 + 12 + 4 + 4);
  expect(bytes.subarray(28 + 61, 28 + 64)).toEqual(new Uint8Array(3));
  const { data, ...packet } = read(bytes);
  expect(data).toEqual(plain.data);
  expect(packet).toMatchObject({
    capturedLength: 61,
    originalLength: 1500,
    timestampNs: 0x17a0_0000_8000_0001n,
  });
  expect(packet.options).toEqual({ epb_flags: 2, epb_queue: 65_535, epb_packetid: 0x0001_0000_ffff_ffffn });
});

test('a packet that is cut, with every option', () => {
  const bytes = write({
    ...plain,
    capturedLength: 33,
    hash: { algorithm: 5, value: 0x8123_4567 },
    lost: 2 ** 40 + 7,
    comment: new TextEncoder().encode('segs=1'),
  });
  const { data, options } = read(bytes);
  expect(data).toEqual(plain.data.subarray(0, 33));
  expect(options).toEqual({
    epb_flags: 2,
    epb_queue: 65_535,
    epb_hash: [{ tag: 5, bytes: Uint8Array.of(0x67, 0x45, 0x23, 0x81) }],
    epb_dropcount: 2n ** 40n + 7n,
    opt_comment: ['segs=1'],
    epb_packetid: 0x0001_0000_ffff_ffffn,
  });
});
