/** C programs with maps, variables and functions of their own on recorded packets, and objects that are damaged. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { HoneError } from '../../src/base/index.ts';
import { BpfObject, PacketProgram } from '../../src/bpf/index.ts';
import { compileC, hasClang, needsClang } from './clang.ts';
import { composedPackets, makeRandom, type Packet } from './packets.ts';

beforeEach((context) => {
  if (!hasClang) context.skip(needsClang);
});

const frames: readonly Packet[] = composedPackets();

function program(source: string, name?: string): PacketProgram {
  return new PacketProgram(new BpfObject(compileC(`#include <hone/packet.h>\n${source}`)), name);
}

function run(one: PacketProgram, packets: readonly Packet[] = frames): boolean[] {
  return packets.map(({ bytes, wireLength }, n) =>
    one.matches(bytes, { originalLength: wireLength, timestampNs: BigInt(n) * 1000n, port: 0, hash: n }),
  );
}

test('the example first-packets keeps three of each pair, and counts', () => {
  const source = readFileSync(join(import.meta.dirname, '../../examples/filter/first-packets.c'), 'utf8');
  const one = new PacketProgram(new BpfObject(compileC(source)));
  const ip = frames.filter(({ bytes }) => bytes[12] === 8 && bytes[13] === 0);
  const counts = new Map<string, number>();
  const wanted = ip.map(({ bytes }) => {
    const pair = String(bytes.slice(26, 34));
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
    return counts.get(pair)! <= 3;
  });
  expect(run(one, ip)).toEqual(wanted);
  expect(wanted).toContain(false);
  const text = one.formatMaps();
  expect(text).toContain(`ip_bytes: ${ip.reduce((sum, { wireLength }) => sum + wireLength, 0)}\n`);
  expect([...text.matchAll(/^ {2}(?:[0-9a-f]{2} ?){8}: (\d+)$/gm)].map(([, n]) => Number(n)).sort()).toEqual(
    [...counts.values()].sort(),
  );
});

test('variables begin as they are written, and constants are read', () => {
  const one = program(`
    __u32 limit = 3; __u16 seen; static __u64 sum; const volatile __u32 step = 5;
    const __u16 table[] = { 10, 20, 30, 40 };
    SEC("filter") int f(struct hone_packet *p) { seen++; sum += step + table[p->hash_rss & 3]; return seen <= limit; }`);
  expect(run(one, frames.slice(0, 5))).toEqual([true, true, true, false, false]);
  const text = one.formatMaps();
  expect(text).toContain('map .data:\n  limit: 3\n');
  expect(text).toContain('seen: 5\n');
  expect(text).toContain(`sum: ${5 * 5 + 10 + 20 + 30 + 40 + 10}\n`);
  expect(text).not.toContain('table');
});

test('functions, static and not, in one program and in two', () => {
  const source = `
    static __attribute__((noinline)) __u32 inner(__u32 n) { return n * 3 + 1; }
    __attribute__((noinline)) __u32 outer(__u32 n) { return inner(n) + inner(n + 1); }
    SEC("filter") int first(struct hone_packet *p) { return outer(p->hash_rss) == 11; }
    SEC("filter/second") int second(struct hone_packet *p) { return inner(p->hash_rss) == 7; }`;
  expect(run(program(source, 'first'), frames.slice(0, 4))).toEqual([false, true, false, false]);
  expect(run(program(source, 'second'), frames.slice(0, 4))).toEqual([false, false, true, false]);
  expect(() => program(source)).toThrow('the object has several programs: expected one of first, second');
  expect(() => program(source, 'frist')).toThrow('did you mean first?');
});

const map = (name: string, members: string) => `struct { ${members} } ${name} SEC(".maps");`;

test('an array, an old definition, a ring buffer, a trie, the time', () => {
  const one = program(`
    ${map('sizes', '__uint(type, HONE_MAP_PERCPU_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, __u64);')}
    ${map('events', '__uint(type, HONE_MAP_RINGBUF); __uint(max_entries, 4096);')}
    struct route { __u32 bits; __u8 address[4]; };
    ${map('routes', '__uint(type, HONE_MAP_LPM_TRIE); __uint(max_entries, 4); __uint(map_flags, 1); __type(key, struct route); __type(value, __u16);')}
    struct old_map { __u32 type, key_size, value_size, max_entries, map_flags; };
    struct old_map SEC("maps") old = { 2, 4, 4, 1, 0 };
    SEC("filter") int f(struct hone_packet *p) {
      __u32 at = p->hash_rss & 1, zero = 0;
      __u64 *size = map_lookup(&sizes, &at);
      if (size) *size += p->pkt_len;
      __u32 *count = map_lookup(&old, &zero);
      if (count) __sync_fetch_and_add(count, 1);
      struct route net = { 8, { 10, 0, 0, 0 } }, host = { 32, { 10, 1, 2, 3 } };
      __u16 value = 77;
      map_update(&routes, &net, &value, HONE_ANY);
      __u16 *found = map_lookup(&routes, &host);
      __u64 *record = ring_reserve(&events, 8, 0);
      if (record) { *record = time_ns(); if (at) ring_submit(record, 0); else ring_discard(record, 0); }
      return found && *found == 77;
    }`);
  expect(run(one, frames.slice(0, 4))).toEqual([true, true, true, true]);
  const [a, b, c, d] = frames.map(({ wireLength }) => wireLength);
  const text = one.formatMaps();
  expect(text).toContain(`map sizes:\n  0: ${a! + c!}\n  1: ${b! + d!}\n`);
  expect(text).toContain('map old:\n  0: 4\n');
  expect(text).toContain('map routes:\n  08 00 00 00 0a 00 00 00: 77\n');
  expect(text).toContain('map events:\n  e8 03 00 00 00 00 00 00\n  b8 0b 00 00 00 00 00 00\n');
});

describe('refused with the reason', () => {
  const body = (c: string) => `SEC("filter") int f(struct hone_packet *p) { ${c} }`;
  const hash = map(
    'm',
    '__uint(type, HONE_MAP_HASH); __uint(max_entries, 4); __type(key, __u32); __type(value, __u64);',
  );
  for (const { what, source, message } of [
    {
      what: 'a value that may not be there',
      source: `${hash}${body('__u32 k = 1; __u64 *v = map_lookup(&m, &k); return *v;')}`,
      message: /^program f: instruction \d+: /,
    },
    {
      what: 'a store to a constant',
      source: `const volatile __u32 limit = 3;${body('*(volatile __u32 *)&limit = 4; return 1;')}`,
      message: /^program f: instruction \d+: /,
    },
    {
      what: 'a function that is not there',
      source: `int absent(int);${body('return absent(1);')}`,
      message: 'f calls absent, which the object does not have',
    },
    {
      what: 'a variable that is not there',
      source: `extern __u32 absent;${body('return absent;')}`,
      message: 'absent is used, which the object does not have',
    },
    {
      what: 'an address in a variable',
      source: `__u32 a; __u32 *b = &a;${body('return *b;')}`,
      message: 'section .data holds the address of a at 0',
    },
    {
      what: 'a map of a kind that is not known',
      source: `${hash.replace('HONE_MAP_HASH', '3')}${body('return 1;')}`,
      message: 'map m: type 3 is not supported',
    },
    {
      what: 'a member of a map that is not known',
      source: `${hash.replace('__uint(max', '__uint(pinning, 1); __uint(max')}${body('return 1;')}`,
      message: 'map m: member pinning is not supported',
    },
    { what: 'no program', source: 'int f(void) { return 1; }', message: 'the object has no program' },
  ]) {
    test(what, () => {
      expect(() => program(source)).toThrow(message);
    });
  }

  test('maps without type information', () => {
    const source = `#include <hone/packet.h>\n${hash}${body('return !map_lookup(&m, &m);')}`;
    expect(() => new BpfObject(compileC(source, 'v3', []))).toThrow('expected clang -g');
  });

  test('another byte order, another machine, another kind of file', () => {
    const good = compileC(`#include <hone/packet.h>\n${body('return 1;')}`);
    const changed = (offset: number, byte: number) => {
      const copy = good.slice();
      copy[offset] = byte;
      return () => new BpfObject(copy);
    };
    expect(changed(5, 2)).toThrow('big-endian ELF object: expected little-endian');
    expect(changed(18, 62)).toThrow('ELF object for machine 62: expected 247');
    expect(changed(4, 1)).toThrow('ELF object of 32 bits');
    expect(changed(0, 0)).toThrow('expected an ELF object, got something else');
    expect(() => new BpfObject(new Uint8Array())).toThrow('expected an ELF object');
  });
});

test('whatever is changed in an object, only our errors come out', () => {
  const source = `#include <hone/packet.h>
    ${map('m', '__uint(type, HONE_MAP_HASH); __uint(max_entries, 4); __type(key, __u32); __type(value, __u64);')}
    __u64 sum; static __attribute__((noinline)) int called(int n) { sum += n; return n & 1; }
    SEC("filter") int f(struct hone_packet *p) {
      __u32 k = 1; __u64 *v = map_lookup(&m, &k); if (v) *v = 3; return called(p->pkt_len) + called(2); }`;
  const good = compileC(source);
  const random = makeRandom(5);
  const view = new DataView(good.buffer, good.byteOffset, good.length);
  const headers = view.getUint32(40, true);
  const refusals = new Set<string>();
  for (let round = 0; round < 4000; round++) {
    let bad = good.slice();
    for (let n = random(4); n >= 0; n--) {
      // Half of it where sections are described.
      const at = random(2) === 0 ? headers + random(bad.length - headers) : random(bad.length);
      bad[at] = [0, 1, 0x7f, 0x80, 0xff, random(256)][random(6)]!;
    }
    if (random(8) === 0) bad = bad.subarray(0, random(bad.length));
    try {
      const object = new BpfObject(bad);
      for (const name of object.programs) object.link(name);
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      refusals.add(error.message.replaceAll(/\d+/g, 'N'));
    }
  }
  expect(refusals.size).toBeGreaterThan(30);
});
