/**
 * A feed made of a recorded file: every packet is a hit of dpdk:rx_packet or dpdk:tx_packet, and the programs run here,
 * many hits in one call. Time is the file's.
 */
import { UnsupportedError } from '../base/index.ts';
import { type BatchProgram, batchBytes, batchRow, decodeEbpf, ROW_BYTES, TraceBatch } from '../bpf/index.ts';
import type { PacketRecord } from '../pcapng/index.ts';
import type { EventPlan } from '../script/index.ts';
import type { TraceRequest } from '../target/index.ts';
import { dpdkPoints } from '../tracepoints/index.ts';
import { MachineFeed } from './machine-feed.ts';
import { hashOf, queueOf } from './packet-arguments.ts';
import { isOutgoing, type TraceFile } from './trace-file.ts';

const ROWS = 1024;
const ROW_WORDS = ROW_BYTES / 4;
const PACKET_BYTES = 256;
/** So many batches before whoever waits has its turn. */
const BATCHES_A_TURN = 16;

/** Where the arguments of packet points lie in a row, in words. */
const ARGUMENTS = new Map(
  dpdkPoints
    .find(({ name }) => name === 'dpdk:rx_packet')!
    .arguments.map(({ name, place }) => [
      name,
      batchRow.args / 4 + 2 * (place.kind === 'context' ? place.index : 0),
    ]),
);
const at = (name: string): number => ARGUMENTS.get(name)!;
const [PORT, QUEUE, LEN, DATA_LEN, NB_SEGS, HASH, PACKET_ID] = [
  'port',
  'queue',
  'len',
  'data_len',
  'nb_segs',
  'hash',
  'packet_id',
].map(at) as [number, number, number, number, number, number, number];

interface Attached {
  readonly point: string;
  readonly portId: number | undefined;
  readonly queueId: number | undefined;
  readonly program: BatchProgram;
  hits: number;
}

/** What the packets of one place (direction, port, queue) run. */
interface Runner {
  readonly attached: readonly Attached[];
  readonly run: (count: number) => number;
}

export class FileFeed extends MachineFeed {
  readonly #file: TraceFile;
  readonly #batch: TraceBatch;
  protected readonly attached: readonly Attached[];
  readonly #runners = new Map<number, Runner | undefined>();
  /** Rows that are filled in and have not run, all of one runner. */
  #rows = 0;
  #runner: Runner | undefined;
  #rowsNs = 0;

  /**
   * Takes over `file`.
   * @param rows hits in one call at most, which changes no result
   * @throws UnsupportedError for a point that a file does not have
   */
  constructor(file: TraceFile, request: TraceRequest, events: readonly EventPlan[], rows: number = ROWS) {
    const extraBytes = batchBytes(rows, rows * PACKET_BYTES);
    super({ name: 'file', baseNs: file.nowNs, request, events, extraBytes });
    this.#file = file;
    this.#batch = new TraceBatch(this.machine, rows, rows * PACKET_BYTES);
    this.attached = request.attachments.map((attachment) => {
      const { point, program, needsTime, packetBytes, argumentsUsed } = attachment;
      if (program === undefined) throw new UnsupportedError('recording what a file holds', 'programs');
      if (point !== 'dpdk:rx_packet' && point !== 'dpdk:tx_packet') {
        throw new UnsupportedError(
          `${point} does not happen in a recorded file`,
          'dpdk:rx_packet, dpdk:tx_packet',
        );
      }
      const decoded = decodeEbpf(request.programs[program]!);
      return { ...attachment, program: { program: decoded, needsTime, packetBytes, argumentsUsed }, hits: 0 };
    });
  }

  get nowNs(): bigint {
    if (this.#rows === 0) return this.#file.nowNs;
    const { rows } = this.#batch;
    return (BigInt(rows[1]!) << 32n) | BigInt(rows[0]!);
  }

  async advance(untilNs: bigint | undefined): Promise<void> {
    this.isInterrupted = false;
    if (!this.#runRows()) return;
    const file = this.#file;
    for (let turns = 0; turns < BATCHES_A_TURN * this.#batch.capacity; turns++) {
      const { packet } = file;
      if (packet === undefined) {
        this.isOver = this.#runRows();
        return;
      }
      if (untilNs !== undefined && file.nowNs >= untilNs) {
        this.#runRows();
        return;
      }
      const runner = this.#runnerOf(packet);
      if ((runner !== this.#runner || this.#rows === this.#batch.capacity) && !this.#runRows()) return;
      this.#runner = runner;
      if (runner !== undefined) this.#fillRow(packet);
      if (file.tryReadOn()) continue;
      // The rows have copies of their packets.
      await file.readOn();
    }
    this.#runRows();
  }

  close(): void {
    this.#file.close();
  }

  /** @returns false when an event interrupts: rows may be left */
  #runRows(): boolean {
    const runner = this.#runner;
    if (this.#rows === 0 || runner === undefined) return !this.isInterrupted;
    const done = runner.run(this.#rows);
    for (const attached of runner.attached) attached.hits += done;
    this.#batch.rows.copyWithin(0, done * ROW_WORDS, this.#rows * ROW_WORDS);
    this.#rows -= done;
    return !this.isInterrupted;
  }

  #fillRow(packet: PacketRecord): void {
    const { rows, data, dataAddress } = this.#batch;
    const row = this.#rows * ROW_WORDS;
    const length = Math.min(packet.data.length, PACKET_BYTES);
    // Rows move when a batch is interrupted: a place that no row has is the next one's.
    const place =
      this.#rows === 0
        ? 0
        : (rows[row - ROW_WORDS + batchRow.packetAddress / 4]! - dataAddress + PACKET_BYTES) % data.length;
    data.set(packet.data.subarray(0, length), place);
    const timeNs = this.#file.nowNs;
    if (this.#rows === 0) this.#rowsNs = Number(timeNs - this.baseNs);
    rows[row] = Number(timeNs & 0xffff_ffffn);
    rows[row + 1] = Number(timeNs >> 32n);
    rows[row + batchRow.packetAddress / 4] = dataAddress + place;
    rows[row + batchRow.packetBytes / 4] = length;
    const wireLength = Math.max(packet.originalLength, packet.data.length);
    rows[row + PORT] = packet.interface.index;
    rows[row + QUEUE] = queueOf(packet.options);
    rows[row + LEN] = wireLength;
    rows[row + DATA_LEN] = wireLength & 0xffff;
    rows[row + NB_SEGS] = 1;
    rows[row + HASH] = hashOf(packet.options);
    const id = packet.options.epb_packetid ?? 0n;
    rows[row + PACKET_ID] = Number(BigInt.asUintN(32, id));
    rows[row + PACKET_ID + 1] = Number(id >> 32n);
    this.#rows++;
  }

  /** Undefined when no probe is there. */
  #runnerOf(packet: PacketRecord): Runner | undefined {
    const isOut = isOutgoing(packet);
    const [port, queue] = [packet.interface.index, queueOf(packet.options)];
    const key = (port * 0x1_0000 + queue) * 2 + (isOut ? 1 : 0);
    const known = this.#runners.get(key);
    if (known !== undefined || this.#runners.has(key)) return known;
    const point = isOut ? 'dpdk:tx_packet' : 'dpdk:rx_packet';
    const attached = this.attached.filter(
      (one) =>
        one.point === point &&
        (one.portId === undefined || one.portId === port) &&
        (one.queueId === undefined || one.queueId === queue),
    );
    // Places that run the same share what runs it.
    const same = [...this.#runners.values()].find(
      (other) =>
        other?.attached.length === attached.length && attached.every((one, n) => one === other.attached[n]),
    );
    const runner =
      attached.length === 0
        ? undefined
        : (same ?? { attached, run: this.#batch.prepare(attached.map(({ program }) => program)) });
    this.#runners.set(key, runner);
    return runner;
  }

  protected get hitNs(): number {
    return this.#rowsNs;
  }

  protected override interrupt(): void {
    super.interrupt();
    this.machine.stop();
  }
}
