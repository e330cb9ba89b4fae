import { expect, test } from 'vitest';
import { fakePort } from '../../test/fakes/feed.ts';
import type { HookCounters, PortInfo } from '../target/index.ts';
import { InterfaceTable } from './interface-table.ts';

function captured(port: PortInfo) {
  return { port, name: port.name, description: '', snaplen: 100, filter: '' };
}

const counters = {
  ipackets: 0n,
  opackets: 0n,
  ibytes: 0n,
  obytes: 0n,
  ierrors: 0n,
  oerrors: 0n,
  rxNombuf: 0n,
};
const missing = (portId: number, imissed: bigint): PortInfo => ({
  ...fakePort(portId, `port${portId}`),
  counters: { ...counters, imissed },
});

function hook(interfaceId: number, direction: 'in' | 'out', seen: bigint, matched: bigint, dropped: bigint) {
  const common = { portId: 0, queueId: 0, bytes: 0n, captured: matched - dropped };
  return { ...common, interfaceId, direction, seen, matched, dropped } satisfies HookCounters;
}

test('counters of queues and directions are summed by interface', () => {
  const table = new InterfaceTable(1);
  const [a, b] = [0, 1].map((id) => table.add(0, id, captured(fakePort(id, `port${id}`))));
  table.takeCounters(0, [
    hook(0, 'in', 10n, 5n, 1n),
    hook(0, 'out', 20n, 6n, 0n),
    hook(1, 'in', 7n, 7n, 7n),
    // Not announced yet.
    hook(2, 'in', 9n, 9n, 9n),
  ]);
  expect(a!.counters).toEqual({ seen: 30n, matched: 11n, captured: 10n, dropped: 1n });
  expect(b!.counters).toEqual({ seen: 7n, matched: 7n, captured: 0n, dropped: 7n });
});

test('the file numbers interfaces as they come; the first source keeps its own numbers', () => {
  const table = new InterfaceTable(2);
  const add = (source: number, id: number) => table.add(source, id, captured(fakePort(id, 'p'))).id;
  expect([add(0, 0), add(1, 0), add(0, 1)]).toEqual([0, 1, 2]);
  expect(table.fileIds(0)).toEqual([0, 2]);
  expect(table.fileIds(1)).toEqual([1]);
  const single = new InterfaceTable(1);
  single.add(0, 0, captured(fakePort(0, 'p')));
  expect(single.fileIds(0)).toBeUndefined();
});

test('a number that is skipped, and a packet of an unknown interface, are the peer’s fault', () => {
  const table = new InterfaceTable(1);
  expect(() => table.add(0, 1, captured(fakePort(0, 'p')))).toThrow('got new interface 1, expected 0');
  expect(() => table.get(0, 0)).toThrow('got a packet of interface 0, which was never announced');
});

test('misses: since the start, unknown without counters, held when they go back or the port goes', () => {
  const table = new InterfaceTable(1);
  const counting = table.add(0, 0, captured(missing(0, 50n)));
  const silent = table.add(0, 1, captured(fakePort(1, 'port1')));
  expect([counting.missed, silent.missed]).toEqual([0n, undefined]);
  table.takePorts(0, [missing(0, 58n), missing(1, 9n)]);
  expect([counting.missed, silent.missed]).toEqual([8n, undefined]);
  table.takePorts(0, [missing(0, 3n)]);
  expect(counting.missed).toBe(8n);
  // Another port has the id now.
  table.takePorts(0, [{ ...missing(0, 99n), name: 'other' }]);
  expect(counting.missed).toBe(8n);
  counting.state = 'removed';
  table.takePorts(0, [missing(0, 99n)]);
  expect(counting.missed).toBe(8n);
});

test('packets that did not reach the file are taken back', () => {
  const table = new InterfaceTable(1);
  const [a, b] = [0, 1].map((id) => table.add(0, id, captured(fakePort(id, 'p'))));
  Object.assign(a!, { written: 3 });
  Object.assign(b!, { written: 5 });
  table.forgetWritten(0);
  table.forgetWritten(undefined);
  table.forgetWritten(9);
  expect([a!.written, b!.written]).toEqual([2, 4]);
});
