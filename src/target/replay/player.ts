/**
 * Plays traffic: gives packets out when they are due, in bursts of one direction of one queue, as a driver would.
 * It knows nothing of who listens.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { ReplayPacket, Traffic } from './traffic.ts';

/** As recorded, evenly at so many packets a second, or as fast as it goes. */
export type Pace = 'recorded' | 'max' | { readonly packetsPerSecond: number };

/** A driver is asked for so many at once. */
export const BURST_PACKETS = 32;
/** Packets between two turns of the event loop: control messages are answered in between. */
const SLICE_PACKETS = 2_048;
/** Between the last packet and the first of the next round, when one packet is all there is. */
const LONE_PACKET_GAP_NS = 1_000_000;

export interface DuePacket {
  readonly packet: ReplayPacket;
  /** Since the start of playing, in ns: when it was due. */
  readonly dueNs: number;
}

export interface PlayerOptions {
  readonly pace: Pace;
  readonly loop: boolean;
  readonly signal: AbortSignal;
  /** Packets that are due now, in order: one direction of one queue of one port. */
  onBurst(burst: readonly DuePacket[]): void;
  /** Around the bursts that go out together. */
  onSlice(play: () => void): void;
}

/**
 * Plays to the end, or for ever with `loop`, or until the signal.
 * @throws FormatError at the place where the file is damaged, after all packets before it
 */
export async function play(traffic: Traffic, options: PlayerOptions): Promise<void> {
  const { signal, onBurst, onSlice } = options;
  const schedule = new Schedule(traffic, options);
  const startMs = performance.now();
  while (!signal.aborted) {
    const elapsedNs = Math.floor((performance.now() - startMs) * 1e6);
    const next = schedule.peek();
    if (next === undefined) return;
    if (next.dueNs > elapsedNs) {
      await delay(Math.min(1_000, Math.max(1, (next.dueNs - elapsedNs) / 1e6)), undefined, { signal }).catch(
        () => {},
      );
      continue;
    }
    onSlice(() => {
      for (let left = SLICE_PACKETS; left > 0; ) {
        const burst = schedule.takeBurst(elapsedNs);
        if (burst.length === 0) return;
        onBurst(burst);
        left -= burst.length;
      }
    });
    await nextTurn();
  }
}

/** The packets in order, each with the moment when it is due. */
class Schedule {
  readonly #traffic: Traffic;
  readonly #pace: Pace;
  readonly #loop: boolean;
  #next: DuePacket | undefined;
  #failure: unknown;
  #count = 0;
  #countOfRound = 0;
  #startOfRoundNs = 0;
  #lastDueNs = 0;

  constructor(traffic: Traffic, { pace, loop }: PlayerOptions) {
    this.#traffic = traffic;
    this.#pace = pace;
    this.#loop = loop;
  }

  /** @throws what reading the traffic throws */
  peek(): DuePacket | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    this.#next ??= this.#read();
    return this.#next;
  }

  /** Up to 32 packets that belong together and are due; a damage in the file is thrown by the next peek. */
  takeBurst(elapsedNs: number): DuePacket[] {
    const burst: DuePacket[] = [];
    try {
      for (let next = this.peek(); next !== undefined && next.dueNs <= elapsedNs; next = this.peek()) {
        if (burst.length === BURST_PACKETS || (burst.length > 0 && !sameQueue(burst[0]!, next))) break;
        burst.push(next);
        this.#next = undefined;
      }
    } catch (error) {
      this.#failure = error;
    }
    return burst;
  }

  #read(): DuePacket | undefined {
    let packet = this.#traffic.read();
    if (packet === undefined && this.#loop) {
      this.#traffic.rewind();
      const gapNs = this.#countOfRound > 1 ? this.#meanGapNs() : LONE_PACKET_GAP_NS;
      this.#startOfRoundNs = this.#lastDueNs + gapNs;
      this.#countOfRound = 0;
      packet = this.#traffic.read();
    }
    if (packet === undefined) return undefined;
    this.#lastDueNs = this.#due(packet);
    this.#count++;
    this.#countOfRound++;
    return { packet, dueNs: this.#lastDueNs };
  }

  #due(packet: ReplayPacket): number {
    if (this.#pace === 'max') return 0;
    if (this.#pace === 'recorded') return this.#startOfRoundNs + packet.offsetNs;
    return Math.floor((this.#count * 1e9) / this.#pace.packetsPerSecond);
  }

  #meanGapNs(): number {
    return Math.floor((this.#lastDueNs - this.#startOfRoundNs) / (this.#countOfRound - 1));
  }
}

function sameQueue({ packet: a }: DuePacket, { packet: b }: DuePacket): boolean {
  return a.portId === b.portId && a.queueId === b.queueId && a.direction === b.direction;
}
