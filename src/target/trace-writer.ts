/**
 * The host's side of one writer's memory (abi.h: Traces): mapped as the agent has it, the state behind both banks. Its
 * counters and its name are the agent's words and only shown; nothing in the memory is followed.
 */
import { ABI, STRUCTS } from './abi.ts';
import { type Mapping, mapPeerPieces } from './mapping.ts';
import { protocolError } from './message-body.ts';
import { decodeText } from './struct-codec.ts';
import type { TraceCost, TraceRequest, TraceWriter } from './target.ts';

const HEAD = STRUCTS.hone_trace_writer.fields;
const COST = STRUCTS.hone_trace_cost;
const PAGE = 4096;

export class WriterMemory implements TraceWriter {
  readonly number: number;
  readonly #mapping: Mapping;
  readonly #maps: number;
  #head: DataView;
  readonly #banks: readonly [Uint8Array, Uint8Array];
  #quietBank = 1;
  readonly state: Uint8Array;

  /**
   * Maps the memory and closes the descriptor.
   * @throws PeerError PEER_PROTOCOL when it is not the memory that was announced
   */
  constructor(fd: number, number: number, request: TraceRequest) {
    const { contextBytes, stateOffset } = request;
    const stateBytes = Math.ceil(Math.max(0, contextBytes - stateOffset) / PAGE) * PAGE;
    const banks = ABI.HONE_TRACE_BANKS;
    const stateAt = banks + 2 * stateOffset;
    const state = { offset: stateAt, bytes: stateBytes };
    this.number = number;
    this.#maps = request.keyedMaps.length;
    this.#mapping = mapPeerPieces(
      fd,
      stateAt + stateBytes,
      [
        { offset: 0, bytes: banks },
        { offset: banks, bytes: stateOffset },
        state,
        { offset: banks + stateOffset, bytes: stateOffset },
        state,
      ],
      `writer ${number}`,
    );
    const { buffer } = this.#mapping;
    this.#head = new DataView(buffer, 0, STRUCTS.hone_trace_writer.size);
    this.#banks = [
      new Uint8Array(buffer, banks, contextBytes),
      new Uint8Array(buffer, banks + stateOffset + stateBytes, contextBytes),
    ];
    this.state = this.#banks[0].subarray(Math.min(stateOffset, contextBytes));
    this.#checkHead();
  }

  /** 0 while no thread of the target writes here. */
  get tid(): number {
    return this.#head.getUint32(HEAD.tid.offset, true);
  }

  get lcore(): number | undefined {
    const lcore = this.#head.getUint32(HEAD.lcore.offset, true);
    return lcore === ABI.HONE_NO_LCORE ? undefined : lcore;
  }

  get name(): string {
    return decodeText(new Uint8Array(this.#head.buffer, HEAD.name.offset, HEAD.name.count));
  }

  get quiet(): Uint8Array {
    return this.#banks[this.#quietBank]!;
  }

  get withoutRoom(): readonly bigint[] {
    return Array.from({ length: this.#maps }, (_, map) =>
      this.#head.getBigUint64(HEAD.without_room.offset + 8 * map, true),
    );
  }

  get lostEvents(): bigint {
    return this.#head.getBigUint64(HEAD.lost_events.offset, true);
  }

  cost(attachment: number): TraceCost {
    const at = HEAD.costs.offset + attachment * COST.size;
    const read = (field: 'hits' | 'matched' | 'sampled_hits' | 'sampled_ns') =>
      this.#head.getBigUint64(at + COST.fields[field].offset, true);
    return {
      hits: read('hits'),
      matched: read('matched'),
      sampledHits: read('sampled_hits'),
      sampledNs: read('sampled_ns'),
    };
  }

  setQuietBank(bank: number): void {
    this.#quietBank = bank;
  }

  /** Whoever looked at this memory must not do so any more. */
  close(): void {
    this.#mapping.close();
  }

  #checkHead(): void {
    const magic = this.#head.getUint32(HEAD.magic.offset, true);
    const version = this.#head.getUint32(HEAD.abi_version.offset, true);
    const writer = this.#head.getUint32(HEAD.writer.offset, true);
    if (magic === ABI.HONE_MAGIC && version === ABI.HONE_ABI_VERSION && writer === this.number) return;
    this.close();
    throw protocolError(
      `writer ${this.number}: got magic 0x${magic.toString(16)}, version ${version}, writer ${writer}`,
    );
  }
}
