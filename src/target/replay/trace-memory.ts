/**
 * The memory of a traced replay's one writer (abi.h: Traces): shared, with the host's counters in front, and both banks
 * of its context as two machines see them. The banks' pages lie in the machines' own memories, so that programs work on
 * what the host reads, and nothing is copied. What the host writes into it changes what programs find, never where they
 * look.
 */
import { closeSync } from 'node:fs';
import { SysError, UsageError } from '../../base/index.ts';
import { TraceMachine, type TraceMachineOptions, traceContext } from '../../bpf/index.ts';
import { ABI, STRUCTS } from '../abi.ts';
import { type Mapping, mapMemory, overlayMemory } from '../mapping.ts';
import { createSealedMemory } from '../posix.ts';
import type { TraceRequest } from '../target.ts';

const HEAD = STRUCTS.hone_trace_writer.fields;
const COST = STRUCTS.hone_trace_cost;
const PAGE = 4096;
/** Of one trace, its event ring included, as in the agent. */
const MAX_BYTES = 1 << 30;
const ENOMEM = 12;
const NAME = 'replay';

/** Of one attachment since the start. */
export interface Counts {
  readonly hits: number;
  readonly matched: number;
  readonly sampledHits: number;
  readonly sampledNs: number;
}

export class TraceMemory {
  readonly fd: number;
  /** One for each bank. */
  readonly machines: readonly TraceMachine[];
  readonly #head: Mapping;
  readonly #words64: BigUint64Array;
  readonly #overlays: { close(): void }[] = [];

  /**
   * @param options for both machines
   * @throws UsageError when it would be too much, SysError when there is not enough memory
   */
  constructor(request: TraceRequest, options: Pick<TraceMachineOptions, 'emit' | 'extraBytes'>) {
    const { contextBytes, stateOffset, ringBytes } = request;
    const stateBytes = Math.ceil(Math.max(0, contextBytes - stateOffset) / PAGE) * PAGE;
    const stateAt = ABI.HONE_TRACE_BANKS + 2 * stateOffset;
    if (stateAt + stateBytes + ringBytes > MAX_BYTES) {
      throw new UsageError('not enough memory for the maps: all together may take 1 GiB');
    }
    this.machines = [makeMachine(request, options), makeMachine(request, options)];
    this.fd = createSealedMemory('hone-trace', stateAt + stateBytes);
    this.#head = mapMemory(this.fd, {
      plainBytes: ABI.HONE_TRACE_BANKS,
      mirroredBytes: 0,
      writer: true,
    });
    this.#words64 = new BigUint64Array(this.#head.buffer, 0, STRUCTS.hone_trace_writer.size / 8);
    for (const [bank, { memory, context }] of this.machines.entries()) {
      const bytes = new Uint8Array(memory.buffer, context.byteOffset, stateOffset + stateBytes);
      const offset = ABI.HONE_TRACE_BANKS + bank * stateOffset;
      this.#overlays.push(
        overlayMemory(bytes, this.fd, [
          { offset, bytes: stateOffset },
          { offset: stateAt, bytes: stateBytes },
        ]),
      );
    }
    this.#introduce();
    if (request.initialState !== undefined) this.machines[0]!.context.set(request.initialState, stateOffset);
  }

  setCost(attachment: number, { hits, matched, sampledHits, sampledNs }: Counts): void {
    const at = (HEAD.costs.offset + attachment * COST.size) / 8;
    this.#words64[at + COST.fields.hits.offset / 8] = BigInt(hits);
    this.#words64[at + COST.fields.matched.offset / 8] = BigInt(matched);
    this.#words64[at + COST.fields.sampled_hits.offset / 8] = BigInt(sampledHits);
    this.#words64[at + COST.fields.sampled_ns.offset / 8] = BigInt(Math.round(sampledNs));
  }

  /** Tells the host what the machines could not store, and how many records found no room. */
  setLosses(lostRecords: number): void {
    const [one, other] = this.machines as [TraceMachine, TraceMachine];
    this.#words64[HEAD.lost_events.offset / 8] = BigInt(one.lostEvents + other.lostEvents + lostRecords);
    for (const [map, { withoutRoom }] of one.maps.entries()) {
      this.#words64[HEAD.without_room.offset / 8 + map] = BigInt(withoutRoom + other.maps[map]!.withoutRoom);
    }
  }

  /** No program may run any more. */
  close(): void {
    for (const overlay of this.#overlays) overlay.close();
    this.#head.close();
    closeSync(this.fd);
  }

  #introduce(): void {
    const name = new TextEncoder().encode(NAME);
    const head = new DataView(this.#head.buffer);
    head.setUint32(HEAD.magic.offset, ABI.HONE_MAGIC, true);
    head.setUint32(HEAD.abi_version.offset, ABI.HONE_ABI_VERSION, true);
    head.setUint32(HEAD.tid.offset, process.pid, true);
    head.setUint32(HEAD.lcore.offset, ABI.HONE_NO_LCORE, true);
    new Uint8Array(this.#head.buffer).set(name, HEAD.name.offset);
    for (const { view, context } of this.machines) {
      view.setUint32(traceContext.tid, process.pid, true);
      view.setUint32(traceContext.lcore, ABI.HONE_NO_LCORE, true);
      view.setUint32(traceContext.pid, process.pid, true);
      context.set(name, traceContext.comm);
    }
  }
}

function makeMachine(
  { contextBytes, keyedMaps, seed }: TraceRequest,
  options: Pick<TraceMachineOptions, 'emit' | 'extraBytes'>,
): TraceMachine {
  try {
    return new TraceMachine({ contextBytes, keyedMaps, seed, ...options });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SysError('mmap', ENOMEM, `no memory for a trace context of ${contextBytes} bytes`);
  }
}
