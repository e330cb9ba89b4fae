/**
 * A stream of a recording on its way into a file, and the index beside it. The file is a row of whole packets also when this process is
 * killed in the middle of a write. Behind the last packet lies one without events, which reaches to the file's end: its padding is
 * the room for what comes. A packet's events are written there first, with the head of what is left of the room behind
 * them; its own head comes last, and makes them count. A head is never written across a page, so no kill cuts it. The file grows by
 * pages that are each a packet without events, so that a kill between two of them leaves fewer; then the room's head takes them in.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { SysError } from '../base/index.ts';
import { encodeIndexEntry, encodeIndexHeader, encodePacketHead, type PacketHead } from '../ctf/index.ts';
import { reasonOf } from '../output/index.ts';

const MODE = 0o600;
/** A trace that is there is somebody's. */
const FLAGS = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL;
/** Packets begin at multiples of it: a divisor of a page, and more than a head has. */
const PACKET_ALIGN = 256;
/** Of the least page that the kernel writes in one piece: others are multiples of it. */
const PAGE_BYTES = 4096;
/** Room is made in such pieces: small enough to be still in the processor's cache when events come. */
const ROOM_BYTES = 256 << 10;
const ZEROS = new Uint8Array(PACKET_ALIGN);

export class StreamFile {
  /** Of the packets. */
  lengthBytes = 0;
  /** With the room behind them. */
  #fileBytes = 0;
  readonly #uuid: Uint8Array;
  readonly #packets: OwnFile;
  /** Has its name when it is complete: without one, readers look for the packets themselves. */
  readonly #index: OwnFile;
  readonly #indexPath: string;
  #indexBytes = 0;

  /** @throws SysError */
  constructor(folder: string, name: string, uuid: Uint8Array) {
    this.#uuid = uuid;
    this.#packets = new OwnFile(join(folder, name));
    this.#indexPath = join(folder, 'index', `${name}.idx`);
    this.#index = new OwnFile(`${this.#indexPath}.part`);
    this.#appendIndex(encodeIndexHeader());
  }

  /** @param events borrowed for the call. @throws SysError; the file then ends with the packet before */
  append(head: PacketHead, events: Uint8Array): void {
    const offset = this.lengthBytes;
    const { length } = encodePacketHead(this.#uuid, head);
    const packetBytes = alignUp(length + events.length, PACKET_ALIGN);
    const end = offset + packetBytes;
    const padding = ZEROS.subarray(0, packetBytes - length - events.length);
    const left = { ...head, beginNs: head.endNs, eventBytes: 0, sequenceNumber: head.sequenceNumber + 1 };
    try {
      if (end + PACKET_ALIGN > this.#fileBytes) this.#makeRoom(head, end + PACKET_ALIGN);
      this.#packets.write(
        [events, padding, encodePacketHead(this.#uuid, left, this.#fileBytes - end)],
        offset + length,
      );
      this.#packets.write([encodePacketHead(this.#uuid, head, packetBytes)], offset);
      this.#appendIndex(encodeIndexEntry(head, offset, length, packetBytes));
    } catch (error) {
      this.#fileBytes = offset;
      this.#packets.tryCutTo(offset);
      this.#index.tryCutTo(this.#indexBytes);
      throw error;
    }
    this.lengthBytes = end;
  }

  /** @throws SysError */
  close(): void {
    this.#packets.cutTo(this.lengthBytes);
    this.#packets.close();
    this.#index.close();
    this.#index.rename(this.#indexPath);
  }

  #makeRoom(head: PacketHead, bytes: number): void {
    const room = { ...head, endNs: head.beginNs, eventBytes: 0 };
    const roomHead = (length: number) => encodePacketHead(this.#uuid, room, length);
    const roomPacket = (length: number) => {
      const packet = new Uint8Array(length);
      packet.set(roomHead(length));
      return packet;
    };
    const firstPage = alignUp(this.#fileBytes, PAGE_BYTES);
    const end = alignUp(bytes, ROOM_BYTES);
    const page = roomPacket(PAGE_BYTES);
    const pages: Uint8Array[] = new Array((end - firstPage) / PAGE_BYTES).fill(page);
    if (firstPage > this.#fileBytes) pages.unshift(roomPacket(firstPage - this.#fileBytes));
    this.#packets.write(pages, this.#fileBytes);
    this.#fileBytes = end;
    this.#packets.write([roomHead(end - this.lengthBytes)], this.lengthBytes);
  }

  #appendIndex(bytes: Uint8Array): void {
    this.#index.write([bytes], this.#indexBytes);
    this.#indexBytes += bytes.length;
  }
}

/** A file of ours. */
class OwnFile {
  readonly #path: string;
  readonly #fd: number;

  constructor(path: string) {
    this.#path = path;
    this.#fd = this.#attempt('open', () => fs.openSync(path, FLAGS, MODE));
  }

  /** All of them, from `position` on. */
  write(pieces: readonly Uint8Array[], position: number): void {
    let rest = pieces.filter(({ length }) => length > 0);
    let at = position;
    while (rest.length > 0) {
      const written = this.#attempt('write', () => writeSome(this.#fd, rest, at));
      at += written;
      rest = behind(rest, written);
    }
  }

  cutTo(length: number): void {
    this.#attempt('ftruncate', () => fs.ftruncateSync(this.#fd, length));
  }

  tryCutTo(length: number): void {
    try {
      fs.ftruncateSync(this.#fd, length);
    } catch {
      // Then it ends with room.
    }
  }

  close(): void {
    this.#attempt('close', () => fs.closeSync(this.#fd));
  }

  rename(path: string): void {
    this.#attempt('rename', () => fs.renameSync(this.#path, path));
  }

  #attempt<T>(syscall: string, run: () => T): T {
    try {
      return run();
    } catch (thrown) {
      const error = thrown as NodeJS.ErrnoException;
      const whole = syscall === 'write' ? '; the file is whole up to its last packet' : '';
      const message = `cannot write ${this.#path}: ${reasonOf(error)}${whole}`;
      throw new SysError(syscall, -(error.errno ?? 0), message);
    }
  }
}

/** @returns how many bytes of them are written; 0 where a signal came before the first */
function writeSome(fd: number, pieces: readonly Uint8Array[], position: number): number {
  try {
    return fs.writevSync(fd, pieces, position);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINTR') return 0;
    throw error;
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

function alignUp(bytes: number, step: number): number {
  return Math.ceil(bytes / step) * step;
}
