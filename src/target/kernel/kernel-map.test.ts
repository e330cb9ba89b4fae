import { closeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kernelMapType } from '../../bpf/index.ts';
import { BPF_PROG_TYPE_RAW_TRACEPOINT, loadProgram, runRawTracepoint } from './bpf-syscall.ts';
import { needsBpf, program } from './kernel-fixture.ts';
import { KernelMap, sumWords } from './kernel-map.ts';
import { possibleCpuCount } from './possible-cpus.ts';
import { ProgramRefusedError } from './program-refused.ts';
import { RingBuffer } from './ring-buffer.ts';

beforeEach((context) => {
  if (needsBpf !== undefined) context.skip(needsBpf);
});

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

function open(type: number, keyBytes: number, valueBytes: number, maxEntries: number): KernelMap {
  const map = new KernelMap({ name: 'test', type, keyBytes, valueBytes, maxEntries });
  closers.push(() => map.close());
  return map;
}

function run(source: string, fds: readonly number[], times = 1): number {
  const shape = { name: 'test', type: BPF_PROG_TYPE_RAW_TRACEPOINT, expectedAttachType: 0 };
  const fd = loadProgram({ ...shape, program: program(source, fds) });
  closers.push(() => closeSync(fd));
  let result = 0;
  for (let n = 0; n < times; n++) result = runRawTracepoint(fd);
  return result;
}

const u32 = (...numbers: number[]) => new Uint8Array(Uint32Array.from(numbers).buffer);
const u64 = (...numbers: bigint[]) => new Uint8Array(BigUint64Array.from(numbers).buffer);

/** Adds r6 to the value of the key on the stack. */
const ADD = `
  r2 = r10
  r2 += -8
  r1 = map[0] ll
  call 1
  if r0 == 0 goto new
  r1 = *(u64 *)(r0 + 0)
  r1 += r6
  *(u64 *)(r0 + 0) = r1
  goto done
new:
  *(u64 *)(r10 - 16) = r6
  r2 = r10
  r2 += -8
  r3 = r10
  r3 += -16
  r4 = 0
  r1 = map[0] ll
  call 2
done:
  r0 = 0
  exit`;

describe('maps of the kernel', () => {
  test.each([
    ['hash', kernelMapType.hash],
    ['hash for each processor', kernelMapType.perCpuHash],
  ])('%s: what a program adds is read', (_, type) => {
    const map = open(type, 8, 8, 100);
    run(`r1 = 7\n*(u64 *)(r10 - 8) = r1\nr6 = 5\n${ADD}`, [map.fd], 3);
    const [entry, ...others] = map.entries();
    expect(others).toEqual([]);
    expect(entry!.key).toEqual(u64(7n));
    expect(entry!.values).toHaveLength(type === kernelMapType.hash ? 1 : possibleCpuCount());
    expect(sumWords(entry!.values)).toEqual(BigUint64Array.of(15n));
  });

  test.each([
    ['array', kernelMapType.array, 1],
    ['array for each processor', kernelMapType.perCpuArray, possibleCpuCount()],
  ])('%s: values that are no multiple of 8', (_, type, copies) => {
    const map = open(type, 4, 12, 3);
    map.update(u32(1), u32(1, 2, 3));
    expect(map.lookup(u32(1))).toEqual(Array.from({ length: copies }, () => u32(1, 2, 3)));
    expect(map.lookup(u32(3))).toBeUndefined();
    expect(map.entries()).toHaveLength(3);
    map.clear();
    expect(map.lookup(u32(1))![0]).toEqual(u32(0, 0, 0));
  });

  test('all of many entries, in batches; zero keeps the keys, clear does not', () => {
    const map = open(kernelMapType.hash, 4, 8, 20_000);
    for (let n = 0; n < 10_000; n++) map.update(u32(n), u64(BigInt(n)));
    const read = map.entries();
    expect(new Set(read.map(({ key }) => key.toString())).size).toBe(10_000);
    const total = read.reduce((sum, { values }) => sum + sumWords(values)[0]!, 0n);
    expect(total).toBe(49_995_000n);
    for (let n = 0; n < 9_990; n++) expect(map.delete(u32(n))).toBe(true);
    expect(map.delete(u32(1))).toBe(false);
    map.zero();
    expect(map.entries().map(({ values }) => sumWords(values)[0])).toEqual(Array(10).fill(0n));
    map.clear();
    expect(map.entries()).toEqual([]);
  });

  test('a full map says so', () => {
    const map = open(kernelMapType.hash, 4, 4, 1);
    map.update(u32(1), u32(1));
    expect(() => map.update(u32(2), u32(1))).toThrow(/BPF_MAP_UPDATE_ELEM.*E2BIG/);
  });

  test('what cannot be made names the call and the map', () => {
    expect(() => open(kernelMapType.hash, 0, 4, 1)).toThrow(/bpf\(BPF_MAP_CREATE\) test: EINVAL/);
  });
});

describe('programs', () => {
  test('run gives what the program gives', () => {
    expect(run('r0 = -7\nexit', [])).toBe(-7);
  });

  test('a refusal says why in one line and keeps the log', () => {
    const attempt = () => run('r0 = *(u64 *)(r1 + 0)\nr0 = *(u64 *)(r0 + 8)\nexit', []);
    expect(attempt).toThrow(ProgramRefusedError);
    expect(attempt).toThrow("the kernel refuses the program of test: R0 invalid mem access 'scalar'");
    try {
      attempt();
    } catch (error) {
      expect((error as ProgramRefusedError).log).toMatch(
        /0: .*r0 = \*\(u64 \*\)\(r1 \+0\)[\s\S]*processed \d+ insns/,
      );
    }
  });
});

describe('ring buffer', () => {
  const PAGE = 4096;

  function ring(): { map: KernelMap; reader: RingBuffer } {
    const map = open(kernelMapType.ringBuffer, 0, 0, PAGE);
    const reader = new RingBuffer(map.fd, PAGE);
    closers.push(() => reader.close());
    return { map, reader };
  }

  /** Writes 20 bytes, r6 first, and gives what the helper gives. */
  const OUTPUT = `
    *(u64 *)(r10 - 24) = r6
    *(u64 *)(r10 - 16) = r6
    *(u64 *)(r10 - 8) = r6
    r1 = map[0] ll
    r2 = r10
    r2 += -24
    r3 = 20
    r4 = 0
    call 130
    exit`;

  test('records come in order, at their length, over the end of the ring, and full is full', () => {
    const { map, reader } = ring();
    const lost: number[] = [];
    const shape = { name: 'test', type: BPF_PROG_TYPE_RAW_TRACEPOINT, expectedAttachType: 0 };
    let expected = 0;
    for (let round = 0; round < 5; round++) {
      const fd = loadProgram({ ...shape, program: program(`r6 = ${round}\n${OUTPUT}`, [map.fd]) });
      closers.push(() => closeSync(fd));
      for (let n = 0; n < 200; n++) if (runRawTracepoint(fd) !== 0) lost.push(round);
      const seen: number[] = [];
      const taken = reader.poll((record) => {
        expect(record).toHaveLength(20);
        seen.push(record[0]!, record[16]!);
      });
      expect(seen).toEqual(Array(2 * taken).fill(round));
      expected += taken;
    }
    expect(expected + lost.length).toBe(1000);
    expect(lost.length).toBeGreaterThan(0);
  });

  test('discarded records are passed over; `most` and a throw keep the rest', () => {
    const { map, reader } = ring();
    const reserve = (end: number) => `
      r1 = map[0] ll
      r2 = 8
      r3 = 0
      call 131
      if r0 == 0 goto out
      r1 = ${end}
      *(u64 *)(r0 + 0) = r1
      r1 = r0
      r2 = 0
      call ${end}
    out:
      r0 = 0
      exit`;
    run(reserve(133), [map.fd], 2);
    run(reserve(132), [map.fd], 3);
    const seen: number[] = [];
    const take = (record: Uint8Array) => void seen.push(record[0]!);
    expect(reader.poll(take, 1)).toBe(1);
    expect(() =>
      reader.poll(() => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(reader.poll(take)).toBe(1);
    expect(reader.poll(take)).toBe(0);
    expect(seen).toEqual([132, 132]);
  });
});
