/**
 * A script of the form `kernel`, running in the kernel: events out of its ring, maps read when they are asked for, and
 * the values of all processors taken together.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CompiledScript,
  type MapContents,
  type MapPlan,
  MergedMap,
  type Naming,
} from '../script/index.ts';
import { bootTimeNs, realtimeNs } from '../target/index.ts';
import { type KernelMap, KernelTrace, Symbolizer } from '../target/kernel-target.ts';
import type { ProbeCost, TraceEvent, TraceLosses, TraceSource } from './trace-source.ts';

export interface KernelSourceOptions {
  readonly script: CompiledScript;
  /** Only this process; its end ends the trace. */
  readonly pid: number | undefined;
}

/** The ring is looked at this often. */
const LOOK_MS = 5;
/** u64 ns since boot before each record. */
const TIME_BYTES = 8;

export class KernelSource implements TraceSource {
  readonly threads: number = 0;
  readonly #script: CompiledScript;
  readonly #pid: number | undefined;
  readonly #trace: KernelTrace;
  readonly #merged: ReadonlyMap<string, MergedMap>;
  readonly #symbols = new Symbolizer();
  /** How times, stacks and addresses of this trace are written. */
  readonly naming: Naming;
  #waking = new AbortController();

  /** Loads the programs. @throws PermissionError, ProgramRefusedError, SysError */
  constructor({ script, pid }: KernelSourceOptions) {
    this.#script = script;
    this.#pid = pid;
    this.#trace = new KernelTrace({ programs: script.probes, maps: script.kernelMaps, pid });
    if (pid !== undefined) this.#symbols.remember(pid);
    this.naming = {
      timeOffsetNs: realtimeNs() - bootTimeNs(),
      stackFrames: (where, id, depth) => this.#stackFrames(where, id, depth),
      formatSymbol: (where, value) => this.#formatSymbol(where, value),
    };
    this.#merged = new Map(script.maps.map((plan) => [plan.name, new MergedMap(plan)]));
  }

  get state(): TraceSource['state'] {
    if (this.#pid === undefined) return 'running';
    try {
      process.kill(this.#pid, 0);
      return 'running';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'gone' : 'running';
    }
  }

  async start(): Promise<void> {
    this.#trace.start();
  }

  async wait(mostMs: number): Promise<void> {
    await sleep(Math.min(mostMs, LOOK_MS), undefined, { signal: this.#waking.signal }).catch(() => {});
  }

  wake(): void {
    this.#waking.abort();
    this.#waking = new AbortController();
  }

  take(): readonly TraceEvent[] {
    const events: TraceEvent[] = [];
    this.#trace.poll((bytes) => {
      const copy = bytes.slice();
      const timeNs = new DataView(copy.buffer).getBigUint64(0, true);
      events.push({ timeNs, record: copy.subarray(TIME_BYTES) });
    });
    return events;
  }

  async update(): Promise<void> {
    for (const plan of this.#script.maps) this.#read(plan);
  }

  copyContents(map: string): MapContents | undefined {
    return this.#merged.get(map)?.copyContents();
  }

  clear(map: string): void {
    this.#merged.get(map)?.clear();
    this.#mapOf(map)?.clear();
  }

  zero(map: string): void {
    this.#merged.get(map)?.zero();
    this.#mapOf(map)?.zero();
  }

  async stop(): Promise<void> {
    this.#trace.stop();
  }

  runEnd(): void {
    this.#trace.runEnd();
  }

  close(): void {
    this.#trace.close();
  }

  losses(): TraceLosses {
    const withoutRoom = this.#script.maps.map(({ name }, n) => ({
      map: name,
      updates: this.#trace.withoutRoom(n),
    }));
    return {
      events: this.#trace.lostEvents(),
      withoutRoom: withoutRoom.filter(({ updates }) => updates > 0n),
      unplacedHits: 0n,
    };
  }

  costs(): readonly ProbeCost[] {
    return [];
  }

  #read(plan: MapPlan): void {
    const merged = this.#merged.get(plan.name)!;
    merged.clear();
    const isKeyed = plan.keys.length > 0;
    for (const { key, values } of this.#mapOf(plan.name)?.entries() ?? []) {
      // The one value of an array is there from the start.
      if (!isKeyed && values.every(isZero)) continue;
      for (const value of values) merged.takeEntry(isKeyed ? key : new Uint8Array(), value);
    }
  }

  /** The process of a user's stack is in the upper half of its id; the lower one is negative for no stack. */
  #stackFrames(where: 'user' | 'kernel', id: bigint, depth: number): readonly string[] | undefined {
    const pid = Number(BigInt.asUintN(64, id) >> 32n);
    const stackId = Number(BigInt.asIntN(32, id));
    if (stackId < 0) return undefined;
    return this.#trace.stack(depth, stackId).map((address) => {
      const found =
        where === 'kernel' ? this.#symbols.ofKernel(address) : this.#symbols.ofProcess(pid, address);
      return found === undefined ? `0x${address.toString(16)}` : `${found.name}+${found.offset}`;
    });
  }

  #formatSymbol(where: 'user' | 'kernel', value: Uint8Array): string {
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    const address = view.getBigUint64(0, true);
    const pid = Number(view.getBigUint64(8, true));
    const found =
      where === 'kernel' ? this.#symbols.ofKernel(address) : this.#symbols.ofProcess(pid, address);
    return found?.name ?? `0x${address.toString(16)}`;
  }

  #mapOf(name: string): KernelMap | undefined {
    const plan = this.#script.maps.find((map) => map.name === name);
    return plan?.place.kind === 'kernel' ? this.#trace.maps[plan.place.index] : undefined;
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
