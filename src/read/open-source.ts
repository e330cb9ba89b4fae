/**
 * A path becomes a source of bytes: `-` is standard input, and what is compressed is known by its first bytes, whatever
 * its name.
 */
import * as fs from 'node:fs';
import type { Readable } from 'node:stream';
import { SysError, UsageError } from '../base/index.ts';
import { type ByteSource, readError } from './byte-source.ts';
import { FileSource } from './file-source.ts';
import { StreamSource } from './stream-source.ts';

const STDIN = 0;
const EISDIR = 21;
const MAGIC_BYTES = 4;

/**
 * @throws SysError for what cannot be opened
 * @throws UsageError for a terminal
 */
export async function openSource(path: string): Promise<ByteSource> {
  const source = await openStored(path);
  const head = new Uint8Array(MAGIC_BYTES);
  let length = 0;
  while (length < head.length) {
    const count = await source.read(head.subarray(length));
    if (count === 0) break;
    length += count;
  }
  const whole = new SourceWithHead(source, head.subarray(0, length));
  const magic = new DataView(head.buffer).getUint32(0, false);
  // Loaded when they are needed: most captures are not compressed.
  if (magic >>> 16 === 0x1f8b) return new (await import('./gzip-source.ts')).GzipSource(whole);
  const isZstd = magic === 0x28b52ffd || (magic & 0xf0ffffff) === 0x502a4d18;
  if (isZstd) return new (await import('./zstd-source.ts')).ZstdSource(whole);
  return whole;
}

async function openStored(path: string): Promise<ByteSource> {
  const name = path === '-' ? 'standard input' : path;
  try {
    const fd = path === '-' ? STDIN : fs.openSync(path, fs.constants.O_RDONLY);
    const stat = fs.fstatSync(fd);
    if (stat.isFile()) {
      return new FileSource(name, fd, { sizeBytes: stat.size, startBytes: path === '-' ? undefined : 0 });
    }
    if (stat.isDirectory()) throw new SysError('open', EISDIR, `cannot read ${name}: it is a folder`);
    if (path === '-' && process.stdin.isTTY) {
      throw new UsageError('standard input is a terminal: expected a capture, like "hone read - < FILE"');
    }
    const isPipe = stat.isFIFO() || stat.isSocket();
    return new StreamSource(name, isPipe ? await openPipe(fd) : fs.createReadStream('', { fd }));
  } catch (error) {
    if (error instanceof SysError || error instanceof UsageError) throw error;
    throw readError(name, error);
  }
}

/** Sockets take long to load: only who reads a pipe waits for them. */
async function openPipe(fd: number): Promise<Readable> {
  const { Socket } = await import('node:net');
  return new Socket({ fd, writable: false });
}

/** A source whose first bytes were looked at: they come again. */
class SourceWithHead implements ByteSource {
  readonly #rest: ByteSource;
  #head: Uint8Array;

  constructor(rest: ByteSource, head: Uint8Array) {
    this.#rest = rest;
    this.#head = head;
  }

  get name(): string {
    return this.#rest.name;
  }

  get takenBytes(): number {
    return this.#rest.takenBytes - this.#head.length;
  }

  get sizeBytes(): number | undefined {
    return this.#rest.sizeBytes;
  }

  read(target: Uint8Array): number | Promise<number> {
    if (this.#head.length === 0) return this.#rest.read(target);
    const taken = this.#head.subarray(0, target.length);
    target.set(taken);
    this.#head = this.#head.subarray(taken.length);
    return taken.length;
  }

  help(): void {
    this.#rest.help?.();
  }

  close(): void {
    this.#head = this.#head.subarray(0, 0);
    this.#rest.close();
  }
}
