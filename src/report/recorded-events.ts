/**
 * Which recorded events tell a report something, and what they call it: those that hone records at DPDK's points, those of DPDK's own
 * rte_trace, and the standard ones that an application has itself (hone/dataplane.h: recorded by hone, or by LTTng).
 */
import type { EventItem, EventKind } from '../convert/index.ts';

/** What events can tell. */
export type Topic =
  | 'rx-poll'
  | 'tx-burst'
  | 'rx-packet'
  | 'tx-packet'
  | 'port-stats'
  | 'port-state'
  | 'queue-state'
  | 'mempool'
  | 'ring'
  | 'drop'
  | 'stage-begin'
  | 'stage-end';

interface Telling {
  readonly topic: Topic;
  /** Of rx-poll: which polls it is recorded at. */
  readonly polls?: 'all' | 'empty' | 'bursts';
}

const OF_DPDK: Readonly<Record<string, Telling>> = {
  'lib.ethdev.rx.burst': { topic: 'rx-poll', polls: 'all' },
  'lib.ethdev.rx.burst.empty': { topic: 'rx-poll', polls: 'empty' },
  'lib.ethdev.rx.burst.nonempty': { topic: 'rx-poll', polls: 'bursts' },
  'lib.ethdev.tx.burst': { topic: 'tx-burst' },
  'dpdk:rx_packet': { topic: 'rx-packet' },
  'dpdk:tx_packet': { topic: 'tx-packet' },
  'dpdk:port_stats': { topic: 'port-stats' },
  'dpdk:port_state': { topic: 'port-state' },
  'dpdk:queue_state': { topic: 'queue-state' },
  'dpdk:mempool_level': { topic: 'mempool' },
  'dpdk:ring_level': { topic: 'ring' },
};

const OF_APPLICATION: Readonly<Record<string, Telling>> = {
  rx_poll: { topic: 'rx-poll', polls: 'all' },
  rx_burst: { topic: 'rx-poll', polls: 'bursts' },
  tx_burst: { topic: 'tx-burst' },
  port_state: { topic: 'port-state' },
  queue_state: { topic: 'queue-state' },
  mempool_level: { topic: 'mempool' },
  ring_level: { topic: 'ring' },
  drop: { topic: 'drop' },
  stage_begin: { topic: 'stage-begin' },
  stage_end: { topic: 'stage-end' },
};

const OF_LTTNG = 'dataplane:';
/** As hone records them, and as LTTng does. */
const PROVIDERS = ['app:dataplane:', OF_LTTNG] as const;

/** Of the events that can be in a recording, those that count: the same thing may be told by several. */
export class TellingEvents {
  readonly #telling = new Map<string, Telling>();
  readonly #seen = new Set<string>();

  constructor(kinds: readonly EventKind[]) {
    const names = [...new Set(kinds.map(({ name }) => name))];
    for (const name of names) {
      const telling = Object.hasOwn(OF_DPDK, name) ? OF_DPDK[name] : undefined;
      if (telling !== undefined) this.#telling.set(name, telling);
    }
    // What the agent saw itself is not counted once more.
    const known = new Set([...this.#telling.values()].map(({ topic }) => topic));
    const own = names.flatMap((name) => {
      const telling = ofApplication(name);
      return telling === undefined || known.has(telling.topic) ? [] : [[name, telling] as const];
    });
    // All polls have the bursts among them.
    const hasAll = own.some(([, { polls }]) => polls === 'all');
    for (const [name, telling] of own) {
      if (!hasAll || telling.polls !== 'bursts') this.#telling.set(name, telling);
    }
  }

  topicOf({ name }: Pick<EventItem, 'name'>): Topic | undefined {
    this.#seen.add(name);
    return this.#telling.get(name)?.topic;
  }

  has(topic: Topic): boolean {
    return this.#isTold((telling) => telling.topic === topic);
  }

  get hasEmptyPolls(): boolean {
    return this.#isTold(({ polls }) => polls === 'all' || polls === 'empty');
  }

  /** LTTng lists all events of a provider, whether the application has them or not: of these one has to be there. */
  #isTold(isWanted: (telling: Telling) => boolean): boolean {
    return [...this.#telling].some(
      ([name, telling]) => isWanted(telling) && (!name.startsWith(OF_LTTNG) || this.#seen.has(name)),
    );
  }
}

function ofApplication(name: string): Telling | undefined {
  const provider = PROVIDERS.find((one) => name.startsWith(one));
  const point = provider === undefined ? '' : name.slice(provider.length);
  return Object.hasOwn(OF_APPLICATION, point) ? OF_APPLICATION[point] : undefined;
}
