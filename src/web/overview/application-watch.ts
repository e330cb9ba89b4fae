/** One application as the Overview sees it: its connection, its probes, and what was counted since it was looked at last. */
import { HoneError } from '../../base/index.ts';
import { type Application, connectTarget, type PortInfo, type Target } from '../../target/index.ts';
import { WriterMaps } from '../../watch/index.ts';
import { type ApplicationView, MOST_LISTED, type PortRates, type PortView } from '../protocol/index.ts';
import { packetViews } from './packet-views.ts';
import { type PollScript, packetScript, pollScript } from './poll-script.ts';
import { type PollViews, pollViews } from './poll-views.ts';
import { findProblems } from './problems.ts';

type Counters = NonNullable<PortInfo['counters']>;

/** What nobody polls has no queues and lcores. */
const NONE: PollViews = { queues: [], lcores: [], offered: new Map() };

export class ApplicationWatch {
  readonly #application: Application;
  #target: Target | undefined;
  #polls: { readonly maps: WriterMaps; readonly places: PollScript } | undefined;
  #packets: WriterMaps | undefined;
  #counters = new Map<string, Counters>();
  readonly #foundMs = performance.now();
  #lastMs = performance.now();
  #problem: string | undefined;

  constructor(application: Application) {
    this.#application = application;
    this.#problem = application.problem;
  }

  /** Never throws for what the application does: that is in the view. */
  async look(looksIntoPackets: boolean): Promise<ApplicationView> {
    try {
      return await this.#look(looksIntoPackets);
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      this.close();
      this.#problem = error.message;
      return this.#view('silent', 0, [], NONE, null);
    }
  }

  close(): void {
    this.#polls?.maps.close();
    this.#packets?.close();
    this.#target?.close();
    this.#polls = this.#packets = this.#target = undefined;
  }

  async #look(looksIntoPackets: boolean): Promise<ApplicationView> {
    const { pid, agent } = this.#application;
    if (agent !== 'yes') return this.#view(agent, 0, [], NONE, null);
    const target = this.#target ?? (await connectTarget(pid));
    this.#target = target;
    const ports = (await target.listPorts()).slice(0, MOST_LISTED);
    await this.#start(target, ports, looksIntoPackets);
    const nowMs = performance.now();
    const intervalMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const { maps, places } = this.#polls!;
    const polls = pollViews(await maps.take(), places.placeOf);
    const after = await target.listPorts();
    const packets =
      this.#packets === undefined
        ? null
        : packetViews(await this.#packets.take(), this.#packets.takeWithoutRoom());
    return this.#view(
      'yes',
      intervalMs,
      ports.map((port) => this.#portView(port, polls, sentAfter(after, port))),
      polls,
      packets,
    );
  }

  async #start(target: Target, ports: readonly PortInfo[], looksIntoPackets: boolean): Promise<void> {
    if (this.#polls === undefined) {
      const places = pollScript(ports);
      this.#polls = { maps: await WriterMaps.start(target, places.script), places };
    }
    if (looksIntoPackets) this.#packets ??= await WriterMaps.start(target, packetScript());
    else {
      this.#packets?.close();
      this.#packets = undefined;
    }
  }

  /** @param sentMost packets sent since the port's start, not before the polls' maps were read */
  #portView(port: PortInfo, { offered }: PollViews, sentMost: bigint | undefined): PortView {
    const { portId, name, driver, up, speedMbps, rxQueues, txQueues, counters } = port;
    const before = this.#counters.get(name);
    if (counters !== undefined) this.#counters.set(name, counters);
    const txOffered = offered.get(portId) ?? null;
    const canTell = txOffered !== null && before !== undefined && sentMost !== undefined;
    return {
      ...{ portId, name, driver, isUp: up, speedMbps: speedMbps ?? null, rxQueues, txQueues },
      rates: counters === undefined || before === undefined ? null : ratesSince(before, counters),
      txOffered,
      notSent: canTell ? Math.max(0, txOffered - Number(sentMost - before.opackets)) : null,
    };
  }

  #view(
    agent: ApplicationView['agent'],
    intervalMs: number,
    ports: readonly PortView[],
    { queues, lcores }: PollViews,
    packets: ApplicationView['packets'],
  ): ApplicationView {
    const { pid, name, kind, filePrefix, version, uptimeSeconds } = this.#application;
    const seen = {
      ...{
        pid,
        name,
        kind,
        filePrefix,
        version,
        uptimeSeconds:
          uptimeSeconds === undefined ? null : uptimeSeconds + (performance.now() - this.#foundMs) / 1000,
        agent,
        intervalMs,
        ports,
      },
      queues: queues.slice(0, MOST_LISTED),
      lcores: lcores.slice(0, MOST_LISTED),
      packets,
      price: [...(this.#polls?.maps.takePrice() ?? []), ...(this.#packets?.takePrice() ?? [])].map(
        ({ point, hits, nsPerHit }) => ({ probe: point, hits, nsPerHit: nsPerHit ?? null }),
      ),
    };
    return {
      ...seen,
      problems: intervalMs === 0 && agent === 'yes' ? [] : findProblems(seen, this.#problem),
    };
  }
}

function sentAfter(ports: readonly PortInfo[], { portId, name }: PortInfo): bigint | undefined {
  return ports.find((port) => port.portId === portId && port.name === name)?.counters?.opackets;
}

/** A counter that was reset starts again from 0. */
function ratesSince(before: Counters, now: Counters): PortRates {
  const since = (of: keyof Counters) => Number(now[of] >= before[of] ? now[of] - before[of] : now[of]);
  return {
    ...{ rxPackets: since('ipackets'), rxBytes: since('ibytes') },
    ...{ txPackets: since('opackets'), txBytes: since('obytes') },
    ...{ missed: since('imissed'), noMbuf: since('rxNombuf') },
    ...{ rxErrors: since('ierrors'), txErrors: since('oerrors') },
  };
}
