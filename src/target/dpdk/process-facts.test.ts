import { describe, expect, test } from 'vitest';
import {
  parseFilePrefix,
  parseMaps,
  parseStartTicks,
  processExists,
  readCommandLine,
  readMapsFacts,
  uptimeSeconds,
} from './process-facts.ts';

const line = (path: string) =>
  `7f1c60a00000-7f1c60a22000 r--p 00000000 fd:00 1835 ${' '.repeat(20)}${path}\n`;

describe('parseMaps', () => {
  test.each([
    ['/usr/lib/x86_64-linux-gnu/librte_eal.so.23.0', { kind: 'shared', abiMajor: 23 }],
    ['/opt/dpdk/lib/librte_eal.so.25', { kind: 'shared', abiMajor: 25 }],
    ['/opt/dpdk/lib/librte_eal.so.24.1 (deleted)', { kind: 'shared', abiMajor: 24 }],
    ['/opt/dpdk/lib/librte_eal.so', { kind: 'shared', abiMajor: undefined }],
    ['/usr/lib/librte_ethdev.so.23.0', undefined],
    ['/home/me/librte_eal.so.23.txt', undefined],
    ['', undefined],
  ])('%s', (path, dpdk) => {
    expect(parseMaps(line('/usr/bin/app') + line(path) + line('[stack]'))).toEqual({ dpdk, hasAgent: false });
  });

  test('sees the agent, also when its file was replaced', () => {
    const cache = '/var/cache/hone/agent/23-0123456789ab/libhone_agent.so';
    expect(parseMaps(line(cache)).hasAgent).toBe(true);
    expect(parseMaps(line(`${cache} (deleted)`)).hasAgent).toBe(true);
    expect(parseMaps(line(`${cache}.4711`)).hasAgent).toBe(false);
  });
});

test('the start time is found behind any process name', () => {
  const rest = 'S 1 2 2 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 111 222';
  expect(parseStartTicks(`12 (testpmd) ${rest}`)).toBe(987_654);
  expect(parseStartTicks(`12 (a) b (c) 1 2) ${rest}`)).toBe(987_654);
});

test.each([
  [['testpmd'], 'rte'],
  [['testpmd', '--file-prefix', 'a', '--', 'x'], 'a'],
  [['testpmd', '--file-prefix=b=c'], 'b=c'],
  [['testpmd', '--file-prefix'], 'rte'],
  [[], 'rte'],
])('the file prefix of %j is %s', (commandLine, prefix) => {
  expect(parseFilePrefix(commandLine)).toBe(prefix);
});

test('this process is read as it is', () => {
  expect(processExists(process.pid)).toBe(true);
  expect(readCommandLine(process.pid)[0]).toContain('node');
  expect(readMapsFacts(process.pid)).toEqual({ dpdk: undefined, hasAgent: false });
  expect(Math.abs(uptimeSeconds(process.pid)! - process.uptime())).toBeLessThan(2);
});

test('a process that is not there has no facts', () => {
  const pid = 2 ** 22 + 1;
  expect(processExists(pid)).toBe(false);
  expect(readCommandLine(pid)).toEqual([]);
  expect(readMapsFacts(pid)).toBeUndefined();
  expect(uptimeSeconds(pid)).toBeUndefined();
});
