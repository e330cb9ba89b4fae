import { describe, expect, test } from 'vitest';
import { cases, drop, flows, four, level } from './faults.fixture.ts';
import { findFindings, rules } from './find-findings.ts';
import { healthy, lcore, port, queue } from './observation.fixture.ts';
import type { Observation } from './observation.ts';

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
});
