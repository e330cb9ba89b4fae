import { describe, expect, test } from 'vitest';
import type { ApplicationReading } from '../../watch/index.ts';
import { lcore1, port, queue, reading } from '../../watch/snapshot.fixture.ts';
import { agentProblem, problemsOf } from './problems-of.ts';

type Readings = [now: ApplicationReading, before: ApplicationReading];
type Counters = NonNullable<Parameters<typeof port>[1]>;

/** A port of 1000 packets a second over a second, that lcore 1 polls in half of its time. */
function seen(change: Partial<Counters>, busyShare = 0.5, more: Partial<ApplicationReading> = {}): Readings {
  const recent: ApplicationReading['recent'] = {
    countedMs: 30,
    queues: [queue(0, 'in', { 0: 1000, 32: 100 }), queue(0, 'out', { 32: 100 })],
    times: [{ thread: lcore1, busyNs: 1e6 * busyShare, idleNs: 1e6 * (1 - busyShare), packets: 100 }],
    refused: new Map([[0, 0]]),
    programNs: 0,
  };
  const ports = [port(0, { ipackets: 1000n, opackets: 1000n, ...change })];
  return [reading({ timeMs: 1000, ports, recent, ...more }), reading({ ports: [port(0, {})] })];
}

function withRecent(change: Partial<ApplicationReading['recent']>, more = {}): Readings {
  const [now, before] = seen({});
  return [{ ...now, recent: { ...now.recent, ...change }, ...more }, before];
}

function withPort(change: Partial<ReturnType<typeof port>>): Readings {
  const [now, before] = seen({});
  return [{ ...now, ports: now.ports.map((one) => ({ ...one, ...change })) }, before];
}

const P0 = 'port 0 (net_null0)';

describe('problems of an application', () => {
  test.each<[string, Readings, (string | RegExp)[]]>([
    ['none when all is well', seen({}), []],
    ['no link', withPort({ up: false }), [`warning ${P0}: the link is down`]],
    [
      'the adapter drops, and its lcore has time',
      seen({ imissed: 250n }),
      [
        /^bad port 0 .*: the adapter drops 20 % of what arrives .*250 packets.*lcore 1 polls it and is 50 % busy: it has time/,
      ],
    ],
    [
      'the adapter drops, because its lcore has no time',
      seen({ imissed: 1000n }, 0.98),
      [
        /^bad .* drops 50 % .*lcore 1 polls it and is 98 % busy: no time is left/,
        /^warning lcore 1: is 98 % busy/,
      ],
    ],
    ['no mbufs', seen({ rxNombuf: 10n }), [/^bad .*: no mbuf is free .*10 allocations failed/]],
    [
      'errors',
      seen({ ierrors: 2n, oerrors: 1n }),
      [/^bad .*: 1 packets\/s are not sent/, /^warning .*: 2 packets\/s arrive with errors/],
    ],
    [
      'the driver refuses',
      withRecent({ refused: new Map([[0, 1600]]) }),
      [/^warning .*: refuses 50 % of .*at least 1,600 of 3,200 packets/],
    ],
    ['a driver that refuses a few is none', withRecent({ refused: new Map([[0, 20]]) }), []],
    [
      'nobody polls',
      withRecent({ queues: [], times: [] }),
      [/^bad dpdk-testpmd 4711: no thread polls a port/],
    ],
    ['nothing was counted: nobody knows who polls', withRecent({ queues: [], countedMs: 0 }), []],
    ['a replay polls when there are packets', withRecent({ queues: [], times: [] }, { kind: 'replay' }), []],
    [
      'a replay has no empty polls',
      withRecent({ queues: [queue(0, 'in', { 32: 1000 })] }, { kind: 'replay' }),
      [],
    ],
    [
      'queues that nobody polls',
      withPort({ rxQueues: 3 }),
      [/^bad .*: queues 1, 2 are not polled/, /^warning .*: queue 0 gets 100 % of the packets/],
    ],
    [
      'what the application drops in the interval',
      [
        { ...seen({})[0], drops: [{ portId: 0, reason: 'ttl', packets: 30 }] },
        { ...seen({})[1], drops: [{ portId: 0, reason: 'ttl', packets: 10 }] },
      ],
      [/^bad application: drops 20 packets\/s: ttl/],
    ],
    ['what the target refuses', seen({}, 0.5, { problem: 'no BPF' }), ['note not all can be seen no BPF']],
  ])('%s', (_what, [now, before], want) => {
    const found = problemsOf(now, before).map(({ severity, title, evidence }) =>
      [severity, title, ...evidence].join(' '),
    );
    expect(found).toHaveLength(want.length);
    for (const [n, text] of found.entries()) expect(text).toMatch(want[n]!);
  });

  test('one that cannot be looked at', () => {
    expect(agentProblem('no', 7, undefined).next).toMatchObject([{ command: 'hone attach 7' }]);
    expect(agentProblem('silent', 7, 'why')).toMatchObject({ severity: 'bad', evidence: ['why'] });
  });
});
