import { describe, expect, test } from 'vitest';
import { takeSnapshot } from '../../watch/index.ts';
import { lcore1, port, queue, reading } from '../../watch/snapshot.fixture.ts';
import { agentProblem, findProblems } from './problems.ts';

type Counters = Parameters<typeof port>[1];
type Reading = ReturnType<typeof reading>;

/** A port of 1000 packets a second over a second, that lcore 1 polls in half of its time. */
function seen(change: Counters, busyShare = 0.5, more: Partial<Reading> = {}): [Reading, Reading] {
  const recent = {
    countedMs: 30,
    queues: [queue(0, 'in', { 0: 10, 32: 1 })],
    times: [{ thread: lcore1, busyNs: 1e6 * busyShare, idleNs: 1e6 * (1 - busyShare), packets: 100 }],
    refused: new Map([[0, 0]]),
    programNs: 0,
  };
  const now = reading({
    timeMs: 1000,
    ports: [port(0, { ipackets: 1000n, opackets: 1000n, ...change })],
    recent,
  });
  return [reading({ ports: [port(0, {})] }), { ...now, ...more }];
}

const withRecent = (change: Partial<Reading['recent']>): [Reading, Reading] => {
  const [before, now] = seen({});
  return [before, { ...now, recent: { ...now.recent, ...change } }];
};
const withPort = (change: object): [Reading, Reading] => {
  const [before, now] = seen({});
  return [before, { ...now, ports: now.ports.map((one) => ({ ...one, ...change })) }];
};

describe('problems of an application', () => {
  test.each<[string, [Reading, Reading], string[]]>([
    ['none when all is well', seen({}), []],
    ['no link', withPort({ up: false }), ['warning: net_null0: link is down: no packet passes']],
    [
      'the adapter drops, and its lcore has time',
      seen({ imissed: 250n }),
      [
        'bad: net_null0: the adapter drops 20 %: 250 packets/s found no free receive descriptor: lcore 1 is 50 % busy; it has time, but comes too late: longer descriptor rings, or something stops it now and then',
      ],
    ],
    [
      'the adapter drops, because its lcore has no time',
      seen({ imissed: 1000n }, 0.98),
      [
        'bad: net_null0: the adapter drops 50 %: 1,000 packets/s found no free receive descriptor: lcore 1 is 98 % busy; it needs less work a packet, or more queues and lcores',
        'warning: lcore 1 is 98 % busy: it has no time left: more traffic will be dropped',
      ],
    ],
    [
      'no mbufs',
      seen({ rxNombuf: 10n }),
      [
        'bad: net_null0: no mbuf for 10 packets/s: the mempool is empty: it is too small for the queues, or mbufs are not freed',
      ],
    ],
    [
      'errors',
      seen({ ierrors: 2n, oerrors: 1n }),
      ['warning: net_null0: 3 errors/s: received with errors: 2, not sent: 1'],
    ],
    [
      'the driver refuses',
      withRecent({ refused: new Map([[0, 30]]) }),
      [
        'warning: net_null0: 50 % of what is offered for sending is not sent: 1,000 packets/s: the transmit queue is full, and the application drops them or offers them again',
      ],
    ],
    ['a driver that refuses a few is none', withRecent({ refused: new Map([[0, 0.2]]) }), []],
    [
      'nobody polls',
      withRecent({ queues: [], times: [] }),
      ['warning: no lcore polls: the application receives from no port'],
    ],
    [
      'queues that nobody polls',
      withPort({ rxQueues: 3 }),
      ['warning: net_null0: queues 1, 2 are not polled: what arrives there is lost'],
    ],
    ['what the target refuses', seen({}, 0.5, { problem: 'no BPF' }), ['warning: not all is seen: no BPF']],
  ])('%s', (_what, [before, now], want) => {
    const found = findProblems(takeSnapshot([now], [before], 0).applications[0]!, 'dpdk');
    expect(found.map(({ severity, title, detail }) => `${severity}: ${title}: ${detail}`)).toEqual(want);
  });

  test('a replay polls when there are packets', () => {
    const [before, now] = withRecent({ queues: [], times: [] });
    expect(findProblems(takeSnapshot([now], [before], 0).applications[0]!, 'replay')).toEqual([]);
  });

  test('one that cannot be looked at', () => {
    expect(agentProblem('no', 7, undefined)).toMatchObject({ title: 'no agent', severity: 'warning' });
    expect(agentProblem('silent', 7, 'why')).toEqual({
      severity: 'bad',
      title: 'agent silent',
      detail: 'why',
    });
  });
});
