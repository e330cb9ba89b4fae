/**
 * A stream of a recording on its way into a file, and the index beside it. The file is a row of whole packets at any moment, also
 * when this process is killed in the middle of a write: packets are whole pages, and the system ends a write that is killed
 * between two of them. A packet of several pages first is as many packets without events, then one whose events
 * are still padding, and counts them only when all are there. The index is written at the end: one that does not
 * fit the file would be worse than none, with which readers take the packets from the file.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { SysError } from '../base/index.ts';
import { encodeIndexEntry, encodeIndexHeader, encodePacketHead, type PacketHead } from '../ctf/index.ts';
import { reasonOf } from '../output/index.ts';

const MODE = 0o600;
/** A trace that is there is somebody's. */
const FLAGS = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL;
/** Divides the pages of all systems. */
const PAGE_BYTES = 4096;
const ZEROS = new Uint8Array(PAGE_BYTES);

export class StreamFile {
  /** Of the packets. */
  lengthBytes = 0;
  readonly #uuid: Uint8Array;
  readonly #packets: OwnFile;
  readonly #indexPath: string;
  readonly #index: Uint8Array[] = [encodeIndexHeader()];

  /** @throws SysError */
  constructor(folder: string, name: string, uuid: Uint8Array) {
    this.#uuid = uuid;
    this.#packets = new OwnFile(join(folder, name));
    this.#indexPath = join(folder, 'index', `${name}.idx`);
  }

  /** @param events borrowed for the call. @throws SysError; the file then ends with the packet before */
  append(head: PacketHead, events: Uint8Array): void {
    const offset = this.lengthBytes;
    const { length } = encodePacketHead(this.#uuid, head);
    const packetBytes = Math.ceil((length + events.length) / PAGE_BYTES) * PAGE_BYTES;
    const headBytes = encodePacketHead(this.#uuid, head, packetBytes);
    const padding = ZEROS.subarray(0, packetBytes - length - events.length);
    try {
      if (packetBytes === PAGE_BYTES) this.#packets.write([headBytes, events, padding], offset);
      else {
        this.#makeRoom(head, packetBytes);
        this.#packets.write([events, padding], offset + length);
        this.#packets.write([headBytes], offset);
      }
    } catch (error) {
      this.#packets.tryCutTo(offset);
      throw error;
    }
    this.lengthBytes += packetBytes;
    this.#index.push(encodeIndexEntry(head, offset, length, packetBytes));
  }

  /** @throws SysError */
  close(): void {
    this.#packets.close();
    const unfinished = `${this.#indexPath}.part`;
    const index = new OwnFile(unfinished);
    index.write(this.#index, 0);
    index.close();
    index.rename(this.#indexPath);
  }

  /** A packet of so many bytes that has no events, behind the last one. */
  #makeRoom(head: PacketHead, packetBytes: number): void {
    const empty = { ...head, endNs: head.beginNs, eventBytes: 0 };
    const page = encodePacketHead(this.#uuid, empty, PAGE_BYTES);
    const pages = new Uint8Array(packetBytes);
    for (let at = 0; at < packetBytes; at += PAGE_BYTES) pages.set(page, at);
    this.#packets.write([pages], this.lengthBytes);
    this.#packets.write([encodePacketHead(this.#uuid, empty, packetBytes)], this.lengthBytes);
  }
}

/** A file of ours. */
class OwnFile {
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

  /** All of them, from `position` on. */
  write(pieces: readonly Uint8Array[], position: number): void {
    let rest = pieces.filter(({ length }) => length > 0);
    let at = position;
    while (rest.length > 0) {
      let written: number;
      try {
        written = fs.writevSync(this.#fd, rest, at);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EINTR') continue;
        throw this.#error('write', error);
      }
      at += written;
      rest = behind(rest, written);
    }
  }

  tryCutTo(length: number): void {
    try {
      fs.ftruncateSync(this.#fd, length);
    } catch {
      // Then it ends with packets that have no events.
    }
  }

  close(): void {
    try {
      fs.closeSync(this.#fd);
    } catch (error) {
      throw this.#error('close', error);
    }
  }

  rename(path: string): void {
    try {
      fs.renameSync(this.#path, path);
    } catch (error) {
      throw this.#error('rename', error);
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
