/** One running trace, seen from the host: its connection, the writers and event rings as they are announced. */
import { closeSync } from 'node:fs';
import { PeerError } from '../base/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import type { Connection } from './connection.ts';
import { type Mapping, mapPeerMemory } from './mapping.ts';
import { protocolError } from './message-body.ts';
import type { Message } from './message-socket.ts';
import { realtimeNs } from './posix.ts';
import { decodePortEvent, decodeRingEvent } from './protocol.ts';
import { RingReader } from './ring-reader.ts';
import { ringDataOffset } from './start-message.ts';
import type {
  FeedEvent,
  FilterEngine,
  Ring,
  TraceCost,
  TraceFeed,
  TraceRequest,
  TraceWriter,
} from './target.ts';
import { decodeSnapped, decodeTracing, decodeWriterEvent, encodeTrace } from './trace-message.ts';
import { WriterMemory } from './trace-writer.ts';

/** The target checks programs and makes the writers' memory before it answers. */
const START_TIMEOUT_MS = 60_000;
const MEMORY_BYTES = 4096;
const MEMORY = STRUCTS.hone_trace_memory.fields;
const NOTHING = new Uint8Array(0);

/**
 * Starts a trace on a connection that has no session.
 * @param onClose called once when the feed is closed: the connection is the caller's
 */
export async function startTraceFeed(
  connection: Connection,
  request: TraceRequest,
  onClose: () => void,
): Promise<TraceFeed> {
  const body = encodeTrace(request);
  const baseNs = realtimeNs();
  const answer = await connection.request(ABI.HONE_MSG_TRACE, body, ABI.HONE_MSG_TRACING, START_TIMEOUT_MS);
  return connection.decode(() => {
    const shape = { plainBytes: MEMORY_BYTES, mirroredBytes: 0, writer: false };
    const memory = mapPeerMemory(answer.fd!, shape, 'the trace memory');
    try {
      return new Feed(connection, request, decodeTracing(answer.body), baseNs, memory, onClose);
    } catch (error) {
      memory.close();
      throw error;
    }
  });
}

class Feed implements TraceFeed {
  readonly engine: FilterEngine;
  readonly baseNs: bigint;
  readonly #connection: Connection;
  readonly #request: TraceRequest;
  readonly #memory: Mapping;
  readonly #view: DataView;
  readonly #writers: WriterMemory[] = [];
  readonly #rings: RingReader[] = [];
  readonly #ringMappings: Mapping[] = [];
  readonly #onClose: () => void;
  #quietBank = 1;
  #events: FeedEvent[] = [];
  #gone = false;
  #stopped = false;
  #closed = false;

  constructor(
    connection: Connection,
    request: TraceRequest,
    engine: FilterEngine,
    baseNs: bigint,
    memory: Mapping,
    onClose: () => void,
  ) {
    this.#connection = connection;
    this.#request = request;
    this.engine = engine;
    this.baseNs = baseNs;
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
    this.#onClose = onClose;
    const magic = this.#view.getUint32(MEMORY.magic.offset, true);
    if (magic !== ABI.HONE_MAGIC) throw protocolError(`trace memory: got magic 0x${magic.toString(16)}`);
  }

  get writers(): readonly TraceWriter[] {
    this.#checkOpen();
    return this.#writers.filter(({ tid }) => tid !== 0);
  }

  get rings(): readonly Ring[] {
    return this.#rings;
  }

  get unplacedHits(): bigint {
    this.#checkOpen();
    return this.#view.getBigUint64(MEMORY.unplaced.offset, true);
  }

  poll(): readonly FeedEvent[] {
    this.#takeIn();
    const events = this.#events;
    this.#events = [];
    return events;
  }

  costs(): readonly TraceCost[] {
    this.#checkOpen();
    this.#takeIn();
    return this.#request.attachments.map((_, attachment) => {
      const sum = { hits: 0n, sampledHits: 0n, sampledNs: 0n };
      for (const writer of this.#writers) {
        const { hits, sampledHits, sampledNs } = writer.cost(attachment);
        sum.hits += hits;
        sum.sampledHits += sampledHits;
        sum.sampledNs += sampledNs;
      }
      return sum;
    });
  }

  async snapshot(): Promise<void> {
    this.#checkOpen();
    if (this.#stopped || this.#gone) {
      // Nothing runs any more: the other bank holds what came since the last exchange.
      this.#setQuietBank(1 - this.#quietBank);
      return;
    }
    try {
      const answer = await this.#connection.request(ABI.HONE_MSG_SNAPSHOT, NOTHING, ABI.HONE_MSG_SNAPPED);
      this.#takeIn();
      this.#setQuietBank(this.#connection.decode(() => decodeSnapped(answer.body)));
    } catch (error) {
      if (!isGone(error)) throw error;
      this.#takeIn();
      this.#setQuietBank(1 - this.#quietBank);
    }
  }

  async stop(): Promise<void> {
    this.#takeIn();
    if (this.#stopped || this.#gone) return;
    this.#stopped = true;
    try {
      await this.#connection.request(ABI.HONE_MSG_STOP, NOTHING, ABI.HONE_MSG_STOPPED);
    } catch (error) {
      // Gone is stopped, too. poll() tells it.
      if (!isGone(error)) throw error;
    }
    this.#takeIn();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const ring of this.#rings) ring.detach();
    for (const mapping of this.#ringMappings) mapping.close();
    for (const writer of this.#writers) writer.close();
    this.#memory.close();
    this.#onClose();
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('the feed is closed');
  }

  #setQuietBank(bank: number): void {
    this.#quietBank = bank;
    for (const writer of this.#writers) writer.setQuietBank(bank);
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

  #takeEvent({ type, body, fd }: Message): void {
    if (type === ABI.HONE_MSG_PORT) this.#events.push(decodePortEvent(body));
    else if (type === ABI.HONE_MSG_WRITER) this.#addWriter(body, fd!);
    else this.#addRing(body, fd!);
  }

  #addWriter(body: Uint8Array, fd: number): void {
    const number = closingOnError(fd, () => {
      const announced = decodeWriterEvent(body);
      if (!this.#writers.some((writer) => writer.number === announced)) return announced;
      throw protocolError(`WRITER: got writer ${announced} twice`);
    });
    const writer = new WriterMemory(fd, number, this.#request);
    writer.setQuietBank(this.#quietBank);
    this.#writers.push(writer);
  }

  #addRing(body: Uint8Array, fd: number): void {
    const ring = closingOnError(fd, () => {
      const announced = decodeRingEvent(body, this.#request.ringBytes);
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
function closingOnError<T>(fd: number, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof PeerError && error.code === 'PEER_GONE';
}
