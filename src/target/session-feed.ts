/**
 * What every session on a target is to the host: its connection, the memory that it shares, its rings as they are
 * announced, and its end. Captures and traces add what is theirs.
 */
import { closeSync } from 'node:fs';
import { PeerError } from '../base/index.ts';
import { ABI } from './abi.ts';
import type { Connection } from './connection.ts';
import { type Mapping, mapPeerMemory } from './mapping.ts';
import { protocolError } from './message-body.ts';
import type { Message } from './message-socket.ts';
import { decodePortEvent, decodeRingEvent } from './protocol.ts';
import { RingReader } from './ring-reader.ts';
import { ringDataOffset } from './start-message.ts';
import type { FeedEvent, Ring } from './target.ts';

/** A target makes the memory of a session, page by page, before it answers. */
export const START_TIMEOUT_MS = 60_000;

export interface Session {
  readonly connection: Connection;
  /** CLOCK_REALTIME when the session was asked for. */
  readonly baseNs: bigint;
  /** Data area of each ring, as it was asked for. */
  readonly ringBytes: number;
  /** Closed with the feed. */
  readonly memory: Mapping;
  /** Called once when the feed is closed: the connection is the caller's. */
  readonly onClose: () => void;
}

export abstract class SessionFeed {
  readonly baseNs: bigint;
  protected readonly connection: Connection;
  readonly #session: Session;
  readonly #rings: RingReader[] = [];
  readonly #ringMappings: Mapping[] = [];
  #events: FeedEvent[] = [];
  #gone = false;
  #stopped = false;
  #closed = false;

  constructor(session: Session) {
    this.baseNs = session.baseNs;
    this.connection = session.connection;
    this.#session = session;
  }

  get rings(): readonly Ring[] {
    return this.#rings;
  }

  poll(): readonly FeedEvent[] {
    this.takeIn();
    const events = this.#events;
    this.#events = [];
    return events;
  }

  async stop(): Promise<void> {
    this.takeIn();
    if (this.hasEnded) return;
    this.#stopped = true;
    try {
      await this.connection.request(ABI.HONE_MSG_STOP, new Uint8Array(0), ABI.HONE_MSG_STOPPED);
    } catch (error) {
      // Gone is stopped, too. poll() tells it.
      if (!isGone(error)) throw error;
    }
    this.takeIn();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const ring of this.#rings) ring.detach();
    for (const mapping of this.#ringMappings) mapping.close();
    this.closeOwn();
    this.#session.memory.close();
    this.#session.onClose();
  }

  /** Nothing runs on the target any more: it was stopped, or went away. */
  protected get hasEnded(): boolean {
    return this.#stopped || this.#gone;
  }

  /** The memory of each ring, in the order in which they were announced. */
  protected get ringBuffers(): readonly ArrayBuffer[] {
    return this.#ringMappings.map(({ buffer }) => buffer);
  }

  /** An announcement that is neither of a port nor of a ring. Takes over the descriptor. */
  protected abstract takeOther(message: Message): void;

  /** Closes what the feed has mapped beside rings and the session's memory. */
  protected closeOwn(): void {}

  protected checkOpen(): void {
    if (this.#closed) throw new Error('the feed is closed');
  }

  protected takeIn(): void {
    if (this.#gone || this.#closed) return;
    const { events, gone } = this.connection.takeEvents();
    let taken = 0;
    try {
      for (const event of events) {
        taken++;
        this.connection.decode(() => this.#takeEvent(event));
      }
    } finally {
      for (const { fd } of events.slice(taken)) if (fd !== undefined) closeSync(fd);
    }
    if (!gone) return;
    this.#gone = true;
    this.#events.push({ kind: 'gone' });
  }

  #takeEvent(message: Message): void {
    if (message.type === ABI.HONE_MSG_PORT) this.#events.push(decodePortEvent(message.body));
    else if (message.type === ABI.HONE_MSG_RING) this.addRing(message.body, message.fd!);
    else this.takeOther(message);
  }

  /** Takes over the descriptor. */
  protected addRing(body: Uint8Array, fd: number): void {
    const ring = closingOnError(fd, () => {
      const announced = decodeRingEvent(body, this.#session.ringBytes);
      if (!this.#rings.some(({ ringId }) => ringId === announced.ring)) return announced;
      throw protocolError(`RING: got ring ${announced.ring} twice`);
    });
    const name = `ring ${ring.ring}`;
    const shape = {
      plainBytes: ringDataOffset(ring.data_bytes),
      mirroredBytes: ring.data_bytes,
      writer: false,
    };
    const mapping = mapPeerMemory(fd, shape, name);
    this.#ringMappings.push(mapping);
    this.#rings.push(new RingReader(mapping.buffer, ring, this.baseNs, name));
  }
}

/** Closes the descriptor when there is no use for it. */
export function closingOnError<T>(fd: number, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

export function isGone(error: unknown): boolean {
  return error instanceof PeerError && error.code === 'PEER_GONE';
}
