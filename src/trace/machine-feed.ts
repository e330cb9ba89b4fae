/**
 * A feed whose programs run here, on one machine, over something recorded: what files and recordings have in common. It goes on only
 * when it is told to, and stops behind a hit whose event asks for the maps or the end, so that what is printed is exact.
 */
import { TraceMachine } from '../bpf/index.ts';
import type { EventPlan } from '../script/index.ts';
import type { FeedEvent, RecordRing, TraceCost, TraceRequest, TraceWriter } from '../target/index.ts';
import type { PacedFeed } from './agent-source.ts';
import { MemoryRing } from './memory-ring.ts';

const INTERRUPTS: ReadonlySet<EventPlan['kind']> = new Set(['print', 'print-entry', 'clear', 'zero', 'exit']);

interface MachineFeedOptions {
  /** Of its one writer. */
  readonly name: string;
  readonly baseNs: bigint;
  readonly request: TraceRequest;
  readonly events: readonly EventPlan[];
  /** Memory of the machine behind the context. */
  readonly extraBytes?: number;
}

export abstract class MachineFeed implements PacedFeed {
  readonly engine = 'jit';
  readonly baseNs: bigint;
  readonly writers: readonly TraceWriter[];
  readonly rings: readonly MemoryRing[];
  readonly recordRings: readonly RecordRing[] = [];
  readonly unplacedHits = 0n;
  isOver = false;

  protected readonly machine: TraceMachine;
  /** An event that asks for the maps or the end was sent: whoever waits is to have its turn. */
  protected isInterrupted = false;
  readonly #ring = new MemoryRing(0);

  constructor({ name, baseNs, request, events, extraBytes = 0 }: MachineFeedOptions) {
    const { contextBytes, stateOffset, keyedMaps, seed, initialState } = request;
    this.baseNs = baseNs;
    this.machine = new TraceMachine({
      contextBytes,
      keyedMaps,
      seed,
      extraBytes,
      emit: (record) => this.#emit(record, events),
    });
    const { context, maps } = this.machine;
    if (initialState !== undefined) context.set(initialState, stateOffset);
    this.rings = [this.#ring];
    this.writers = [
      {
        number: 0,
        tid: 0,
        lcore: undefined,
        name,
        quiet: context,
        state: context.subarray(stateOffset),
        get withoutRoom() {
          return maps.map(({ withoutRoom }) => BigInt(withoutRoom));
        },
        lostEvents: 0n,
      },
    ];
  }

  abstract readonly nowNs: bigint;
  abstract advance(untilNs: bigint | undefined): Promise<void>;
  abstract close(): void;
  /** In the order of the request's attachments. */
  protected abstract readonly attached: readonly { readonly hits: number }[];
  /** When the hits that run now happened, in ns since `baseNs`. */
  protected abstract readonly hitNs: number;

  poll(): readonly FeedEvent[] {
    return [];
  }

  /** No program runs now. */
  async snapshot(): Promise<void> {}

  costs(): readonly TraceCost[] {
    return this.attached.map(({ hits }) => ({
      hits: BigInt(hits),
      matched: 0n,
      sampledHits: 0n,
      sampledNs: 0n,
    }));
  }

  async stop(): Promise<void> {}

  /** Called while a program runs. */
  protected interrupt(): void {
    this.isInterrupted = true;
  }

  #emit(record: Uint8Array, events: readonly EventPlan[]): boolean {
    this.#ring.put(this.hitNs, record);
    const plan = events[new DataView(record.buffer, record.byteOffset).getUint32(0, true)];
    if (plan === undefined || INTERRUPTS.has(plan.kind)) this.interrupt();
    return true;
  }
}
