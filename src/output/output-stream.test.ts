import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { OutputStream, type OutputStreamOptions, ReaderGoneError } from './output-stream.ts';

const folder = mkdtempSync(join(tmpdir(), 'hone-output-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function openFile(options: Partial<OutputStreamOptions> = {}) {
  const path = join(folder, `file-${++files}`);
  const stream = new OutputStream({ name: 'out.pcapng', fd: openSync(path, 'w'), ...options });
  return { path, stream };
}

/** An error of a system call, as fs throws it. */
function systemError(code: string, errno: number): Error {
  return Object.assign(new Error(`${code}: write`), { code, errno: -errno });
}

test('short pieces go out in one write, long ones from where they lie, all in order', async () => {
  const writes: number[] = [];
  const { path, stream } = openFile({
    write(fd, bytes, offset, length) {
      writes.push(length);
      return writeSync(fd, bytes, offset, length);
    },
  });
  const expected: Buffer[] = [];
  const put = async (length: number, value: number) => {
    expected.push(Buffer.alloc(length, value));
    await stream.put(expected.at(-1)!);
  };
  for (let n = 0; n < 10; n++) await put(100, n);
  await put(300_000, 77);
  await put(5, 78);
  expect(stream.length).toBe(301_005);
  await stream.close();
  expect(writes).toEqual([1000, 300_000, 5]);
  expect(readFileSync(path).equals(Buffer.concat(expected))).toBe(true);
});

test('what does not fit behind the gathered bytes pushes them out', async () => {
  const { path, stream } = openFile();
  for (let n = 0; n < 8; n++) await stream.put(Buffer.alloc(200_000, n));
  await stream.close();
  const written = readFileSync(path);
  expect(written.length).toBe(1_600_000);
  for (let n = 0; n < 8; n++) expect([written[n * 200_000], written[n * 200_000 + 199_999]]).toEqual([n, n]);
});

test('a full pipe is waited for, a write that takes a part goes on where it stopped', async () => {
  let calls = 0;
  const { path, stream } = openFile({
    write(fd, bytes, offset, length) {
      calls++;
      if (calls === 1) throw systemError('EAGAIN', 11);
      if (calls === 2) throw systemError('EINTR', 4);
      return writeSync(fd, bytes, offset, Math.min(length, 3));
    },
  });
  await stream.put(Buffer.from('whole text'));
  await stream.close();
  expect(readFileSync(path, 'utf8')).toBe('whole text');
  expect(calls).toBe(6);
});

test('waiting for a full pipe can be given up', async () => {
  const { stream } = openFile({
    write: () => {
      throw systemError('EAGAIN', 11);
    },
    givesUp: () => true,
  });
  await stream.put(Buffer.from('x'));
  await expect(stream.flush()).rejects.toThrow(ReaderGoneError);
});

test('a closed pipe is not an error of ours', async () => {
  const { stream } = openFile({
    write: () => {
      throw systemError('EPIPE', 32);
    },
  });
  await stream.put(Buffer.from('x'));
  await expect(stream.flush()).rejects.toThrow('nobody reads out.pcapng any more');
  expect(stream.isOpen).toBe(false);
  await stream.close();
});

test('a failed write leaves the whole records, says what is lost, and closes the file', async () => {
  const lost: string[] = [];
  let room = 7;
  const { path, stream } = openFile({
    // Records of four bytes.
    wholeBytes: (_chunk, length) => length - (length % 4),
    onLost: (records) => lost.push(Buffer.from(records).toString()),
    write(fd, bytes, offset, length) {
      if (room === 0) throw systemError('ENOSPC', 28);
      const written = writeSync(fd, bytes, offset, Math.min(length, room));
      room -= written;
      return written;
    },
  });
  await stream.put(Buffer.from('1111222233334444'));
  const large = Buffer.alloc(300_000, 'abcd');
  await expect(stream.put(large)).rejects.toThrow(
    'cannot write out.pcapng: no space left on device (ENOSPC); the file is whole up to its last packet',
  );
  expect(readFileSync(path, 'utf8')).toBe('1111');
  expect(lost[0]).toBe('222233334444');
  expect(lost[1]?.length).toBe(300_000);
  expect(lost).toHaveLength(2);
  expect(stream.isOpen).toBe(false);
});

test('a descriptor that is shared stays open', async () => {
  const fd = openSync(join(folder, 'shared'), 'w');
  const stream = new OutputStream({ name: 'standard output', fd, isShared: true });
  await stream.put(Buffer.from('x'));
  await stream.close();
  closeSync(fd);
});
