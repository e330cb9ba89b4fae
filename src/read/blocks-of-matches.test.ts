import { expect, test } from 'vitest';
import { CaptureWalker } from '../bpf/classic.ts';
import { writeBlocksOfMatches } from './blocks-of-matches.ts';

const LENGTHS = [0, 1, 2, 3, 4, 97, 255, 256, 257, 300];

/** Records of a pcap file, microseconds: packet i is LENGTHS[i] bytes of i + 1. */
function listedWalker(): CaptureWalker {
  const walker = new CaptureWalker(
    { kind: 'pcap', littleEndian: true, recordHeaderBytes: 16, fractionsPerSecond: 1_000_000 },
    { collect: 'list', times: false, dataBytes: 1 << 16, listLength: 16 },
  );
  walker.addInterface({ filter: 'all', snaplen: 262_144 });
  const room = walker.borrowRoom();
  const view = new DataView(room.buffer, room.byteOffset);
  let at = 0;
  LENGTHS.forEach((length, i) => {
    [1_700_000_000, i, length, length + 7].forEach((word, place) => {
      view.setUint32(at + place * 4, word, true);
    });
    room.fill(i + 1, at + 16, at + 16 + length);
    at += 16 + length;
  });
  walker.filled(at);
  expect(walker.walk()).toBe('more');
  expect(walker.listed).toBe(LENGTHS.length);
  return walker;
}

/** The layout of pcapng, section 4.3: the fixed words, the padded data, the length again; no options. */
const wanted = LENGTHS.map((length, i) => {
  const total = 32 + Math.ceil(length / 4) * 4;
  const block = Buffer.alloc(total);
  const time = 1_700_000_000_000_000n + BigInt(i);
  const words = [6, total, 0, Number(time >> 32n), Number(time & 0xffff_ffffn), length, length + 7];
  words.forEach((word, place) => {
    block.writeUInt32LE(word, place * 4);
  });
  block.fill(i + 1, 28, 28 + length);
  block.writeUInt32LE(total, total - 4);
  return block;
});

test('an Enhanced Packet Block for each match, over whatever was there before', () => {
  const into = new Uint8Array(4096).fill(0xff);
  const { length, next } = writeBlocksOfMatches(listedWalker(), 0, into);
  expect(next).toBe(LENGTHS.length);
  expect(Buffer.from(into.subarray(0, length)).toString('hex')).toBe(Buffer.concat(wanted).toString('hex'));
});

test('only blocks that have room, and the rest from the next match on', () => {
  const walker = listedWalker();
  const into = new Uint8Array(340);
  const parts: Buffer[] = [];
  for (let at = 0; at < walker.listed; ) {
    const { length, next } = writeBlocksOfMatches(walker, at, into);
    expect(next).toBeGreaterThan(at);
    parts.push(Buffer.from(into.slice(0, length)));
    at = next;
  }
  expect(parts.length).toBeGreaterThan(1);
  expect(Buffer.concat(parts)).toEqual(Buffer.concat(wanted));
});
