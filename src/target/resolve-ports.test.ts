import { describe, expect, test } from 'vitest';
import { UsageError } from '../base/index.ts';
import { type OpenApplication, selectPorts } from './resolve-ports.ts';
import type { PortInfo, Target } from './target.ts';

function application(
  pid: number,
  name: string,
  filePrefix: string,
  ports: readonly string[],
): OpenApplication {
  return {
    label: `${name} ${pid}`,
    pid,
    name,
    target: { info: { filePrefix } } as Target,
    ports: ports.map((port, portId) => ({ portId, name: port }) as PortInfo),
  };
}

const router = application(100, 'router', 'edge', ['0000:01:00.0', 'net_tap0']);
const firewall = application(200, 'firewall', 'rte', ['net_null0', 'net_tap0']);

function select(selector: string, ...applications: OpenApplication[]): string[] {
  return selectPorts(selector, applications).map(({ application: { pid }, port }) => `${pid}:${port.portId}`);
}

describe('one application', () => {
  test.each([
    ['net_tap0', ['100:1']],
    ['1', ['100:1']],
    ['0000:01:00.0', ['100:0']],
    ['all', ['100:0', '100:1']],
    ['100/1', ['100:1']],
    ['edge/all', ['100:0', '100:1']],
    ['router/net_tap0', ['100:1']],
  ])('%s', (selector, ports) => expect(select(selector, router)).toEqual(ports));

  test('a name that looks like an id is a name', () => {
    expect(select('1', application(1, 'a', 'b', ['1', 'x']))).toEqual(['1:0']);
  });
});

describe('several applications', () => {
  test.each([
    ['net_null0', ['200:0']],
    ['0000:01:00.0', ['100:0']],
    ['200/1', ['200:1']],
    ['edge/net_tap0', ['100:1']],
    ['firewall/all', ['200:0', '200:1']],
  ])('%s', (selector, ports) => expect(select(selector, router, firewall)).toEqual(ports));

  test.each(['net_tap0', '0', 'all'])('%s is ambiguous', (selector) => {
    const attempt = () => select(selector, router, firewall);
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(`100/${selector}  (router 100)\n  200/${selector}  (firewall 200)`);
  });
});

describe('what is not there', () => {
  test.each([
    ['net_tap1', 'no port "net_tap1", did you mean "net_tap0"?: there are 0000:01:00.0, net_tap0'],
    ['7', 'no port "7": there are 0000:01:00.0, net_tap0'],
    ['edgy/0', 'no application "edgy", did you mean "edge"?: router 100'],
    ['/0', 'no application "": router 100'],
  ])('%s', (selector, message) => {
    expect(() => select(selector, router)).toThrow(new UsageError(message));
  });

  test('an application without ports says so', () => {
    expect(() => select('0', application(1, 'idle', 'x', []))).toThrow('idle 1 has no ports');
    expect(() => select('all', application(1, 'idle', 'x', []))).toThrow('idle 1 has no ports');
  });
});
