/**
 * The newest packets of a capture, as blocks in files that have no name any more: bounded, whatever is captured, and gone
 * with the process, however it ends. Packets are numbered from 0 since the start of the capture; the oldest are forgotten a
 * segment at a time. Reading finds a packet by marks that stand every so many packets.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SysError } from '../../base/index.ts';
import { EpbCursor } from '../../pcapng/index.ts';

export interface PacketWindowOptions {
  /** What is held at most, in whole segments. */
  readonly mostBytes: number;
  readonly segmentBytes?: number;
}

/** The cursor is at the packet; its bytes are borrowed. False ends the visit. */
export type VisitPacket = (cursor: EpbCursor, packet: number) => boolean;

const SEGMENT_BYTES = 8 << 20;
const PACKETS_BETWEEN_MARKS = 64;
/** What is read at once, unless one run between two marks is longer. */
const READ_BYTES = 1 << 20;

class Segment {
  readonly firstPacket: number;
  packets = 0;
  bytes = 0;
  /** Where packets firstPacket + n * PACKETS_BETWEEN_MARKS begin. */
  readonly marks: number[] = [];
  readonly #fd: number;
  #users = 1;

  constructor(firstPacket: number) {
    this.firstPacket = firstPacket;
    this.#fd = openNameless();
  }

  append(blocks: Uint8Array): void {
    for (let written = 0; written < blocks.length; ) {
      written += attempt('write', () =>
        writeSync(this.#fd, blocks, written, blocks.length - written, this.bytes + written),
      );
    }
    this.bytes += blocks.length;
  }

  read(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array(to - from);
    for (let done = 0; done < bytes.length; ) {
      const got = attempt('read', () => readSync(this.#fd, bytes, done, bytes.length - done, from + done));
      if (got === 0) throw new SysError('read', 0, 'the file of captured packets is shorter than it was');
      done += got;
    }
    return bytes;
  }

  /** Somebody else reads it, too. */
  retain(): void {
    this.#users++;
  }

  release(): void {
    if (--this.#users === 0) closeSync(this.#fd);
  }
}

export class PacketWindow {
  readonly #mostBytes: number;
  readonly #segmentBytes: number;
  readonly #cursor = new EpbCursor();
  #segments: Segment[] = [];
  #heldBytes = 0;
  /** Packets taken since the start. */
  packets = 0;

  constructor({ mostBytes, segmentBytes = SEGMENT_BYTES }: PacketWindowOptions) {
    this.#mostBytes = mostBytes;
    this.#segmentBytes = segmentBytes;
  }

  /** The oldest packet that is still there; `packets` when there is none. */
  get firstPacket(): number {
    return this.#segments[0]?.firstPacket ?? this.packets;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes whole Enhanced Packet Blocks. @throws SysError when there is no room on the disk */
  put(blocks: Uint8Array): void {
    let segment = this.#segments.at(-1);
    if (segment === undefined || segment.bytes >= this.#segmentBytes) {
      segment = new Segment(this.packets);
      this.#segments.push(segment);
    }
    const start = segment.bytes;
    segment.append(blocks);
    const cursor = this.#cursor;
    cursor.reset(blocks);
    while (cursor.next()) {
      if (segment.packets % PACKETS_BETWEEN_MARKS === 0) segment.marks.push(start + cursor.offset);
      segment.packets++;
      this.packets++;
    }
    this.#heldBytes += blocks.length;
    while (this.#heldBytes > this.#mostBytes && this.#segments.length > 1) this.#forgetOldest();
  }

  /** The packets [from, to) that are still there, in their order. */
  visit(from: number, to: number, visitPacket: VisitPacket): void {
    for (const segment of this.#segments) {
      const end = segment.firstPacket + segment.packets;
      if (end <= from || segment.firstPacket >= to) continue;
      if (!visitSegment(segment, Math.max(from, segment.firstPacket), Math.min(to, end), visitPacket)) return;
    }
  }

  /** All blocks that are there now, in pieces; they stay while they are read, whatever comes in meanwhile. */
  *blocks(): Generator<Uint8Array> {
    const held = this.#segments.map((segment) => ({ segment, bytes: segment.bytes }));
    for (const { segment } of held) segment.retain();
    try {
      for (const { segment, bytes } of held) {
        for (let at = 0; at < bytes; at += READ_BYTES)
          yield segment.read(at, Math.min(bytes, at + READ_BYTES));
      }
    } finally {
      for (const { segment } of held) segment.release();
    }
  }

  close(): void {
    for (const segment of this.#segments) segment.release();
    this.#segments = [];
    this.#heldBytes = 0;
  }

  #forgetOldest(): void {
    const oldest = this.#segments.shift()!;
    this.#heldBytes -= oldest.bytes;
    oldest.release();
  }
}

/** @returns false when the visitor has seen enough */
function visitSegment(segment: Segment, from: number, to: number, visitPacket: VisitPacket): boolean {
  const { firstPacket, marks, bytes } = segment;
  const cursor = new EpbCursor();
  let mark = Math.floor((from - firstPacket) / PACKETS_BETWEEN_MARKS);
  while (mark < marks.length && firstPacket + mark * PACKETS_BETWEEN_MARKS < to) {
    const start = marks[mark]!;
    let next = mark + 1;
    while (
      next < marks.length &&
      marks[next]! - start < READ_BYTES &&
      firstPacket + next * PACKETS_BETWEEN_MARKS < to
    )
      next++;
    let packet = firstPacket + mark * PACKETS_BETWEEN_MARKS;
    cursor.reset(segment.read(start, marks[next] ?? bytes));
    while (packet < to && cursor.next()) {
      if (packet >= from && !visitPacket(cursor, packet)) return false;
      packet++;
    }
    mark = next;
  }
  return true;
}

/** A file that is gone when it is closed. */
function openNameless(): number {
  return attempt('open', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hone-web-'));
    const path = join(folder, 'packets');
    const fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    rmdirSync(folder);
    return fd;
  });
}

function attempt<T>(syscall: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const { errno = 0, code } = error as NodeJS.ErrnoException;
    throw new SysError(syscall, -errno, `cannot keep captured packets in ${tmpdir()}: ${code}`);
  }
}
