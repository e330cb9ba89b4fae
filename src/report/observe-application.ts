/**
 * A running application, or a replay, over some seconds: its ports' counters and short whiles of counting once a second, levels all
 * the time, and drops as long as they are few. What cannot be looked at is a sentence in `unknown`, never the end; the application's own end is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HoneError, PeerError } from '../base/index.ts';
import type { Observation, SeriesPoint } from '../findings/index.ts';
import type { AnsweringApplication } from '../target/index.ts';
import {
  type ApplicationReading,
  ApplicationSampler,
  DropFeed,
  observeInterval,
  takeSnapshot,
} from '../watch/index.ts';
import { DropLooks } from './drop-looks.ts';
import { LevelLooks, type Levels } from './level-looks.ts';
import { StageLooks } from './stage-looks.ts';
import { lookForAskedBursts, ThreadLooks } from './thread-look.ts';
import { TrafficLooks } from './traffic-looks.ts';

export interface ObserveOptions {
  readonly seconds: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  readonly onProgress: (seconds: number) => void;
}

export interface Observed {
  readonly observation: Observation;
  /** Of the time of one polling thread, 0 to 1. */
  readonly price: number | undefined;
}

const ROUND_MS = 1000;
/** Of each round. */
const THREADS_MS = 30;
/** Of each second round. */
const STAGES_MS = 12;
/** Packets a second that are taken to arrive before it is known. */
const SUPPOSED_PPS = 500_000;

/** The target is closed at the end. @throws PeerError when the application ends before anything was seen */
export async function observeApplication(
  application: AnsweringApplication,
  options: ObserveOptions,
): Promise<Observed> {
  const observer = new ApplicationObserver(application);
  try {
    return await observer.run(options);
  } finally {
    observer.close();
  }
}

class ApplicationObserver {
  readonly #application: AnsweringApplication;
  readonly #sampler: ApplicationSampler;
  readonly #threads: ThreadLooks;
  readonly #traffic: TrafficLooks;
  #levelLooks: LevelLooks | undefined;
  #levels: Levels = { mempools: [], rings: [] };
  #drops: DropLooks | undefined;
  #stages: StageLooks | undefined;
  #rounds = 0;
  #asked: ReadonlyMap<string, number> = new Map();
  readonly #readings: ApplicationReading[] = [];
  readonly #series: SeriesPoint[] = [];
  readonly #unknown = new Set<string>();

  constructor(application: AnsweringApplication) {
    this.#application = application;
    this.#sampler = new ApplicationSampler(application, { burstsOnly: true });
    this.#threads = new ThreadLooks(application.target, application.pid);
    this.#traffic = new TrafficLooks(application.target);
  }

  async run({ seconds, signal, onProgress }: ObserveOptions): Promise<Observed> {
    await this.#begin();
    const startMs = Date.now();
    await this.#read();
    const begun = performance.now();
    const endMs = begun + 1000 * seconds;
    try {
      // Once in any case: on a machine that has no time to spare, too, there are two readings.
      for (let nextMs = begun; nextMs === begun || (performance.now() < endMs && !signal.aborted); ) {
        nextMs += ROUND_MS;
        onProgress(Math.round((performance.now() - begun) / 1000));
        await this.#round();
        const rest = Math.min(nextMs, endMs) - performance.now();
        await sleep(Math.max(0, rest), undefined, { signal }).catch(() => {});
        await this.#read();
      }
      await this.#try('levels of mempools and rings', async () => {
        this.#levels = (await this.#levelLooks?.read()) ?? this.#levels;
      });
    } catch (error) {
      if (!(error instanceof PeerError) || error.code !== 'PEER_GONE' || this.#readings.length < 2)
        throw error;
      this.#unknown.add(`the application ended after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    }
    return this.#result(startMs);
  }

  close(): void {
    this.#levelLooks?.close();
    this.#drops?.close();
    this.#sampler.close();
  }

  async #begin(): Promise<void> {
    const { target } = this.#application;
    if (target.info.kind === 'replay') {
      this.#unknown.add('a replay has no lcores, mempools and rings');
      return;
    }
    await this.#try('levels of mempools and rings', async () => {
      this.#levelLooks = await LevelLooks.start(target);
    });
    await this.#try('drops of the application', async () => {
      this.#drops = await DropLooks.start(() => DropFeed.start(target));
    });
    await this.#try('stages', async () => {
      this.#stages = await StageLooks.open(target);
      if (this.#stages === undefined) this.#unknown.add('the application marks no stages (hone/dataplane.h)');
    });
    await this.#try('sizes of bursts that are asked for', async () => {
      this.#asked = await lookForAskedBursts(target);
    });
  }

  async #round(): Promise<void> {
    const isReplay = this.#application.target.info.kind === 'replay';
    if (!isReplay) {
      await this.#try('time of threads', () => this.#threads.look(THREADS_MS));
      if (this.#stages !== undefined && this.#rounds++ % 2 === 0) {
        await this.#try('stages', () => this.#stages!.look(STAGES_MS));
      }
    }
    if (this.#drops !== undefined) await this.#try('drops of the application', () => this.#drops!.look());
    const pps = this.#series.at(-1)?.rxPps ?? SUPPOSED_PPS;
    await this.#try('packets', () => this.#traffic.look(pps));
  }

  async #read(): Promise<void> {
    const before = this.#readings.at(-1);
    const now = await this.#sampler.read();
    if (this.#drops !== undefined) await this.#try('drops of the application', () => this.#drops!.read());
    this.#readings.push(now);
    if (now.problem !== undefined) this.#unknown.add(now.problem);
    if (before === undefined) return;
    this.#series.push(this.#pointOf(now, before));
  }

  #pointOf(now: ApplicationReading, before: ApplicationReading): SeriesPoint {
    const [first] = this.#readings;
    const [one] = takeSnapshot([now], [before], 0).applications;
    const { rxPps, txPps, rxBps, txBps, drops } = one!.rates;
    const lost = [drops.missed, drops.noMbuf, drops.rxErrors, drops.txErrors, this.#drops?.pps];
    const known = lost.filter((rate) => rate !== undefined);
    return {
      seconds: (now.timeMs - first!.timeMs) / 1000,
      ...{ rxPps, txPps, rxBps, txBps },
      dropPps: known.length === 0 ? undefined : known.reduce((sum, rate) => sum + rate, 0),
      busyShare: this.#threads.busyShare,
    };
  }

  #result(startMs: number): Observed {
    const [first, last] = [this.#readings[0]!, this.#readings.at(-1)!];
    const lcores = this.#threads.observe();
    if (this.#drops === undefined) {
      this.#unknown.add('the application does not say what it drops (hone/dataplane.h)');
    }
    for (const { portId, counters } of last.ports) {
      if (counters === undefined) this.#unknown.add(`port ${portId} has no counters`);
    }
    const counted = observeInterval(last, first, last.total);
    const observation: Observation = {
      ...counted,
      startMs,
      queues: counted.queues.map((queue) => ({
        ...queue,
        askedBurst:
          queue.direction === 'in' ? this.#asked.get(`${queue.portId} ${queue.queueId}`) : undefined,
      })),
      lcores,
      ...this.#levels,
      drops: this.#drops?.observe(),
      stages: this.#stages?.observe() ?? [],
      traffic: this.#traffic.observe(),
      series: this.#series,
      unknown: [...this.#unknown],
    };
    return { observation, price: this.#priceOf(lcores.length, counted.seconds) };
  }

  #priceOf(threads: number, seconds: number): number | undefined {
    const last = this.#readings.at(-1)!;
    if (threads === 0) return undefined;
    const { programNs } = last.total;
    const ownNs = this.#threads.programNs + (this.#stages?.programNs ?? 0) + (this.#drops?.programNs ?? 0);
    return (programNs + ownNs) / threads / (1e9 * seconds);
  }

  /** What the target refuses is not known; a defect or its end goes on. */
  async #try(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      if (error instanceof PeerError && error.code !== 'PEER_REFUSED') throw error;
      this.#unknown.add(`${what}: ${error.message}`);
    }
  }
}
