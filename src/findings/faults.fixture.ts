/** For each rule: what just makes it find, what just does not, and what it says. */
import { lcore, port, queue } from './observation.fixture.ts';
import type {
  DropObservation,
  LevelObservation,
  Observation,
  QueueObservation,
  StageObservation,
  TrafficObservation,
} from './observation.ts';

export const flows = (...packets: readonly number[]): TrafficObservation => ({
  packets: packets.reduce((sum, count) => sum + count, 0),
  bytes: 100 * packets.reduce((sum, count) => sum + count, 0),
  seconds: 1,
  sizes: [],
  protocols: [],
  flows: packets.map((count, n) => ({ name: `flow ${n}`, packets: count, bytes: 100 * count })),
  flowCount: packets.length,
  interArrival: undefined,
});
export const drop = (reason: string): DropObservation => ({
  portId: 0,
  reason,
  packets: 500,
  countedSeconds: 10,
});
export const stage = (ns: number): StageObservation => ({
  name: 'lookup',
  tid: 11,
  calls: 10,
  ns,
  packets: 100,
  measuredSeconds: 1,
});
export const level = (least: number, most: number): LevelObservation => ({
  name: 'x',
  size: 1000,
  samples: 9,
  least,
  most,
  average: 500,
});
export const four = (...packets: readonly number[]): QueueObservation[] =>
  packets.map((count, queueId) => queue({ 0: 500, 1: count }, { queueId }));

export const cases: Readonly<Record<string, readonly [Partial<Observation>, Partial<Observation>, string]>> =
  {
    'adapter-drops': [
      { ports: [port({ missed: 250_000 })], lcores: [lcore(99)] },
      { ports: [port({ missed: undefined })] },
      'port 0 (net_null0) the adapter drops 20 % of what arrives',
    ],
    'no-mbuf': [{ ports: [port({ noMbuf: 1 })] }, {}, 'port 0 (net_null0) no mbuf is free for what arrives'],
    'rx-errors': [
      { ports: [port({ rxErrors: 100 })] },
      {},
      'port 0 (net_null0) 10 packets/s arrive with errors',
    ],
    'tx-errors': [{ ports: [port({ txErrors: 100 })] }, {}, 'port 0 (net_null0) 10 packets/s are not sent'],
    'tx-refused': [
      { ports: [port({ refused: 101 })] },
      { ports: [port({ refused: 100 })] },
      'port 0 (net_null0) refuses 1.0 % of what it is offered for sending',
    ],
    'link-down': [
      { ports: [port({ isUp: false })] },
      { ports: [port({ isUp: undefined })] },
      'port 0 (net_null0) the link is down',
    ],
    'link-full': [
      { ports: [port({ rxPackets: 1.4e8, rxBytes: 1.4e8 * 60 })] },
      {
        ports: [port({ rxPackets: 1.2e8, rxBytes: 1.2e8 * 60 }), port({ rxPackets: 2e8, rxBytes: 2e8 * 60 })],
      },
      "port 0 (net_null0) receives at 94 % of the link's speed",
    ],
    'application-drops': [
      { drops: [drop('ttl'), drop('denied')] },
      { drops: [] },
      'application drops 100 packets/s: ttl, denied',
    ],
    'elephant-flow': [
      { traffic: flows(600, 400) },
      { traffic: flows(400, 400, 200) },
      'traffic one flow has 60 % of the bytes',
    ],
    'mempool-low': [
      { mempools: [level(100, 900)] },
      { mempools: [level(101, 900)] },
      'mempool x had 10 % of its elements free at least',
    ],
    'ring-full': [{ rings: [level(0, 900)] }, { rings: [level(0, 899)] }, 'ring x was 90 % full'],
    'burst-at-maximum': [
      { queues: [queue({ 0: 10, 32: 90 })] },
      { queues: [queue({ 0: 10, 31: 1, 32: 89 })] },
      'port 0 (net_null0) queue 0 gives full bursts in 90 % of its polls',
    ],
    'no-empty-polls': [
      { queues: [queue({ 0: 1, 16: 99 })] },
      { queues: [queue({ 0: 2, 16: 98 })] },
      'port 0 (net_null0) queue 0 1.0 % of its polls are empty',
    ],
    'small-bursts': [
      { queues: [queue({ 0: 10, 4: 100 })] },
      { queues: [queue({ 0: 10, 5: 100 })] },
      'port 0 (net_null0) queue 0 bursts have 4.0 packets under load',
    ],
    'hot-queue': [
      { ports: [port({ rxQueues: 4 })], queues: four(1000, 400, 300, 300) },
      { ports: [port({ rxQueues: 4 })], queues: four(990, 410, 300, 300) },
      'port 0 (net_null0) queue 0 gets 50 % of the packets, one of 4 queues',
    ],
    'queue-not-polled': [
      { ports: [port({ rxQueues: 3 })], queues: four(1) },
      { ports: [port({ rxQueues: 1 })], queues: four(1) },
      'port 0 (net_null0) queues 1, 2 are not polled',
    ],
    'nobody-polls': [{ queues: [], lcores: [] }, { queues: [] }, 'forwarder 10 no thread polls a port'],
    'lcore-saturated': [{ lcores: [lcore(95)] }, { lcores: [lcore(94)] }, 'lcore 1 is 95 % busy'],
    'lcore-imbalance': [
      { lcores: [lcore(80), lcore(20, { tid: 12, lcore: 2 })] },
      { lcores: [lcore(80), lcore(21, { tid: 12, lcore: 2 })] },
      'lcores 1 of 2 do the work',
    ],
    'poll-gaps': [
      { lcores: [lcore(50, { longestGapNs: 131_072, pollGaps: [...Array<number>(17).fill(9), 3] })] },
      { lcores: [lcore(50, { longestGapNs: 131_071 })] },
      'lcore 1 does not poll for up to 131 µs',
    ],
    'slow-stage': [
      { lcores: [lcore(90)], stages: [stage(0.46e9)] },
      { lcores: [lcore(90)], stages: [stage(0.44e9)] },
      'lcore 1 spends 46 % of its time in stage lookup',
    ],
  };
