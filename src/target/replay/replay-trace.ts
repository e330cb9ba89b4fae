/**
 * One client's trace of a replay: programs at the points of DPDK, with the file's packets as traffic. The agent does the
 * same in C (native/agent/src/trace.c, trace_run.c). There is one thread, so that banks are exchanged at once, and one
 * writer. A poll that finds nothing does not happen: dpdk:rx_poll is hit as dpdk:rx_burst is.
 */
import { closeSync } from 'node:fs';
import { PeerError, UsageError } from '../../base/index.ts';
import {
  batchBytes,
  batchRow,
  decodeEbpf,
  dpdkProfile,
  type EbpfProgram,
  ROW_BYTES,
  TraceBatch,
  traceContext,
  traceHelpers,
  verifyProgram,
} from '../../bpf/index.ts';
import { dpdkPoints } from '../../tracepoints/index.ts';
import { ABI, STRUCTS } from '../abi.ts';
import { type Mapping, mapMemory } from '../mapping.ts';
import { createSealedMemory } from '../posix.ts';
import type { Direction, RecordedEvent, TraceRequest } from '../target.ts';
import { packetIdHigh, packetIdLow } from './packet-id.ts';
import { BURST_PACKETS } from './player.ts';
import { RecordWriter } from './record-writer.ts';
import type { Timestamp } from './replay-session.ts';
import { RingWriter } from './ring-writer.ts';
import { TraceMemory } from './trace-memory.ts';
import type { ReplayPacket, ReplayPort } from './traffic.ts';

const MEMORY = STRUCTS.hone_trace_memory.fields;
const MEMORY_BYTES = 4096;
const PACKET_BYTES = traceContext.maxPacketBytes;
const CALLS_A_SAMPLE = 64;
const TIMINGS = 64;
const MAX_EVENT_BYTES = 65_536;
const RECORD_HEAD_BYTES = 8;

/** A row for each packet of a burst, then one for the burst. */
const ROWS = BURST_PACKETS + 1;
const BURST_ROW = BURST_PACKETS;
const ROW_WORDS = ROW_BYTES / 4;

/** Where arguments lie in a row, in words. */
function argumentsOf(point: string): (name: string) => number {
  const list = dpdkPoints.find(({ name }) => name === point)!.arguments;
  return (name) => batchRow.args / 4 + 2 * list.findIndex((argument) => argument.name === name);
}
const ofBurst = argumentsOf('dpdk:rx_burst');
const ofPacket = argumentsOf('dpdk:rx_packet');
const PORT = ofPacket('port');
const QUEUE = ofPacket('queue');
const NB_PACKETS = ofBurst('nb_rx');
const MAX_PACKETS = ofBurst('max');
const LEN = ofPacket('len');
const DATA_LEN = ofPacket('data_len');
const NB_SEGS = ofPacket('nb_segs');
const HASH = ofPacket('hash');
const INDEX = ofPacket('index');
const PACKET_ID = ofPacket('packet_id');
const FIRST_PACKET_ID = ofBurst('packet_id');
const RESULT = batchRow.result / 4;

interface Attached {
  readonly portId: number | undefined;
  readonly queueId: number | undefined;
  readonly direction: Direction;
  /** A hit a packet, else one a burst. */
  readonly isOfPackets: boolean;
  readonly packetBytes: number;
  /** One for each bank; none where no program runs. */
  readonly runs: readonly ((count: number, first: number) => number)[];
  readonly record: RecordedEvent | undefined;
  calls: number;
  hits: number;
  matched: number;
  sampledHits: number;
  sampledNs: number;
}

/** One direction of one queue. */
interface Place {
  readonly attached: readonly Attached[];
  readonly hasPackets: boolean;
  /** The most that a program there looks at. */
  readonly packetBytes: number;
}

export class ReplayTrace {
  /** The trace memory, to be passed on. Open until close(). */
  readonly memoryFd: number;
  /** Undefined when no program emits. */
  readonly ring: RingWriter | undefined;
  /** Of a recording, in its place. */
  readonly records: RecordWriter | undefined;
  readonly #memory: Mapping;
  readonly #writer: TraceMemory;
  readonly #batches: readonly TraceBatch[];
  readonly #attached: readonly Attached[];
  readonly #places = new Map<number, Place>();
  readonly #timingNs: number = measureTiming();
  #bank = 0;
  #now: Timestamp = { high: 0, low: 0 };

  /**
   * @throws UsageError for a port that is not there or too much memory, PeerError for a point that replays do not have,
   * VerifierError for a program that does not pass, SysError when there is not enough memory
   */
  constructor(request: TraceRequest, ports: readonly ReplayPort[]) {
    checkNames(request, ports);
    const programs = request.programs.map((program) => verifiedProgram(program, request.contextBytes));
    this.#writer = new TraceMemory(request, {
      emit: (record) => this.#emit(record),
      extraBytes: batchBytes(ROWS, BURST_PACKETS * PACKET_BYTES),
    });
    try {
      this.#batches = this.#writer.machines.map(
        (machine) => new TraceBatch(machine, ROWS, BURST_PACKETS * PACKET_BYTES),
      );
      this.#attached = request.attachments.map((attachment) => {
        const { point, portId, queueId, packetBytes, program, record } = attachment;
        const batched = program === undefined ? undefined : [{ ...attachment, program: programs[program]! }];
        return {
          portId,
          queueId,
          direction: point.startsWith('dpdk:tx_') ? 'out' : 'in',
          isOfPackets: point.endsWith('_packet'),
          packetBytes,
          runs: batched === undefined ? [] : this.#batches.map((batch) => batch.prepare(batched)),
          record,
          calls: 0,
          hits: 0,
          matched: 0,
          sampledHits: 0,
          sampledNs: 0,
        };
      });
      const { ringBytes } = request;
      const records = request.attachments.some(({ record }) => record !== undefined);
      this.records = records ? new RecordWriter(0, ringBytes) : undefined;
      this.ring = ringBytes === 0 || records ? undefined : new RingWriter(0, ringBytes);
      this.memoryFd = createSealedMemory('hone-trace-session', MEMORY_BYTES);
      this.#memory = mapMemory(this.memoryFd, { plainBytes: MEMORY_BYTES, mirroredBytes: 0, writer: true });
      const view = new DataView(this.#memory.buffer);
      view.setUint32(MEMORY.magic.offset, ABI.HONE_MAGIC, true);
      view.setUint32(MEMORY.abi_version.offset, ABI.HONE_ABI_VERSION, true);
    } catch (error) {
      this.#writer.close();
      throw error;
    }
  }

  /** The one writer's memory, to be passed on. Open until close(). */
  get writerFd(): number {
    return this.#writer.fd;
  }

  /**
   * Runs the programs on packets of one direction of one queue.
   * @param firstPacket how many packets were played before this burst
   * @param now the start of the burst, which events get
   * @param times of each packet; undefined is the burst's for all
   */
  run(
    burst: readonly ReplayPacket[],
    firstPacket: number,
    now: Timestamp,
    times: readonly Timestamp[] | undefined,
  ): void {
    const place = this.#placeOf(burst[0]!);
    if (place.attached.length === 0) return;
    this.#now = now;
    this.#fillBurst(burst, firstPacket, times?.[0] ?? now);
    if (place.hasPackets) {
      for (let n = 0; n < burst.length; n++) {
        this.#fillPacket(n, burst[n]!, firstPacket + n, times?.[n] ?? now, place.packetBytes);
      }
    }
    for (const attached of place.attached) {
      const hits = attached.isOfPackets ? burst.length : 1;
      attached.hits += hits;
      if (++attached.calls % CALLS_A_SAMPLE === 0) this.#runTimed(attached, hits);
      else this.#runOn(attached, hits);
    }
  }

  /**
   * Tells the host what was recorded, how often and how long programs ran and what was lost; after the bursts that go out
   * together.
   */
  publish(): void {
    this.records?.publish();
    for (const [number, counts] of this.#attached.entries()) this.#writer.setCost(number, counts);
    this.#writer.setLosses(this.records?.lost ?? 0);
  }

  /** @returns the bank that no program uses from now on */
  exchangeBanks(): number {
    this.#bank = 1 - this.#bank;
    return 1 - this.#bank;
  }

  close(): void {
    this.ring?.close();
    this.records?.close();
    this.#writer.close();
    this.#memory.close();
    closeSync(this.memoryFd);
  }

  #runOn(attached: Attached, hits: number): void {
    const { isOfPackets, runs } = attached;
    const first = isOfPackets ? 0 : BURST_ROW;
    runs[this.#bank]?.(hits, first);
    if (this.records === undefined) return;
    for (let n = first; n < first + hits; n++) this.#record(attached, n, this.records);
  }

  #record(attached: Attached, n: number, records: RecordWriter): void {
    const { rows } = this.#batches[this.#bank]!;
    const row = n * ROW_WORDS;
    const hasProgram = attached.runs.length > 0;
    if (hasProgram && rows[row + RESULT] === 0 && rows[row + RESULT + 1] === 0) return;
    attached.matched++;
    if (attached.record === undefined) return;
    records.append(attached.record, rows[row + 1]!, rows[row]!, rows, row + batchRow.args / 4);
  }

  #runTimed(attached: Attached, hits: number): void {
    const beginMs = performance.now();
    this.#runOn(attached, hits);
    const ns = (performance.now() - beginMs) * 1e6;
    attached.sampledHits += hits;
    attached.sampledNs += Math.max(0, ns - this.#timingNs);
  }

  #fillBurst({ length, 0: first }: readonly ReplayPacket[], number: number, time: Timestamp): void {
    const { rows } = this.#batches[this.#bank]!;
    const row = BURST_ROW * ROW_WORDS;
    const { portId, queueId, direction } = first!;
    rows[row] = time.low;
    rows[row + 1] = time.high;
    rows[row + PORT] = portId;
    rows[row + QUEUE] = queueId;
    rows[row + NB_PACKETS] = length;
    rows[row + MAX_PACKETS] = direction === 'in' ? BURST_PACKETS : length;
    rows[row + FIRST_PACKET_ID] = packetIdLow(number);
    rows[row + FIRST_PACKET_ID + 1] = packetIdHigh(number);
  }

  /** Nothing is allocated here. */
  #fillPacket(n: number, packet: ReplayPacket, number: number, time: Timestamp, bytes: number): void {
    const { rows, data, dataAddress } = this.#batches[this.#bank]!;
    const row = n * ROW_WORDS;
    const at = n * PACKET_BYTES;
    const length = Math.min(packet.data.length, bytes);
    for (let i = 0; i < length; i++) data[at + i] = packet.data[i]!;
    data.fill(0, at + length, at + bytes);
    rows[row] = time.low;
    rows[row + 1] = time.high;
    rows[row + batchRow.packetAddress / 4] = dataAddress + at;
    rows[row + batchRow.packetBytes / 4] = length;
    rows[row + PORT] = packet.portId;
    rows[row + QUEUE] = packet.queueId;
    rows[row + LEN] = packet.originalLength;
    rows[row + DATA_LEN] = packet.originalLength & 0xffff;
    rows[row + NB_SEGS] = 1;
    rows[row + HASH] = packet.hash?.value ?? 0;
    rows[row + INDEX] = n;
    rows[row + PACKET_ID] = packetIdLow(number);
    rows[row + PACKET_ID + 1] = packetIdHigh(number);
  }

  #placeOf({ portId, queueId, direction }: ReplayPacket): Place {
    const key = (portId * 0x1_0000 + queueId) * 2 + (direction === 'in' ? 0 : 1);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const attached = this.#attached.filter(
      (one) =>
        one.direction === direction &&
        (one.portId === undefined || one.portId === portId) &&
        (one.queueId === undefined || one.queueId === queueId),
    );
    const place: Place = {
      attached,
      hasPackets: attached.some(({ isOfPackets }) => isOfPackets),
      packetBytes: Math.max(0, ...attached.map(({ packetBytes }) => packetBytes)),
    };
    this.#places.set(key, place);
    return place;
  }

  #emit(event: Uint8Array): boolean {
    const { ring } = this;
    if (ring === undefined || event.length > MAX_EVENT_BYTES) return false;
    const bytes = Math.max(
      Math.ceil((RECORD_HEAD_BYTES + event.length) / 8) * 8,
      ABI.HONE_RING_BYTES_PER_INDEX_ENTRY,
    );
    const at = ring.reserve(bytes);
    if (at < 0) return false;
    const end = at + RECORD_HEAD_BYTES + event.length;
    ring.dataView.setUint32(at, bytes, true);
    ring.dataView.setUint32(at + 4, 0, true);
    ring.data.set(event, at + RECORD_HEAD_BYTES);
    ring.data.fill(0, end, at + bytes);
    ring.commit(bytes);
    ring.publish(this.#now.high, this.#now.low, 1);
    return true;
  }
}

/** What the trace names has to be there when it starts. */
function checkNames({ attachments }: TraceRequest, ports: readonly ReplayPort[]): void {
  for (const { point, portId, record } of attachments) {
    const standard = dpdkPoints.find(({ name }) => name === point);
    if (standard === undefined || standard.kind === 'observed') {
      throw new PeerError('PEER_REFUSED', `a replay is no application and has no trace point ${point}`);
    }
    const { length } = standard.arguments;
    if (record?.fields.some(({ argument, bytes }) => argument >= length || bytes === 'text')) {
      throw new UsageError(`a record of what ${point} does not have`);
    }
    if (portId !== undefined && !ports.some((port) => port.portId === portId)) {
      throw new UsageError(`no port ${portId}`);
    }
  }
}

function verifiedProgram(bytes: Uint8Array, contextBytes: number): EbpfProgram {
  const program = decodeEbpf(bytes);
  const memory = { name: 'trace context', lengthBytes: contextBytes, isWritable: true };
  verifyProgram(program, dpdkProfile([{ kind: 'memory', memory }]), { helpers: traceHelpers });
  return program;
}

/** What two looks at the clock take with nothing in between, in ns; the least of many, as some are interrupted. */
function measureTiming(): number {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < TIMINGS; n++) {
    const beginMs = performance.now();
    least = Math.min(least, performance.now() - beginMs);
  }
  return least * 1e6;
}
