/** One stream of a trace that is being written: events are gathered, and written as one packet with its index entry. */
import * as fs from 'node:fs';
import { SysError } from '../base/index.ts';
import {
  EventEncoder,
  encodeIndexEntry,
  encodeIndexHeader,
  encodePacketHead,
  type PacketHead,
} from '../ctf/index.ts';
import { reasonOf } from '../output/index.ts';
import type { ShapedEvent } from './ctf-shapes.ts';
import type { Place } from './place.ts';

const FULL_BYTES = 256 << 10;
const NOTHING = new Uint8Array(0);

export class CtfStream {
  /** Events whose time was before that of the event before them. */
  raised = 0;
  readonly #path: string;
  readonly #indexPath: string;
  readonly #number: number;
  readonly #uuid: Uint8Array;
  readonly #place: Place;
  readonly #encoder = new EventEncoder();
  #beginNs = 0n;
  #endNs = 0n;
  #discarded = 0n;
  #packets = 0;
  #writtenBytes = 0;

  constructor(folder: string, number: number, uuid: Uint8Array, place: Place) {
    this.#path = `${folder}/stream_${number}`;
    this.#indexPath = `${folder}/index/stream_${number}.idx`;
    this.#number = number;
    this.#uuid = uuid;
    this.#place = place;
  }

  get gatheredBytes(): number {
    return this.#encoder.lengthBytes;
  }

  get isFull(): boolean {
    return this.gatheredBytes >= FULL_BYTES;
  }

  add({ shape, values }: ShapedEvent, timeNs: bigint): void {
    if (timeNs < this.#endNs) this.raised++;
    else this.#endNs = timeNs;
    if (this.gatheredBytes === 0) this.#beginNs = this.#endNs;
    this.#encoder.add(shape, this.#endNs, values);
  }

  /**
   * Writes what was gathered, if anything was, or was lost.
   * @param discarded events lost since the start of the stream
   * @throws SysError; the file then ends with a whole packet
   */
  write(discarded: bigint): void {
    const events = this.#encoder.borrowBytes();
    if (events.length === 0 && discarded === this.#discarded) return;
    const beginNs = events.length === 0 ? this.#endNs : this.#beginNs;
    // Readers count from packet to packet: without one before it, they would not know how many were lost.
    if (this.#packets === 0 && discarded > 0n) this.#writePacket(beginNs, beginNs, NOTHING, 0n);
    this.#writePacket(beginNs, this.#endNs, events, discarded);
    this.#discarded = discarded;
    this.#encoder.clear();
  }

  #writePacket(beginNs: bigint, endNs: bigint, events: Uint8Array, eventsDiscarded: bigint): void {
    const { lcore, tid = 0, cpu, threadName, name } = this.#place;
    const head: PacketHead = {
      streamInstance: this.#number,
      beginNs,
      endNs,
      eventBytes: events.length,
      sequenceNumber: this.#packets,
      eventsDiscarded,
      cpu: cpu ?? 0,
      lcore,
      tid,
      threadName: threadName ?? name,
    };
    const headBytes = encodePacketHead(this.#uuid, head);
    const index = encodeIndexEntry(head, this.#writtenBytes, headBytes.length);
    append(this.#path, this.#writtenBytes, [headBytes, events]);
    append(this.#indexPath, undefined, this.#packets === 0 ? [encodeIndexHeader(), index] : [index]);
    this.#writtenBytes += headBytes.length + events.length;
    this.#packets++;
  }
}

/** @param keptBytes what the file is cut to when it cannot be written */
function append(path: string, keptBytes: number | undefined, pieces: readonly Uint8Array[]): void {
  try {
    const fd = fs.openSync(path, 'a', 0o600);
    try {
      for (const piece of pieces) for (let at = 0; at < piece.length; ) at += fs.writeSync(fd, piece, at);
    } catch (error) {
      if (keptBytes !== undefined) fs.ftruncateSync(fd, keptBytes);
      throw error;
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    const system = error as NodeJS.ErrnoException;
    throw new SysError('write', -(system.errno ?? 0), `cannot write ${path}: ${reasonOf(system)}`);
  }
}
