/** One application as the Overview sees it: its connection, its sampler, and what looks into its packets when somebody asks. */
import { HoneError } from '../../base/index.ts';
import { type Application, connectTarget } from '../../target/index.ts';
import { type ApplicationReading, ApplicationSampler, takeSnapshot } from '../../watch/index.ts';
import type { ApplicationView } from '../protocol/index.ts';
import { NOTHING_SEEN, viewOf } from './application-view.ts';
import { PacketWatch } from './packet-watch.ts';
import { agentProblem, problemsOf } from './problems-of.ts';

/** Packets that the rings of running captures of a port have dropped; undefined when nobody captures from it. */
export type RingDropped = (pid: number, portId: number) => number | undefined;

export class ApplicationWatch {
  readonly #application: Application;
  readonly #ringDropped: RingDropped;
  readonly #rings = new Map<number, number>();
  #sampler: ApplicationSampler | undefined;
  #packets: PacketWatch | undefined;
  #before: ApplicationReading | undefined;
  readonly #foundMs = performance.now();
  #problem: string | undefined;

  constructor(application: Application, ringDropped: RingDropped) {
    this.#application = application;
    this.#ringDropped = ringDropped;
    this.#problem = application.problem;
  }

  /** Never throws for what the application does: that is in the view. */
  async look(looksIntoPackets: boolean): Promise<ApplicationView> {
    const { agent } = this.#application;
    if (agent !== 'yes') return this.#closedView(agent);
    try {
      return await this.#look(looksIntoPackets);
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      this.close();
      this.#problem = error.message;
      return this.#closedView('silent');
    }
  }

  close(): void {
    this.#packets?.close();
    this.#sampler?.close();
    this.#packets = this.#sampler = this.#before = undefined;
  }

  async #look(looksIntoPackets: boolean): Promise<ApplicationView> {
    const { pid, name } = this.#application;
    this.#sampler ??= new ApplicationSampler({
      ...{ pid, name, label: `${name} ${pid}` },
      target: await connectTarget(pid),
    });
    const { target } = this.#sampler.application;
    if (looksIntoPackets) this.#packets ??= await PacketWatch.start(target);
    else {
      this.#packets?.close();
      this.#packets = undefined;
    }
    const now = await this.#sampler.read();
    const before = this.#before;
    this.#before = now;
    if (before === undefined) return this.#view({});
    const snapshot = takeSnapshot([now], [before], Date.now()).applications[0]!;
    const intervalMs = now.timeMs - before.timeMs;
    const seen = {
      ...viewOf(snapshot, (portId) => this.#ringDrops(portId, intervalMs / 1000)),
      price: now.price ?? null,
      problems: problemsOf(now, before),
    };
    if (this.#packets === undefined) return this.#view(seen);
    const { packets, busyThreads } = await this.#packets.take();
    const price = (seen.price ?? 0) + busyThreads / Math.max(1, seen.lcores.length);
    return this.#view({ ...seen, packets, price });
  }

  #ringDrops(portId: number, seconds: number): number | undefined {
    const dropped = this.#ringDropped(this.#application.pid, portId);
    const before = this.#rings.get(portId) ?? 0;
    this.#rings.set(portId, dropped ?? 0);
    // Another capture counts from 0.
    return dropped === undefined ? undefined : (dropped < before ? dropped : dropped - before) / seconds;
  }

  #closedView(agent: ApplicationView['agent']): ApplicationView {
    return this.#view({ agent, problems: [agentProblem(agent, this.#application.pid, this.#problem)] });
  }

  #view(seen: Partial<ApplicationView>): ApplicationView {
    const { pid, name, kind, filePrefix, version, uptimeSeconds } = this.#application;
    const sinceFound = (performance.now() - this.#foundMs) / 1000;
    return {
      ...{ pid, name, kind, filePrefix, version, agent: 'yes', problems: [], packets: null, price: null },
      uptimeSeconds: uptimeSeconds === undefined ? null : uptimeSeconds + sinceFound,
      ...NOTHING_SEEN,
      ...seen,
    };
  }
}
