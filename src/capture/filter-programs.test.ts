import { expect, test } from 'vitest';
import { CompileError } from '../base/index.ts';
import { compilePrograms } from './filter-programs.ts';

const tcpPorts = Array.from({ length: 40 }, (_, i) => `(host 10.0.0.${i} and port ${i + 80})`).join(' or ');

for (const filter of [
  'ip',
  'geneve',
  'geneve or ip',
  'geneve and tcp port 80',
  'ip protochain 6',
  'ip6 protochain 6',
  tcpPorts,
]) {
  test(`runs: ${filter.slice(0, 40)}`, () => {
    expect(compilePrograms(filter)).toEqual({ in: expect.any(Uint8Array), out: expect.any(Uint8Array) });
  });
}

for (const filter of ['vlan and geneve and host 10.0.0.1', 'vlan and protochain 17']) {
  test(`would be checked for minutes: ${filter}`, () => {
    expect(() => compilePrograms(filter)).toThrow(CompileError);
    expect(() => compilePrograms(filter)).toThrow(/got \d+ instructions .* expected at most 512/);
  });
}

test('every packet needs no program', () => {
  expect(compilePrograms('')).toEqual({ in: undefined, out: undefined });
});
