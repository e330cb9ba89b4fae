/** One running capture, seen from the host: its connection, the rings as they are announced, the counters. */
import { closeSync } from 'node:fs';
import { PeerError } from '../base/index.ts';
import { ABI } from './abi.ts';
import type { Connection } from './connection.ts';
import { HookTable, SESSION_MEMORY_BYTES } from './hook-counters.ts';
import { type Mapping, mapPeerMemory } from './mapping.ts';
import { protocolError } from './message-body.ts';
import type { Message } from './message-socket.ts';
import { realtimeNs } from './posix.ts';
import { decodePortEvent, decodeRingEvent, decodeStarted, type RingEvent, type Started } from './protocol.ts';
import { RingReader } from './ring-reader.ts';
import { encodeStart, ringDataOffset } from './start-message.ts';
import type { CaptureFeed, CaptureRequest, FeedEvent, FilterEngine, HookCounters, Ring } from './target.ts';

/** The target makes the rings' memory, page by page, before it answers. */
const START_TIMEOUT_MS = 60_000;

/**
 * Starts a capture on a connection that has none.
 * @param onClose called once when the feed is closed: the connection is the caller's
 */
export async function startCaptureFeed(
  connection: Connection,
  request: CaptureRequest,
  onClose: () => void,
): Promise<CaptureFeed> {
  const body = encodeStart(request);
  const baseNs = realtimeNs();
  const answer = await connection.request(ABI.HONE_MSG_START, body, ABI.HONE_MSG_STARTED, START_TIMEOUT_MS);
  return connection.decode(() => {
    const memory = mapPeerMemory(
      answer.fd!,
      { plainBytes: SESSION_MEMORY_BYTES, mirroredBytes: 0, writer: false },
      'the session memory',
    );
    try {
      const started = decodeStarted(answer.body);
      const expected = request.ports.filter((port) => port.portId !== 'any').length;
      if (started.interfaceCount !== expected) {
        throw protocolError(`STARTED: got ${started.interfaceCount} interfaces, expected ${expected}`);
      }
      return new Feed(connection, started, request.ringBytes, baseNs, memory, onClose);
    } catch (error) {
      memory.close();
      throw error;
    }
  });
}

class Feed implements CaptureFeed {
  readonly engine: FilterEngine;
  readonly baseNs: bigint;
  readonly interfaceCount: number;
  readonly #connection: Connection;
  readonly #ringBytes: number;
  readonly #memory: Mapping;
  readonly #hooks: HookTable;
  readonly #rings: RingReader[] = [];
  readonly #ringMappings: Mapping[] = [];
  readonly #onClose: () => void;
  #events: FeedEvent[] = [];
  #gone = false;
  #stopped = false;
  #closed = false;

  constructor(
    connection: Connection,
    started: Started,
    ringBytes: number,
    baseNs: bigint,
    memory: Mapping,
    onClose: () => void,
  ) {
    this.#connection = connection;
    this.engine = started.engine;
    this.interfaceCount = started.interfaceCount;
    this.baseNs = baseNs;
    this.#ringBytes = ringBytes;
    this.#memory = memory;
    this.#hooks = new HookTable(memory.buffer);
    this.#onClose = onClose;
  }

  get rings(): readonly Ring[] {
    return this.#rings;
  }

  nowNs(): number {
    return Number(realtimeNs() - this.baseNs);
  }

  poll(): readonly FeedEvent[] {
    this.#takeIn();
    const events = this.#events;
    this.#events = [];
    return events;
  }

  counters(): readonly HookCounters[] {
    if (this.#closed) throw new Error('the feed is closed');
    this.#takeIn();
    return this.#connection.decode(() => this.#hooks.sum(this.#ringMappings.map(({ buffer }) => buffer)));
  }

  async stop(): Promise<void> {
    this.#takeIn();
    if (this.#stopped || this.#gone) return;
    this.#stopped = true;
    try {
      await this.#connection.request(ABI.HONE_MSG_STOP, new Uint8Array(0), ABI.HONE_MSG_STOPPED);
    } catch (error) {
      // Gone is stopped, too. poll() tells it.
      if (!(error instanceof PeerError) || error.code !== 'PEER_GONE') throw error;
    }
    this.#takeIn();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const ring of this.#rings) ring.detach();
    for (const mapping of this.#ringMappings) mapping.close();
    this.#memory.close();
    this.#onClose();
  }

  #takeIn(): void {
    if (this.#gone || this.#closed) return;
    const { events, gone } = this.#connection.takeEvents();
    let taken = 0;
    try {
      for (const event of events) {
        taken++;
        this.#connection.decode(() => this.#takeEvent(event));
      }
    } finally {
      for (const { fd } of events.slice(taken)) if (fd !== undefined) closeSync(fd);
    }
    if (!gone) return;
    this.#gone = true;
    this.#events.push({ kind: 'gone' });
  }

  #takeEvent(event: Message): void {
    if (event.type === ABI.HONE_MSG_PORT) this.#events.push(decodePortEvent(event.body));
    else this.#addRing(this.#decodeRing(event), event.fd!);
  }

  /** Closes the descriptor when there is no use for it. */
  #decodeRing(event: Message): RingEvent {
    try {
      const ring = decodeRingEvent(event.body, this.#ringBytes);
      if (!this.#rings.some(({ ringId }) => ringId === ring.ring)) return ring;
      throw protocolError(`RING: got ring ${ring.ring} twice`);
    } catch (error) {
      closeSync(event.fd!);
      throw error;
    }
  }

  #addRing(ring: RingEvent, fd: number): void {
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
