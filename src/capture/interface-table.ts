/**
 * The interfaces of a capture in the order in which the file numbers them, over all sources, with what is known of
 * each one's counters. Every source counts its interfaces from 0; the first source's numbers are the file's.
 */
import { PeerError } from '../base/index.ts';
import type { HookCounters, PortInfo } from '../target/index.ts';
import type { CapturedInterface } from './plan.ts';

/** Sums over the hooks of one interface since the start. Packets: seen >= matched = captured + dropped. */
interface InterfaceCounters {
  readonly seen: bigint;
  readonly matched: bigint;
  readonly captured: bigint;
  /** By a full ring. */
  readonly dropped: bigint;
}

const NONE: InterfaceCounters = { seen: 0n, matched: 0n, captured: 0n, dropped: 0n };

export interface FileInterface {
  readonly id: number;
  readonly source: number;
  readonly captured: CapturedInterface;
  /** Packets that the output took. */
  written: number;
  counters: InterfaceCounters;
  /** What the adapter dropped since the start; undefined when it does not tell. */
  missed: bigint | undefined;
  state: 'live' | 'removed' | 'refused';
}

export class InterfaceTable {
  readonly all: FileInterface[] = [];
  readonly #bySource: FileInterface[][];
  readonly #fileIds: number[][];

  constructor(sources: number) {
    this.#bySource = Array.from({ length: sources }, () => []);
    this.#fileIds = Array.from({ length: sources }, () => []);
  }

  /**
   * A further interface of a source; its numbers are given in order.
   * @throws PeerError PEER_PROTOCOL when the source skips a number
   */
  add(source: number, localId: number, captured: CapturedInterface): FileInterface {
    const known = this.#bySource[source]!;
    if (localId !== known.length) {
      throw new PeerError('PEER_PROTOCOL', `got new interface ${localId}, expected ${known.length}`);
    }
    const added: FileInterface = {
      id: this.all.length,
      source,
      captured,
      written: 0,
      counters: NONE,
      missed: captured.port.counters === undefined ? undefined : 0n,
      state: 'live',
    };
    this.all.push(added);
    known.push(added);
    this.#fileIds[source]!.push(added.id);
    return added;
  }

  find(source: number, localId: number): FileInterface | undefined {
    return this.#bySource[source]![localId];
  }

  /** @throws PeerError PEER_PROTOCOL for a packet of an interface that was never announced */
  get(source: number, localId: number): FileInterface {
    const found = this.#bySource[source]![localId];
    if (found === undefined) {
      throw new PeerError('PEER_PROTOCOL', `got a packet of interface ${localId}, which was never announced`);
    }
    return found;
  }

  /**
   * Takes back a packet that was counted as written.
   * @param id undefined when the file does not say: then of the interface that has the most
   */
  forgetWritten(id: number | undefined): void {
    const most = () => this.all.reduce((a, b) => (b.written > a.written ? b : a));
    const entry = id === undefined ? most() : this.all[id];
    if (entry !== undefined && entry.written > 0) entry.written--;
  }

  /** The file's number for each of a source's interfaces; undefined when they are the same. */
  fileIds(source: number): readonly number[] | undefined {
    const ids = this.#fileIds[source]!;
    // Ids grow with the local ones: when the last two agree, all do.
    return ids.at(-1) === ids.length - 1 ? undefined : ids;
  }

  /** Takes the counters of a source's hooks as of now. */
  takeCounters(source: number, hooks: readonly HookCounters[]): void {
    const sums = this.#bySource[source]!.map(
      () => ({ ...NONE }) as { -readonly [K in keyof InterfaceCounters]: bigint },
    );
    for (const hook of hooks) {
      const sum = sums[hook.interfaceId];
      if (sum === undefined) continue;
      sum.seen += hook.seen;
      sum.matched += hook.matched;
      sum.captured += hook.captured;
      sum.dropped += hook.dropped;
    }
    for (const [localId, sum] of sums.entries()) this.#bySource[source]![localId]!.counters = sum;
  }

  /** Takes the ports' own counters. A port that restarted them is counted from what it last said. */
  takePorts(source: number, ports: readonly PortInfo[]): void {
    for (const known of this.#bySource[source]!) {
      if (known.state !== 'live') continue;
      const { port } = known.captured;
      const before = port.counters?.imissed;
      const now = ports.find(({ portId, name }) => portId === port.portId && name === port.name)?.counters
        ?.imissed;
      if (before !== undefined && now !== undefined && now >= before) known.missed = now - before;
    }
  }
}
