import { closeSync, existsSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
import { mapMemory, mapPeerMemory } from './mapping.ts';
import { createSealedMemory } from './posix.ts';

const PAGE = 4096;

test('the mirrored part stands twice, back to back, and two mappings are one memory', () => {
  const fd = createSealedMemory('hone-test', 3 * PAGE);
  const writer = mapMemory(fd, { plainBytes: PAGE, mirroredBytes: 2 * PAGE, writer: true });
  const reader = mapMemory(fd, { plainBytes: PAGE, mirroredBytes: 2 * PAGE, writer: false });
  expect(reader.buffer.byteLength).toBe(5 * PAGE);
  new Uint8Array(writer.buffer).set([1, 2, 3, 4], 3 * PAGE - 2);
  const bytes = new Uint8Array(reader.buffer);
  expect(bytes.subarray(3 * PAGE - 2, 3 * PAGE + 2)).toEqual(Uint8Array.of(1, 2, 3, 4));
  expect(bytes.subarray(PAGE, PAGE + 2)).toEqual(Uint8Array.of(3, 4));
  expect(bytes.subarray(5 * PAGE - 2)).toEqual(Uint8Array.of(1, 2));
  bytes[0] = 77;
  expect(new Uint8Array(writer.buffer)[0]).toBe(77);
  for (const mapping of [writer, reader]) mapping.close();
  closeSync(fd);
});

test('memory that its maker could cut short is refused, and the descriptor closed', (context) => {
  if (!existsSync('/dev/shm')) context.skip('needs /dev/shm: mount -t tmpfs none /dev/shm');
  const folder = mkdtempSync('/dev/shm/hone-');
  const fd = openSync(join(folder, 'file'), 'w+');
  ftruncateSync(fd, PAGE);
  const map = () => mapPeerMemory(fd, { plainBytes: PAGE, mirroredBytes: 0, writer: false }, 'ring 1');
  expect(map).toThrow(new PeerError('PEER_PROTOCOL', 'ring 1: the memory is not sealed against resizing'));
  expect(() => closeSync(fd)).toThrow(/EBADF/);
  rmSync(folder, { recursive: true });
});

test('parts that are no whole pages cannot be mapped', () => {
  const fd = createSealedMemory('hone-test', 3 * PAGE);
  expect(() => mapMemory(fd, { plainBytes: 100, mirroredBytes: PAGE, writer: true })).toThrow(
    /pages of this kernel/,
  );
  closeSync(fd);
});
