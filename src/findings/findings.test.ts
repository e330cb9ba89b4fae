import { describe, expect, test } from 'vitest';
import { cases, drop, flows, four, level } from './faults.fixture.ts';
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
  expect(found.map(({ severity }) => severity)).toEqual(['bad', 'bad', 'bad', 'warning']);
});

test('who polls is told with drops of the adapter, busy or late', () => {
  const evidence = (percent: number) =>
    findFindings(healthy({ ports: [port({ missed: 1 })], lcores: [lcore(percent)] }))[0]!.evidence[1];
  expect(evidence(96)).toBe('lcore 1 polls it and is 96 % busy: no time is left');
  expect(evidence(40)).toBe('lcore 1 polls it and is 40 % busy: it has time, but comes too late');
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
