/**
 * A stream of a recording on its way into a file, and the index beside it. A packet is one gathering write of its head and its
 * events, straight from where they lie; when it fails the file is cut back to the packet before.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { SysError } from '../base/index.ts';
import { encodeIndexEntry, encodeIndexHeader, encodePacketHead, type PacketHead } from '../ctf/index.ts';
import { reasonOf } from '../output/index.ts';

const MODE = 0o600;
/** A trace that is there is somebody's. */
const FLAGS = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL;

export class StreamFile {
  readonly #uuid: Uint8Array;
  readonly #packets: OwnFile;
  readonly #index: OwnFile;

  /** @throws SysError */
  constructor(folder: string, name: string, uuid: Uint8Array) {
    this.#uuid = uuid;
    this.#packets = new OwnFile(join(folder, name));
    this.#index = new OwnFile(join(folder, 'index', `${name}.idx`));
    this.#index.append([encodeIndexHeader()]);
  }

  /** Of the packets. */
  get lengthBytes(): number {
    return this.#packets.lengthBytes;
  }

  /** @param events borrowed for the call. @throws SysError; the file then ends with the packet before */
  append(head: PacketHead, events: Uint8Array): void {
    const packets = this.#packets;
    const offset = packets.lengthBytes;
    const headBytes = encodePacketHead(this.#uuid, head);
    packets.append([headBytes, events]);
    try {
      this.#index.append([encodeIndexEntry(head, offset, headBytes.length)]);
    } catch (error) {
      // Readers that go by the index would miss it.
      packets.cutTo(offset);
      throw error;
    }
  }

  close(): void {
    this.#packets.close();
    this.#index.close();
  }
}

/** A file of ours that grows by whole pieces. */
class OwnFile {
  lengthBytes = 0;
  readonly #path: string;
  readonly #fd: number;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = fs.openSync(path, FLAGS, MODE);
    } catch (error) {
      throw this.#error('open', error);
    }
  }

  append(pieces: readonly Uint8Array[]): void {
    let rest = pieces.filter(({ length }) => length > 0);
    let done = 0;
    while (rest.length > 0) {
      let written: number;
      try {
        written = fs.writevSync(this.#fd, rest);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EINTR') continue;
        this.cutTo(this.lengthBytes);
        throw this.#error('write', error);
      }
      done += written;
      rest = behind(rest, written);
    }
    this.lengthBytes += done;
  }

  cutTo(length: number): void {
    try {
      fs.ftruncateSync(this.#fd, length);
      this.lengthBytes = length;
    } catch {
      // Then its last packet is cut: readers say so and give all before.
    }
  }

  close(): void {
    try {
      fs.closeSync(this.#fd);
    } catch (error) {
      throw this.#error('close', error);
    }
  }

  #error(syscall: string, thrown: unknown): SysError {
    const error = thrown as NodeJS.ErrnoException;
    const whole = syscall === 'write' ? '; the file is whole up to its last packet' : '';
    return new SysError(
      syscall,
      -(error.errno ?? 0),
      `cannot write ${this.#path}: ${reasonOf(error)}${whole}`,
    );
  }
}

/** What is left of pieces behind their first bytes. */
function behind(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skipped = bytes;
  return pieces.flatMap((piece) => {
    const start = Math.min(skipped, piece.length);
    skipped -= start;
    return start === piece.length ? [] : [piece.subarray(start)];
  });
}
