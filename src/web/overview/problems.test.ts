import { describe, expect, test } from 'vitest';
import type { ApplicationView, LcoreView, PortRates, PortView, QueueView } from '../protocol/index.ts';
import { findProblems } from './problems.ts';

const rates: PortRates = {
  ...{ rxPackets: 1_000_000, rxBytes: 64_000_000, txPackets: 1_000_000, txBytes: 64_000_000 },
  ...{ missed: 0, noMbuf: 0, rxErrors: 0, txErrors: 0 },
};
const port: PortView = {
  ...{
    portId: 0,
    name: 'eth0',
    driver: 'net_x',
    isUp: true,
    speedMbps: 10_000,
    rxQueues: 1,
    txQueues: 1,
    rates,
  },
  ...{ txOffered: 1_000_000, notSent: 0 },
};
const lcore: LcoreView = {
  ...{ lcore: 1, tid: 100, name: 'worker', busyNs: 5e8, idleNs: 5e8 },
  ...{ polls: 1e6, emptyPolls: 9e5, packets: 1e6 },
};
const queue: QueueView = {
  ...{ portId: 0, queueId: 0, lcore: 1, tid: 100, polls: 1e6, emptyPolls: 9e5, packets: 1e6, bursts: [] },
};
const well: Omit<ApplicationView, 'problems'> = {
  ...{
    pid: 7,
    name: 'app',
    kind: 'dpdk',
    filePrefix: 'rte',
    version: 'DPDK',
    uptimeSeconds: 1,
    agent: 'yes',
  },
  ...{ intervalMs: 1000, ports: [port], queues: [queue], lcores: [lcore], packets: null, price: [] },
};
const withPort = (change: Partial<PortView>) => ({ ...well, ports: [{ ...port, ...change }] });
const withRates = (change: Partial<PortRates>) => withPort({ rates: { ...rates, ...change } });
const busy = { ...lcore, busyNs: 98e7, idleNs: 2e7 };

describe('problems of an application', () => {
  test.each<[string, Omit<ApplicationView, 'problems'>, string[]]>([
    ['none when all is well', well, []],
    [
      'the agent is not there',
      { ...well, agent: 'no' },
      ['warning: no agent: nothing can be seen of it: hone attach 7'],
    ],
    ['it does not answer', { ...well, agent: 'silent' }, ['bad: agent silent: the reason']],
    ['no link', withPort({ isUp: false }), ['warning: eth0: link is down: no packet passes']],
    [
      'the adapter drops, and its lcore has time',
      withRates({ missed: 250_000 }),
      [
        'bad: eth0: the adapter drops 20 %: 250,000 packets/s found no free receive descriptor: lcore 1 is 50 % busy; it has time, but comes too late: longer descriptor rings, or something stops it now and then',
      ],
    ],
    [
      'the adapter drops, because its lcore has no time',
      { ...withRates({ missed: 1_000_000 }), lcores: [busy] },
      [
        'bad: eth0: the adapter drops 50 %: 1,000,000 packets/s found no free receive descriptor: lcore 1 is 98 % busy; it needs less work a packet, or more queues and lcores',
        'warning: lcore 1 is 98 % busy: it has no time left: more traffic will be dropped',
      ],
    ],
    [
      'no mbufs',
      withRates({ noMbuf: 10 }),
      [
        'bad: eth0: no mbuf for 10 packets/s: the mempool is empty: it is too small for the queues, or mbufs are not freed',
      ],
    ],
    [
      'errors',
      withRates({ rxErrors: 2, txErrors: 1 }),
      ['warning: eth0: 3 errors/s: received with errors: 2, not sent: 1'],
    ],
    [
      'the driver refuses',
      withPort({ txOffered: 1_000_000, notSent: 500_000 }),
      [
        'warning: eth0: 50 % of what is offered for sending is not sent: 500,000 packets/s: the transmit queue is full, and the application drops them or offers them again',
      ],
    ],
    ['a driver that refuses a few is none', withPort({ txOffered: 1_000_000, notSent: 9_000 }), []],
    [
      'nobody polls',
      { ...well, queues: [], lcores: [] },
      ['warning: no lcore polls: the application receives from no port'],
    ],
    [
      'queues that nobody polls',
      withPort({ rxQueues: 3 }),
      ['warning: eth0: queues 1, 2 are not polled: what arrives there is lost'],
    ],
    ['a replay polls when there are packets', { ...well, kind: 'replay', queues: [], lcores: [] }, []],
    [
      "rates are a second's",
      { ...withRates({ rxErrors: 5 }), intervalMs: 500 },
      ['warning: eth0: 10 errors/s: received with errors: 5, not sent: 0'],
    ],
  ])('%s', (_what, seen, want) => {
    const found = findProblems(seen, 'the reason');
    expect(found.map(({ severity, title, detail }) => `${severity}: ${title}: ${detail}`)).toEqual(want);
  });
});
