import { describe, expect, test } from 'vitest';
import { cases, drop, flows, four, level, stage } from './faults.fixture.ts';
import { findFindings, rules } from './find-findings.ts';
import { healthy, lcore, port, queue } from './observation.fixture.ts';
import type { Observation, RecordedInput } from './observation.ts';

test('an application in which all is well has no findings', () => {
  expect(findFindings(healthy())).toEqual([]);
});

test('every rule has a case, and every case a rule', () => {
  expect(rules.map(({ name }) => name).sort()).toEqual(Object.keys(cases).sort());
});

describe.each(Object.entries(cases))('%s', (name, [bad, good, words]) => {
  test('is found, with its numbers', () => {
    const found = findFindings(healthy(bad)).filter(({ rule }) => rule === name);
    expect(found.map(({ subject, title }) => `${subject} ${title}`)).toEqual([words]);
  });

  test('is not found when there is just no reason', () => {
    expect(findFindings(healthy(good)).map(({ rule }) => rule)).not.toContain(name);
  });
});

test('the worst comes first; an empty mempool and a full ring are bad', () => {
  const found = findFindings(
    healthy({
      lcores: [lcore(99)],
      mempools: [level(0, 900)],
      rings: [level(0, 1000)],
      drops: [drop('ttl')],
    }),
  );
  expect(found.map(({ severity, title }) => `${severity}: ${title}`)).toEqual([
    'bad: drops 50 packets/s: ttl',
    'bad: was empty',
    'bad: was full',
    'warning: is 99 % busy',
  ]);
});

test('who polls is told with drops of the adapter, busy or late', () => {
  const evidence = (percent: number) =>
    findFindings(healthy({ ports: [port({ missed: 1 })], lcores: [lcore(percent)] }))[0]!.evidence[1];
  expect(evidence(96)).toBe('lcore 1 polls it and is 96 % busy: no time is left');
  expect(evidence(40)).toBe('lcore 1 polls it and is 40 % busy: it has time, but comes too late');
});

/** The one finding of a rule. */
function findingOf(rule: string, more: Partial<Observation>) {
  const found = findFindings(healthy(more)).filter((finding) => finding.rule === rule);
  expect(found).toHaveLength(1);
  return found[0]!;
}

test('drops of the adapter: what was missed, and who polls that port, nobody else', () => {
  const ports = [port({ missed: 250_000 }), port({ portId: 1 })];
  const other = queue({ 1: 500 }, { portId: 1, tids: [12] });
  const queues = [queue({ 1: 500 }), other];
  const lcores = [lcore(99), lcore(10, { tid: 12, lcore: 2 })];
  const evidence = (more: Partial<Observation>) =>
    findingOf('adapter-drops', { ports, queues, lcores, ...more }).evidence;
  expect(evidence({})).toEqual([
    '250,000 packets in 10.0 s found no free receive descriptor (imissed), 1,000,000 were received',
    'lcore 1 polls it and is 99 % busy: no time is left',
  ]);
  expect(evidence({ queues: [other] }).slice(1)).toEqual(['nobody polls it']);
  // Without having counted, and where polls may not have been recorded, nobody is blamed.
  expect(evidence({ queues: [] }).slice(1)).toEqual([]);
  expect(evidence({ queues: [other], source: 'recording' }).slice(1)).toEqual([]);
});

test('without mbufs: how many allocations, and the levels of the mempools', () => {
  expect(findingOf('no-mbuf', { ports: [port({ noMbuf: 7, missed: 3 })] }).evidence).toEqual([
    '7 allocations failed in 10.0 s (rx_nombuf)',
    'mempool packets had 500 of 1,000 free at least',
  ]);
});

test('a full link: in either direction, and never above its speed', () => {
  const title = (more: Parameters<typeof port>[0]) => findingOf('link-full', { ports: [port(more)] }).title;
  expect(title({ txPackets: 1.4e8, txBytes: 1.4e8 * 60 })).toBe("sends at 94 % of the link's speed");
  expect(title({ rxPackets: 1.5e8, rxBytes: 1.5e8 * 60 })).toBe("receives at 100 % of the link's speed");
});

test("figures of a port are of its own time, which is not a recording's", () => {
  const ports = [port({ seconds: 5, rxErrors: 100, txErrors: 200 })];
  expect(findingOf('rx-errors', { ports })).toMatchObject({
    ...{ title: '20 packets/s arrive with errors', evidence: ['100 in 5.0 s (ierrors)'] },
  });
  expect(findingOf('tx-errors', { ports })).toMatchObject({
    ...{ title: '40 packets/s are not sent', evidence: ['200 in 5.0 s (oerrors)'] },
  });
  const half = { seconds: 5, rxPackets: 0.7e8, rxBytes: 0.7e8 * 60 };
  expect(findingOf('link-full', { ports: [port(half)] }).title).toBe("receives at 94 % of the link's speed");
});

test('drops of the application: the most first, and whence', () => {
  const found = findingOf('application-drops', {
    ports: [port(), port({ portId: 1, name: 'out' })],
    drops: [
      drop('ttl'),
      { ...drop('denied'), portId: 1, packets: 900 },
      { ...drop('rate'), portId: undefined, packets: 700 },
    ],
  });
  expect(found.evidence).toEqual([
    'denied: 900 packets from port 1 (out) in 10.0 s',
    'rate: 700 packets in 10.0 s',
    'ttl: 500 packets from port 0 (net_null0) in 10.0 s',
  ]);
  expect(found.next).toHaveLength(3);
});

test('drops of the application, all at one moment: no rate', () => {
  const drops = [{ ...drop('ttl'), countedSeconds: 0 }];
  expect(findingOf('application-drops', { drops }).title).toBe('drops 500 packets: ttl');
});

test.each([
  ['ttl', "-e 'dpdk:rx_packet /ip.ttl <= 1/ { @[ip.src, ip.dst] ", "-i 10/1 -c 20 -f 'ip[8] <= 1'"],
  ['tx_full', "-e 'dpdk:tx_burst { @[args.port] "],
  ['ring_full', "-e 'dpdk:tx_burst { @[args.port] "],
  ['unsupported', "-e 'dpdk:rx_packet { @[eth.type] "],
  ['no_route', "-e 'dpdk:rx_packet { @[ip.dst] "],
  ['no_neighbor', "-e 'dpdk:rx_packet { @[ip.dst] "],
  ['denied', "-e 'dpdk:rx_packet { @[ip.dst] "],
  ['too_long', "-e 'dpdk:rx_packet { @ = hist(args.len); "],
  ['other', "-e 'app:dataplane:drop { @[args.port, args.reason] "],
])('what to ask next of packets dropped for %s', (reason, ...wanted) => {
  const { next } = findingOf('application-drops', { drops: [{ ...drop(reason), portId: 1 }] });
  expect(next).toHaveLength(wanted.length);
  for (const [n, words] of wanted.entries()) expect(next[n]!.command).toContain(words);
});

test('a large flow is one of many bytes, however many packets these are', () => {
  const made = flows(300, 700);
  const [first, second] = made.flows;
  const traffic = {
    ...made,
    flows: [
      { ...first!, bytes: 60_000 },
      { ...second!, bytes: 40_000 },
    ],
  };
  expect(findingOf('elephant-flow', { traffic })).toMatchObject({
    ...{ title: 'one flow has 60 % of the bytes', evidence: ['flow 0: 300 of 1,000 packets'] },
  });
});

test('a hot queue: one flow, or a hash that does not spread', () => {
  const ports = [port({ rxQueues: 4 })];
  const evidence = (traffic: Observation['traffic']) =>
    findFindings(healthy({ ports, queues: four(1000, 400, 300, 300), traffic })).find(
      ({ rule }) => rule === 'hot-queue',
    )!.evidence[1];
  expect(evidence(flows(400, 300, 300))).toContain('one flow is large enough');
  expect(evidence(flows(200, 200, 200, 200, 200))).toContain('it is the hash');
});

test('a large flow of a hot queue is small among those of all ports', () => {
  const ports = [port({ rxQueues: 4 }), port({ portId: 1 })];
  const queues = [...four(1000, 400, 300, 300), queue({ 0: 500, 1: 8000 }, { portId: 1 })];
  const traffic = flows(90, ...Array<number>(91).fill(10));
  const [hot] = findFindings(healthy({ ports, queues, traffic })).filter(({ rule }) => rule === 'hot-queue');
  expect(hot!.evidence[1]).toContain('one flow is large enough');
});

test('at a rate that no lcore minds no queue is hot', () => {
  const ports = [port({ rxQueues: 4 })];
  const queues = four(1000, 400, 300, 300).map((one) => ({ ...one, countedSeconds: 1 }));
  expect(findFindings(healthy({ ports, queues })).map(({ rule }) => rule)).not.toContain('hot-queue');
});

test('nobody polls: not without having counted, and not where a thread was seen to', () => {
  const found = (more: Partial<Observation>) =>
    findFindings(healthy({ queues: [], lcores: [], ...more })).map(({ rule }) => rule);
  expect(found({})).toContain('nobody-polls');
  expect(found({ countedSeconds: 0 })).not.toContain('nobody-polls');
  expect(found({ lcores: [lcore(1)] })).not.toContain('nobody-polls');
});

test('a replay and a recording are not blamed for polls that they do not have', () => {
  const countsEmptyPolls = false;
  const queues = [
    queue({ 16: 1000 }, { countsEmptyPolls }),
    queue({ 16: 1000 }, { queueId: 1, countsEmptyPolls }),
  ];
  const ports = [port({ rxQueues: 3 })];
  for (const source of ['replay', 'recording'] as const) {
    expect(findFindings(healthy({ source, queues, ports }))).toEqual([]);
    expect(findFindings(healthy({ source, queues: [], ports }))).toEqual([]);
  }
  const few = [queue({ 1: 1000 }, { countsEmptyPolls })];
  expect(findFindings(healthy({ source: 'recording', queues: few }))).toEqual([]);
  const full = findFindings(
    healthy({ source: 'recording', queues: [queue({ 32: 1000 }, { countsEmptyPolls })] }),
  );
  expect(full.map(({ title }) => title)).toEqual(['gives full bursts in 100 % of its polls that gave any']);
});

test('next steps on a recording: commands on what has the packets or events, or none', () => {
  const seen = { source: 'recording', label: 'out cap', drops: [drop('ttl'), drop('ring_full')] } as const;
  const commands = (...inputs: readonly Partial<RecordedInput>[]) => {
    const none = { path: 'out', captures: [], points: [], hasBytes: false };
    const recording = { packets: 1, events: 1, losses: [], isFiltered: false };
    const all = inputs.map((input) => ({ ...none, ...input }));
    return findFindings(healthy({ ...seen, recording: { ...recording, inputs: all } })).flatMap(({ next }) =>
      next.map(({ command }) => command),
    );
  };
  const events = { points: ['dpdk:rx_packet', 'dpdk:tx_burst'] };
  expect(
    commands(events, { path: 'cap', captures: ['cap/p.pcapng'], points: ['dpdk:rx_packet'], hasBytes: true }),
  ).toEqual([
    expect.stringMatching(/^hone trace --read cap -e 'dpdk:rx_packet /),
    "hone read cap/p.pcapng -c 20 -f 'ip[8] <= 1'",
    expect.stringMatching(/^hone trace --read out -e 'dpdk:tx_burst /),
  ]);
  // Recorded events have no bytes of packets.
  expect(commands(events)).toEqual([expect.stringMatching(/^hone trace --read out -e 'dpdk:tx_burst /)]);
  expect(commands({})).toEqual([]);
  const drops = expect.stringMatching(/^hone trace --read out -e 'app:dataplane:drop /);
  expect(commands({ points: ['app:dataplane:drop'] })).toEqual([drops]);
});

test('what is over cannot be looked at by top, perf and the like', () => {
  const lcores = [lcore(99, { longestGapNs: 1e6, pollGaps: Array.from({ length: 20 }, () => 5) })];
  const seen = { lcores, ports: [port({ isUp: false })] };
  const commands = (source: 'application' | 'recording') =>
    findFindings(healthy({ source, ...seen })).flatMap(({ next }) => next.map(({ command }) => command));
  expect(
    commands('application').filter((command) => !/^hone (trace|capture) -/.test(command)).length,
  ).toBeGreaterThan(1);
  for (const command of commands('recording')) expect(command).toMatch(/^hone (trace --read|read) /);
});

/** What is there for a rule, and just not enough, or no reason. */
const unfounded: readonly (readonly [rule: string, why: string, seen: Partial<Observation>])[] = [
  ['elephant-flow', 'too few packets', { traffic: flows(60, 39) }],
  ['elephant-flow', 'the only flow', { traffic: flows(1000) }],
  ['mempool-low', 'a pool without elements', { mempools: [{ ...level(0, 0), size: 0 }] }],
  ['ring-full', 'a ring without room', { rings: [{ ...level(0, 0), size: 0 }] }],
  ['burst-at-maximum', 'one packet is asked for', { queues: [queue({ 1: 1000 }, { askedBurst: 1 })] }],
  ['burst-at-maximum', 'too few polls', { queues: [queue({ 32: 99 })] }],
  ['burst-at-maximum', 'sending', { queues: [queue({ 32: 1000 }, { direction: 'out' })] }],
  ['no-empty-polls', 'too few polls', { queues: [queue({ 16: 99 })] }],
  ['no-empty-polls', 'sending', { queues: [queue({ 16: 999 }, { direction: 'out' })] }],
  [
    'hot-queue',
    'too few packets',
    {
      ports: [port({ rxQueues: 4 })],
      queues: four(100, 33, 33, 33).map((one) => ({ ...one, countedSeconds: 0.01 })),
    },
  ],
  ['hot-queue', 'all of one queue', { queues: four(1000) }],
  ['hot-queue', 'of two queues twice its part is all', { queues: four(790, 210) }],
  [
    'queue-not-polled',
    'queues that are not told apart',
    { ports: [port({ rxQueues: 3 })], queues: [queue({ 1: 500 }, { queueId: undefined })] },
  ],
  ['queue-not-polled', 'nobody polls anything', { ports: [port({ rxQueues: 3 })], queues: [] }],
  ['nobody-polls', 'no ports', { ports: [], queues: [], lcores: [] }],
  ['nobody-polls', 'a replay', { source: 'replay', queues: [], lcores: [] }],
  ['nobody-polls', 'a recording', { source: 'recording', queues: [], lcores: [] }],
  ['small-bursts', 'too few bursts', { queues: [queue({ 4: 99 })] }],
  ['small-bursts', 'no load', { queues: [queue({ 0: 12, 4: 100 })] }],
  ['lcore-imbalance', 'none is loaded', { lcores: [lcore(79), lcore(20, { tid: 12, lcore: 2 })] }],
  ['lcore-imbalance', 'all are busy', { lcores: [lcore(90), lcore(90, { tid: 12, lcore: 2 })] }],
  ['lcore-imbalance', 'all are idle', { lcores: [lcore(10), lcore(10, { tid: 12, lcore: 2 })] }],
  [
    'lcore-imbalance',
    'nothing is known of the other one',
    { lcores: [lcore(90), lcore(0, { tid: 12, lcore: 2, idleNs: 0 })] },
  ],
  ['slow-stage', 'a thread with time', { lcores: [lcore(79)], stages: [stage(0.7e9)] }],
  ['slow-stage', 'of another thread', { lcores: [lcore(90)], stages: [{ ...stage(0.7e9), tid: 12 }] }],
  [
    'slow-stage',
    'no time of its thread',
    { lcores: [lcore(0, { measuredSeconds: 0 })], stages: [stage(1e9)] },
  ],
  [
    'slow-stage',
    'no time of its own',
    { lcores: [lcore(90)], stages: [{ ...stage(1), measuredSeconds: 0 }] },
  ],
  [
    'slow-stage',
    'in a longer time',
    { lcores: [lcore(90)], stages: [{ ...stage(0.7e9), measuredSeconds: 2 }] },
  ],
];

test.each(unfounded)('%s is not found: %s', (rule, _, seen) => {
  expect(findFindings(healthy(seen)).map((finding) => finding.rule)).not.toContain(rule);
});

test('a queue that is polled and one that is not; polls that nobody made', () => {
  const idle = queue({ 0: 0, 1: 0 }, { queueId: 1 });
  expect(
    findingOf('queue-not-polled', { ports: [port({ rxQueues: 2 })], queues: [queue({ 1: 5 }), idle] }),
  ).toMatchObject({ title: 'queue 1 is not polled', evidence: ['of its 2 receive queues 1 were polled'] });
  expect(findingOf('nobody-polls', { queues: [idle], lcores: [] }).evidence).toEqual([
    'no call of rte_eth_rx_burst was seen in 100 ms of counting',
  ]);
});

test('of two queues one is hot with four fifths', () => {
  const found = findingOf('hot-queue', { ports: [port({ rxQueues: 2 })], queues: four(800, 200) });
  expect(found.title).toBe('queue 0 gets 80 % of the packets, one of 2 queues');
  // Whether the other one is polled or not.
  const alone = findingOf('hot-queue', { ports: [port({ rxQueues: 2 })], queues: four(800) });
  expect(alone.title).toBe('queue 0 gets 100 % of the packets, one of 2 queues');
});

test('a busy lcore: its time a packet, and its stages where the application marks them', () => {
  const lcores = [lcore(96, { packets: 9600 })];
  const busy = (more: Partial<Observation>) => findingOf('lcore-saturated', { lcores, ...more });
  expect(busy({}).evidence).toEqual(['960 ms of 1.0 s followed polls that gave packets, 100 µs a packet']);
  expect(busy({ lcores: [lcore(96, { packets: 0 })] }).evidence[0]).not.toContain('a packet');
  expect(busy({}).next.map(({ command }) => command)).toEqual(['perf top -t 11']);
  expect(busy({ stages: [stage(1)] }).next[1]!.command).toContain('app:dataplane:stage_end');
});

test('gaps between polls: how many, whether the kernel made them, and how to see who ran instead', () => {
  const pollGaps = [...Array<number>(17).fill(9), 3, 2];
  const gaps = (involuntarySwitches: number | undefined) =>
    findingOf('poll-gaps', { lcores: [lcore(50, { longestGapNs: 3e5, pollGaps, involuntarySwitches })] });
  const counted = '5 gaps between two polls of 131 µs and more in 1.0 s of watching';
  expect(gaps(undefined).evidence).toEqual([counted]);
  expect(gaps(0).evidence[1]).toBe('the kernel did not take its processor away in this time');
  expect(gaps(7).evidence[1]).toBe('the kernel took its processor away 7 times in 10.0 s');
  expect(gaps(7).next.map(({ tells }) => tells)).toEqual(['gaps between polls', 'who runs in its place']);
});

test('a stage that takes all of the time, and no more', () => {
  expect(findingOf('slow-stage', { lcores: [lcore(100)], stages: [stage(1.01e9)] })).toMatchObject({
    ...{
      title: 'spends 100 % of its time in stage lookup',
      evidence: ['1.0 s in 10 calls, 10.1 ms a packet'],
    },
  });
});
