import { expect, test } from 'vitest';
import { compilePrograms } from './filter-programs.ts';

const tcpPorts = Array.from({ length: 40 }, (_, i) => `(host 10.0.0.${i} and port ${i + 80})`).join(' or ');

for (const filter of [
  'ip',
  'geneve',
  'geneve or ip',
  'geneve and tcp port 80',
  'ip protochain 6',
  'ip6 protochain 6',
  'vlan and geneve and host 10.0.0.1',
  'vlan and protochain 17',
  tcpPorts,
]) {
  test(`runs: ${filter.slice(0, 40)}`, () => {
    expect(compilePrograms(filter)).toEqual({ in: expect.any(Uint8Array), out: expect.any(Uint8Array) });
  });
}

test('what becomes too long is refused by its length', () => {
  const filter = 'vlan and (protochain 6 or protochain 17 or protochain 1)';
  expect(() => compilePrograms(filter)).toThrow(/got \d+ extended instructions, expected at most 4096/);
});

test('every packet needs no program', () => {
  expect(compilePrograms('')).toEqual({ in: undefined, out: undefined });
});
