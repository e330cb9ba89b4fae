/** One running trace, seen from the host: a session with writers as they are announced. */
import { ABI, STRUCTS } from './abi.ts';
import type { Connection } from './connection.ts';
import { type Mapping, mapPeerMemory } from './mapping.ts';
import { protocolError } from './message-body.ts';
import type { Message } from './message-socket.ts';
import { realtimeNs } from './posix.ts';
import { decodeRecordRingEvent } from './protocol.ts';
import { RecordRingReader } from './record-ring.ts';
import { closingOnError, isGone, type Session, SessionFeed, START_TIMEOUT_MS } from './session-feed.ts';
import type { FilterEngine, RecordRing, TraceCost, TraceFeed, TraceRequest, TraceWriter } from './target.ts';
import { decodeSnapped, decodeTracing, decodeWriterEvent, encodeTrace } from './trace-message.ts';
import { WriterMemory } from './trace-writer.ts';

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
      const session = { connection, baseNs, ringBytes: request.ringBytes, memory, onClose };
      return new Feed(session, request, decodeTracing(answer.body));
    } catch (error) {
      memory.close();
      throw error;
    }
  });
}

class Feed extends SessionFeed implements TraceFeed {
  readonly engine: FilterEngine;
  readonly #request: TraceRequest;
  readonly #view: DataView;
  readonly #writers: WriterMemory[] = [];
  readonly #recordRings: RecordRingReader[] = [];
  readonly #recordMappings: Mapping[] = [];
  #quietBank = 1;

  constructor(session: Session, request: TraceRequest, engine: FilterEngine) {
    super(session);
    this.#request = request;
    this.engine = engine;
    this.#view = new DataView(session.memory.buffer);
    const magic = this.#view.getUint32(MEMORY.magic.offset, true);
    if (magic !== ABI.HONE_MAGIC) throw protocolError(`trace memory: got magic 0x${magic.toString(16)}`);
  }

  get writers(): readonly TraceWriter[] {
    this.checkOpen();
    return this.#writers.filter(({ tid }) => tid !== 0);
  }

  get recordRings(): readonly RecordRing[] {
    return this.#recordRings;
  }

  get unplacedHits(): bigint {
    this.checkOpen();
    return this.#view.getBigUint64(MEMORY.unplaced.offset, true);
  }

  costs(): readonly TraceCost[] {
    this.checkOpen();
    this.takeIn();
    return this.#request.attachments.map((_, attachment) => {
      const sum = { hits: 0n, matched: 0n, sampledHits: 0n, sampledNs: 0n };
      for (const writer of this.#writers) {
        const { hits, matched, sampledHits, sampledNs } = writer.cost(attachment);
        sum.hits += hits;
        sum.matched += matched;
        sum.sampledHits += sampledHits;
        sum.sampledNs += sampledNs;
      }
      return sum;
    });
  }

  async snapshot(): Promise<void> {
    this.checkOpen();
    if (this.hasEnded) {
      // Nothing runs any more: the other bank holds what came since the last exchange.
      this.#setQuietBank(1 - this.#quietBank);
      return;
    }
    try {
      const answer = await this.connection.request(ABI.HONE_MSG_SNAPSHOT, NOTHING, ABI.HONE_MSG_SNAPPED);
      this.takeIn();
      this.#setQuietBank(this.connection.decode(() => decodeSnapped(answer.body)));
    } catch (error) {
      if (!isGone(error)) throw error;
      this.takeIn();
      this.#setQuietBank(1 - this.#quietBank);
    }
  }

  protected takeOther({ body, fd }: Message): void {
    this.#addWriter(body, fd!);
  }

  /** Of a recording: rings of records in the place of rings of blocks. */
  protected override addRing(body: Uint8Array, fd: number): void {
    if (!this.#request.attachments.some(({ record }) => record !== undefined)) {
      super.addRing(body, fd);
      return;
    }
    const ring = closingOnError(fd, () => {
      const announced = decodeRecordRingEvent(body, this.#request.ringBytes);
      if (!this.#recordRings.some(({ ringId }) => ringId === announced.ring)) return announced;
      throw protocolError(`RING: got ring ${announced.ring} twice`);
    });
    const name = `ring ${ring.ring}`;
    const shape = {
      plainBytes: ABI.HONE_RECORD_RING_DATA,
      mirroredBytes: ring.data_bytes,
      writer: false,
    };
    const mapping = mapPeerMemory(fd, shape, name);
    this.#recordMappings.push(mapping);
    this.#recordRings.push(new RecordRingReader(mapping.buffer, ring, name));
  }

  protected override closeOwn(): void {
    for (const ring of this.#recordRings) ring.detach();
    for (const mapping of this.#recordMappings) mapping.close();
    for (const writer of this.#writers) writer.close();
  }

  #setQuietBank(bank: number): void {
    this.#quietBank = bank;
    for (const writer of this.#writers) writer.setQuietBank(bank);
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
}
