/**
 * What an event means on a timeline, by its name: those of hone's points, under each name that a recording can give them, and the
 * same points declared to LTTng. Everything else only happens.
 */
export type EventRole =
  /** A call of rte_eth_rx_burst, with or without packets. */
  | 'poll'
  | 'empty-poll'
  /** One that received packets. */
  | 'rx-burst'
  | 'tx-burst'
  | 'rx-packet'
  | 'tx-packet'
  | 'stage-begin'
  | 'stage-end'
  | 'idle'
  | 'busy'
  | 'counters';

const ROLES: Readonly<Record<string, EventRole>> = {
  'dpdk:rx_poll': 'poll',
  'lib.ethdev.rx.burst.empty': 'empty-poll',
  'dpdk:rx_burst': 'rx-burst',
  'lib.ethdev.rx.burst.nonempty': 'rx-burst',
  // Of DPDK before 23.11, for both.
  'lib.ethdev.rx.burst': 'poll',
  'dpdk:tx_burst': 'tx-burst',
  'lib.ethdev.tx.burst': 'tx-burst',
  'dpdk:rx_packet': 'rx-packet',
  'dpdk:tx_packet': 'tx-packet',
  'dataplane:stage_begin': 'stage-begin',
  'dataplane:stage_end': 'stage-end',
  'dataplane:lcore_idle': 'idle',
  'dataplane:lcore_busy': 'busy',
  'dpdk:port_stats': 'counters',
  'dpdk:mempool_level': 'counters',
  'dpdk:ring_level': 'counters',
};

export function roleOf(eventName: string): EventRole | undefined {
  const name = eventName.startsWith('app:') ? eventName.slice('app:'.length) : eventName;
  return Object.hasOwn(ROLES, name) ? ROLES[name] : undefined;
}
