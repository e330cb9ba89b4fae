/** A replay as a process: traffic that plays, a server that hands it to captures and traces, and when it ends. */
import { setTimeout as delay } from 'node:timers/promises';
import { realtimeNs } from '../posix.ts';
import type { PortInfo } from '../target.ts';
import { type DuePacket, type Pace, play } from './player.ts';
import { type ReplayHost, ReplayServer } from './replay-server.ts';
import type { Timestamp } from './replay-session.ts';
import type { RingWriter } from './ring-writer.ts';
import type { ReplayPort, Traffic } from './traffic.ts';

/** How long captures and traces may take to empty their rings at the end. */
const DRAIN_MS = 1_000;

export interface ReplayOptions {
  readonly pace: Pace;
  readonly loop: boolean;
  /** How long to wait for the first capture or trace before playing, in ms; Infinity waits for ever. */
  readonly waitMs: number;
  /** Ends the replay. */
  readonly signal: AbortSignal;
  /** It can be connected to from now on. */
  onReady(socketPath: string): void;
  /** The first packet goes out. */
  onPlay(): void;
}

/**
 * Serves captures and traces until the traffic has been played.
 * @returns how many packets were played
 * @throws FormatError where the file is damaged, after all before it was played and drained
 */
export async function runReplay(traffic: Traffic, options: ReplayOptions): Promise<number> {
  const replay = new Replay(traffic);
  try {
    options.onReady(replay.server.path);
    await replay.waitForSession(options.waitMs, options.signal);
    if (!options.signal.aborted) options.onPlay();
    try {
      await replay.play(options);
    } finally {
      await replay.drain(options.signal);
    }
    return replay.packets;
  } finally {
    replay.server.close();
  }
}

interface PortState {
  readonly counters: { ipackets: number; opackets: number; ibytes: number; obytes: number };
  rxQueues: number;
  txQueues: number;
}

class Replay implements ReplayHost {
  readonly welcome: ReplayHost['welcome'];
  readonly server: ReplayServer;
  packets = 0;
  readonly #traffic: Traffic;
  readonly #states: PortState[] = [];
  readonly #firstSession = new AbortController();

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
    this.welcome = {
      kind: 'replay',
      pid: process.pid,
      version: traffic.path,
      filePrefix: traffic.name,
      engine: 'own-interpreter',
      build: '',
    };
    this.server = new ReplayServer(this);
    this.#takePorts();
  }

  ports(): readonly ReplayPort[] {
    return this.#traffic.ports.slice(0, this.#states.length);
  }

  portInfo({ portId, name, mac, speedMbps }: ReplayPort): PortInfo {
    const { counters, rxQueues, txQueues } = this.#states[portId]!;
    return {
      portId,
      name,
      driver: 'replay',
      firmware: '',
      mac,
      up: true,
      promiscuous: true,
      speedMbps,
      mtu: 1500,
      numaNode: -1,
      rxQueues,
      txQueues,
      counters: {
        ipackets: BigInt(counters.ipackets),
        opackets: BigInt(counters.opackets),
        ibytes: BigInt(counters.ibytes),
        obytes: BigInt(counters.obytes),
        imissed: 0n,
        ierrors: 0n,
        oerrors: 0n,
        rxNombuf: 0n,
      },
    };
  }

  onSession(): void {
    this.#firstSession.abort();
  }

  async waitForSession(waitMs: number, signal: AbortSignal): Promise<void> {
    const either = this.#firstSession.signal;
    signal.addEventListener('abort', () => this.#firstSession.abort(), { once: true });
    if (signal.aborted) this.#firstSession.abort();
    // A timer of Node holds at most 2^31 - 1 ms; the socket keeps the process alive meanwhile.
    const deadline = performance.now() + waitMs;
    while (!either.aborted && performance.now() < deadline) {
      const left = Math.min(deadline - performance.now(), 60_000);
      await delay(left, undefined, { signal: either }).catch(() => {});
    }
  }

  async play({ pace, loop, signal }: ReplayOptions): Promise<void> {
    const startNs = realtimeNs();
    let now: Timestamp = timestampOf(startNs);
    await play(this.#traffic, {
      pace,
      loop,
      signal,
      onSlice: (playSlice) => {
        const rings = this.#rings();
        for (const ring of rings) ring.setActive(true);
        now = timestampOf(realtimeNs());
        playSlice();
        for (const trace of this.server.traces) trace.publish();
        for (const ring of rings) ring.setActive(false);
      },
      onBurst: (burst) => {
        const firstPacket = this.packets;
        this.#count(burst);
        const { sessions, traces } = this.server;
        if (sessions.length === 0 && traces.length === 0) return;
        const packets = burst.map(({ packet }) => packet);
        const times =
          pace === 'max' ? undefined : burst.map(({ dueNs }) => timestampOf(startNs + BigInt(dueNs)));
        for (const session of sessions) session.capture(packets, firstPacket, now, times);
        for (const trace of traces) trace.run(packets, firstPacket, now, times);
      },
    });
  }

  /** Until every capture has taken what it got, and every trace its events. */
  async drain(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    while (!signal.aborted && performance.now() < deadline) {
      const records = this.server.traces.flatMap((trace) => trace.records ?? []);
      if ([...this.#rings(), ...records].every(({ isDrained }) => isDrained)) return;
      await delay(2);
    }
  }

  #rings(): RingWriter[] {
    const { sessions, traces } = this.server;
    return [...sessions, ...traces].flatMap(({ ring }) => ring ?? []);
  }

  #count(burst: readonly DuePacket[]): void {
    if (this.#states.length < this.#traffic.ports.length) this.#takePorts();
    const { portId, queueId, direction } = burst[0]!.packet;
    const state = this.#states[portId]!;
    let bytes = 0;
    for (const { packet } of burst) bytes += packet.originalLength;
    this.packets += burst.length;
    if (direction === 'in') {
      state.counters.ipackets += burst.length;
      state.counters.ibytes += bytes;
      state.rxQueues = Math.max(state.rxQueues, queueId + 1);
    } else {
      state.counters.opackets += burst.length;
      state.counters.obytes += bytes;
      state.txQueues = Math.max(state.txQueues, queueId + 1);
    }
  }

  #takePorts(): void {
    for (const port of this.#traffic.ports.slice(this.#states.length)) {
      const counters = { ipackets: 0, opackets: 0, ibytes: 0, obytes: 0 };
      this.#states.push({ counters, rxQueues: 1, txQueues: 1 });
      this.server.addPort(port);
    }
  }
}

function timestampOf(ns: bigint): Timestamp {
  return { high: Number(ns >> 32n), low: Number(ns & 0xffff_ffffn) };
}
