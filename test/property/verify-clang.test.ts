/** What clang makes of C programs is taken: the examples, loops, functions, maps, tables, and random filters. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { BpfObject, kernelHelpers, type Setting, verifyProgram, wasmProfile } from '../../src/bpf/index.ts';
import { CPUS, type Cpu, compileC, hasClang, needsClang } from '../conformance/clang.ts';
import { randomSource } from '../conformance/object-programs.ts';
import { makeRandom } from '../conformance/packets.ts';

beforeEach((context) => {
  if (!hasClang) context.skip(needsClang);
});

/** The maps and variables of an object. */
function settingOf(object: BpfObject): Setting {
  const maps = object.maps.map(({ spec }) => spec);
  const memories = maps.map(({ name, valueBytes }) => ({ name, lengthBytes: valueBytes, isWritable: true }));
  return {
    helpers: kernelHelpers('socket_filter'),
    resolve: (kind, imm, nextImm) => {
      const map = maps[imm];
      const memory = memories[imm];
      if (kind === 'map_by_idx' && map !== undefined) return { kind: 'map', map };
      return kind === 'map_val_by_idx' && memory !== undefined
        ? { kind: 'memory', memory, offset: nextImm }
        : undefined;
    },
  };
}

function verifyAll(source: string, cpu: Cpu, options?: readonly string[]): void {
  const object = new BpfObject(compileC(source, cpu, options));
  const setting = settingOf(object);
  for (const name of object.programs) verifyProgram(object.link(name).insns, wasmProfile(), setting);
}

const example = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../examples/filter', `${name}.c`), 'utf8');

const programs: readonly (readonly [name: string, source: string])[] = [
  ['first-packets.c', example('first-packets')],
  ['small-mss.c', example('small-mss')],
  [
    'a loop with a function and a table',
    `#include <hone/packet.h>
     __u32 table[16];
     static __attribute__((noinline)) __u32 mix(__u32 a, __u32 b) { return a * 31 + b; }
     SEC("filter") int f(struct hone_packet *p)
     {
       __u32 sum = 0;
       for (__u32 i = 0; i < 40; i++) {
         if (i >= p->data_len) break;
         __u32 byte = load_byte(p, i);
         table[byte & 15] += 1;
         sum = mix(sum, byte);
       }
       return sum & 1;
     }`,
  ],
  [
    'an array on the stack with an index that is not constant',
    `#include <hone/packet.h>
     SEC("filter") int f(struct hone_packet *p)
     {
       volatile __u64 seen[8] = {};
       seen[load_byte(p, 14) & 7] = 1;
       seen[load_byte(p, 15) % 8] += 2;
       return seen[load_byte(p, 16) & 7] != 0;
     }`,
  ],
];

for (const [name, source] of programs) {
  for (const cpu of CPUS) test(`${name}, -mcpu=${cpu}`, () => verifyAll(source, cpu));
}

test('random filters', { timeout: 60_000 }, () => {
  const source = randomSource(60, makeRandom(9));
  for (const cpu of CPUS) verifyAll(source, cpu, ['-Wno-everything', '-fwrapv']);
  expect(source).toContain('p59');
});
