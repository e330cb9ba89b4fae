/** One application as the Overview sees it: its connection, its sampler, and what looks into its packets when somebody asks. */
import { HoneError, PeerError } from '../../base/index.ts';
import { type Application, connectTarget } from '../../target/index.ts';
import { type ApplicationReading, ApplicationSampler, takeSnapshot } from '../../watch/index.ts';
import type { ApplicationView } from '../protocol/index.ts';
import { NOTHING_SEEN, type RingDrops, viewOf } from './application-view.ts';
import { PacketWatch } from './packet-watch.ts';
import { agentProblem, problemsOf, ringProblems } from './problems-of.ts';

/** Packets that rings have dropped since their start, by capture of a port; empty when nobody captures from it. */
export type RingDropped = (pid: number, portId: number) => ReadonlyMap<object, number>;

/** An application that has not answered for as long is said not to answer. */
const SILENT_MS = 3000;

export class ApplicationWatch {
  readonly #application: Application;
  readonly #ringDropped: RingDropped;
  /** By port, at the last look. */
  #rings: ReadonlyMap<number, ReadonlyMap<object, number>> = new Map();
  #sampler: ApplicationSampler | undefined;
  #packets: PacketWatch | undefined;
  #before: ApplicationReading | undefined;
  readonly #foundMs = performance.now();
  #problem: string | undefined;
  #looking: Promise<void> | undefined;
  #lookedMs = performance.now();
  #seen: Partial<ApplicationView>;
  #isClosed = false;

  constructor(application: Application, ringDropped: RingDropped) {
    this.#application = application;
    this.#ringDropped = ringDropped;
    this.#problem = application.problem;
    this.#seen = application.agent === 'yes' ? {} : this.#closed(application.agent);
  }

  /** Joins a look that goes on. Never throws for what the application does: that is in the view. */
  look(looksIntoPackets: boolean): Promise<void> {
    if (this.#application.agent !== 'yes') return Promise.resolve();
    this.#looking ??= this.#tryLook(looksIntoPackets).finally(() => {
      this.#lookedMs = performance.now();
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** As it was seen last. */
  view(): ApplicationView {
    const { pid, name, kind, filePrefix, version, uptimeSeconds } = this.#application;
    const nowMs = performance.now();
    const silentMs = this.#looking === undefined ? 0 : nowMs - this.#lookedMs;
    const silent = `it has not answered for ${Math.floor(silentMs / 1000)} s`;
    const { problems = [] } = this.#seen;
    return {
      ...{ pid, name, kind, filePrefix, version, agent: 'yes', packets: null, price: null },
      uptimeSeconds: uptimeSeconds === undefined ? null : uptimeSeconds + (nowMs - this.#foundMs) / 1000,
      ...NOTHING_SEEN,
      ...this.#seen,
      problems: silentMs < SILENT_MS ? problems : [agentProblem('silent', pid, silent), ...problems],
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#disconnect();
  }

  async #tryLook(looksIntoPackets: boolean): Promise<void> {
    try {
      this.#seen = await this.#look(looksIntoPackets);
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      this.#disconnect();
      this.#problem = error.message;
      this.#seen = this.#closed('silent');
    }
  }

  async #look(looksIntoPackets: boolean): Promise<Partial<ApplicationView>> {
    this.#sampler ??= await this.#connect();
    const { target } = this.#sampler.application;
    if (looksIntoPackets) this.#packets ??= await PacketWatch.start(target);
    else {
      this.#packets?.close();
      this.#packets = undefined;
    }
    const now = await this.#sampler.read();
    const before = this.#before;
    this.#before = now;
    const ringDrops = this.#takeRings(now, before?.timeMs ?? 0);
    if (before === undefined) return {};
    const { pid } = this.#application;
    const snapshot = takeSnapshot([now], [before], Date.now()).applications[0]!;
    const measured = viewOf(snapshot, ringDrops);
    const seen = {
      ...measured,
      price: now.price ?? null,
      problems: [...ringProblems(pid, measured.ports), ...problemsOf(now, before)],
    };
    if (this.#packets === undefined) return seen;
    const { packets, busyThreads } = await this.#packets.take();
    const price = (seen.price ?? 0) + busyThreads / Math.max(1, seen.lcores.length);
    return { ...seen, packets, price };
  }

  async #connect(): Promise<ApplicationSampler> {
    const { pid, name } = this.#application;
    const target = await connectTarget(pid);
    if (!this.#isClosed) return new ApplicationSampler({ pid, name, label: `${name} ${pid}`, target });
    target.close();
    throw new PeerError('PEER_GONE', `process ${pid}: nobody looks any more`);
  }

  #disconnect(): void {
    this.#packets?.close();
    this.#sampler?.close();
    this.#packets = this.#sampler = this.#before = undefined;
  }

  /** Packets a second by port. */
  #takeRings({ ports, timeMs }: ApplicationReading, beforeMs: number): RingDrops {
    const earlier = this.#rings;
    const rings = new Map(
      ports.map(({ portId }) => [portId, this.#ringDropped(this.#application.pid, portId)]),
    );
    this.#rings = rings;
    return (portId) => {
      const captures = rings.get(portId) ?? new Map<object, number>();
      if (captures.size === 0) return undefined;
      // What was not there at the last look has counted from 0 since.
      const since = [...captures].map(
        ([capture, dropped]) => dropped - (earlier.get(portId)?.get(capture) ?? 0),
      );
      return (1000 * since.reduce((sum, count) => sum + count, 0)) / (timeMs - beforeMs);
    };
  }

  #closed(agent: ApplicationView['agent']): Partial<ApplicationView> {
    return { agent, problems: [agentProblem(agent, this.#application.pid, this.#problem)] };
  }
}
