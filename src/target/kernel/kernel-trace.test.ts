import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openFiles } from '../../../test/fakes/open-files.ts';
import { assemble, type EbpfProgram, kernelMapType, LOST_EVENTS_MAP } from '../../bpf/index.ts';
import type { ProbeArgument } from '../../tracepoints/index.ts';
import { attachUprobeEvents, closeAll, type UprobeSite } from './attach.ts';
import { BPF_PROG_TYPE_KPROBE, loadProgram } from './bpf-syscall.ts';
import { compile, needsCompiler } from './compile-fixture.ts';
import { needsBpf, program } from './kernel-fixture.ts';
import { KernelMap, sumWords } from './kernel-map.ts';
import type { KernelPoint } from './kernel-point.ts';
import { KernelTrace } from './kernel-trace.ts';
import { resolveKernelPoints } from './points.ts';

/** Hits each probe a known number of times, with arguments of every form that gcc can be made to write. */
const SOURCE = `
#include <sys/sdt.h>
#include <stdint.h>
#include <unistd.h>
#include <stdlib.h>
unsigned short t_sem_semaphore __attribute__((section(".probes"), used));
volatile int counter = 40;
struct row { int64_t a; int32_t b; int16_t c; int8_t d; uint8_t e; } rows[4] = {
  { 1, -2, -3, -4, 200 }, { 10, -20, -30, -40, 201 }, { 100, -200, -300, -100, 202 }, { 1000, -2000, -3000, -101, 203 } };
__attribute__((noipa)) long work(long n) { return n * 3; }
__attribute__((noipa)) long add8(long a, long b, long c, long d, long e, long f, long g, long h) { return a+b+c+d+e+f+g+h; }
__attribute__((noipa)) void memory(struct row *row, long index) {
  STAP_PROBE5(t, memory, row[index].a, row[index].b, row[index].c, row[index].d, row[index].e);
}
__attribute__((noipa)) void registers(int64_t a, int32_t b, int16_t c, int8_t d, uint16_t e) {
  STAP_PROBE5(t, registers, a, b, c, d, e);
}
__attribute__((noipa)) void global(void) { STAP_PROBE1(t, global, counter); }
__attribute__((noipa)) void constants(void) { STAP_PROBE3(t, constants, 7, -8L, (uint8_t)255); }
int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  if (argc > 2) { char c; if (read(0, &c, 1) != 1) return 2; }
  long sum = 0;
  for (int n = 0; n < rounds; n++) {
    for (int i = 0; i < 4; i++) memory(rows, i);
    registers(-1, -2, -3, -4, 65535);
    constants();
    global();
    sum += work(n);
    sum += add8(1, 2, 3, 4, 5, 6, 7, 8);
  }
  /* Only seen when somebody listens. */
  if (t_sem_semaphore) { __asm__ volatile(
    "990: nop\\n.pushsection .note.stapsdt,\\"\\",\\"note\\"\\n.balign 4\\n.4byte 992f-991f,994f-993f,3\\n"
    "991: .asciz \\"stapsdt\\"\\n992: .balign 4\\n993: .8byte 990b\\n.8byte _.stapsdt.base\\n.8byte t_sem_semaphore\\n"
    ".asciz \\"t\\"\\n.asciz \\"sem\\"\\n.asciz \\"4@$1\\"\\n994: .balign 4\\n.popsection\\n"); }
  return sum == 12345;
}
`;

let folder: string;
let path: string;
const closers: (() => void)[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-kernel-'));
  if (needsCompiler === undefined) path = compile(folder, 'worker.c', SOURCE);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach((context) => {
  const reason = needsBpf ?? needsCompiler;
  if (reason !== undefined) context.skip(reason);
});
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

const RESULTS = {
  name: 'results',
  type: kernelMapType.perCpuHash,
  keyBytes: 8,
  valueBytes: 8,
  maxEntries: 1000,
};

/** Adds 1 under the key in r6: the ADD of bpf text with the map's number for its descriptor. */
const COUNT = `
  *(u64 *)(r10 - 8) = r6
  r2 = r10
  r2 += -8
  r1 = 0 ll
  call 1
  if r0 == 0 goto new
  r1 = *(u64 *)(r0 + 0)
  r1 += 1
  *(u64 *)(r0 + 0) = r1
  goto done
new:
  r1 = 1
  *(u64 *)(r10 - 16) = r1
  r2 = r10
  r2 += -8
  r3 = r10
  r3 += -16
  r4 = 0
  r1 = 0 ll
  call 2
done:
  r0 = 0
  exit`;

/** Maps by number. */
function byNumber(source: string): EbpfProgram {
  return assemble(source).map((insn) => (insn.code === 0x18 ? { ...insn, src: 5 } : insn));
}

/** Loads an argument of any place into r6. */
function load({ type, place }: ProbeArgument): string {
  if (type.kind !== 'integer') throw new Error('an integer');
  const shift = 64 - 8 * type.bytes;
  const extend = `r6 <<= ${shift}\nr6 ${type.isSigned ? 's' : ''}>>= ${shift}`;
  switch (place.kind) {
    case 'register': {
      const size = { 1: 'u8', 2: 'u16', 4: 'u32', 8: 'u64' }[type.bytes];
      return `r6 = *(${size} *)(r1 + ${place.offsetBytes})\n${extend}`;
    }
    case 'constant':
      return `r6 = ${place.value}`;
    case 'record':
      return `r6 = *(u32 *)(r1 + ${place.offsetBytes})\n${extend}`;
    case 'memory': {
      const index =
        place.index === undefined ? '' : `r2 = *(u64 *)(r1 + ${place.index})\nr2 *= ${place.scale}\nr3 += r2`;
      return `
        r3 = ${place.displacement} ll
        ${index}
        ${place.base === undefined ? '' : `r2 = *(u64 *)(r1 + ${place.base})\nr3 += r2`}
        r2 = 0
        *(u64 *)(r10 - 8) = r2
        r1 = r10
        r1 += -8
        r2 = ${type.bytes}
        call 112
        r6 = *(u64 *)(r10 - 8)
        ${extend}`.replace(' ll', '');
    }
    default:
      throw new Error(place.kind);
  }
}

/** How often each value of each argument came, over all runs of `work`. */
function countValues(
  points: readonly KernelPoint[],
  argument: string,
  work: () => void,
): Record<string, number> {
  const programs = points.map((point) => ({
    point,
    program: byNumber(load(point.arguments.find(({ name }) => name === argument)!) + COUNT),
  }));
  const trace = new KernelTrace({ programs, maps: [RESULTS] });
  closers.push(() => trace.close());
  trace.start();
  work();
  trace.stop();
  return contents(trace.maps[0]!);
}

function contents(map: KernelMap): Record<string, number> {
  const rows = map.entries().map(({ key, values }): [string, number] => {
    return [String(new DataView(key.buffer).getBigInt64(0, true)), Number(sumWords(values)[0])];
  });
  return Object.fromEntries(rows);
}

const run = (rounds = 1) => void expect(spawnSync(path, [String(rounds)]).status).toBe(0);

/** What this process holds of perf and BPF. */
const kernelObjects = () => openFiles().filter((target) => /bpf|perf_event/.test(target));

describe('USDT probes', () => {
  test.each([
    ['memory', 'arg0', { 1: 2, 10: 2, 100: 2, 1000: 2 }],
    ['memory', 'arg1', { '-2': 2, '-20': 2, '-200': 2, '-2000': 2 }],
    ['memory', 'arg2', { '-3': 2, '-30': 2, '-300': 2, '-3000': 2 }],
    ['memory', 'arg3', { '-4': 2, '-40': 2, '-100': 2, '-101': 2 }],
    ['memory', 'arg4', { 200: 2, 201: 2, 202: 2, 203: 2 }],
    ['registers', 'arg0', { '-1': 2 }],
    ['registers', 'arg1', { '-2': 2 }],
    ['registers', 'arg2', { '-3': 2 }],
    ['registers', 'arg3', { '-4': 2 }],
    ['registers', 'arg4', { 65535: 2 }],
    ['constants', 'arg0', { 7: 2 }],
    ['constants', 'arg1', { '-8': 2 }],
    ['constants', 'arg2', { 255: 2 }],
    ['global', 'arg0', { 40: 2 }],
  ])('%s %s', (name, argument, expected) => {
    const points = resolveKernelPoints(`usdt:${path}:t:${name}`);
    expect(points.map((point) => point.name)).toEqual([`usdt:${path}:t:${name}`]);
    expect(countValues(points, argument, () => run(2))).toEqual(expected);
  });

  test('the forms of the arguments are those that the test means', () => {
    const kinds = (name: string) =>
      resolveKernelPoints(`usdt:${path}:${name}`)[0]!.arguments.map(({ place }) => place.kind);
    expect(new Set(kinds('memory'))).toEqual(new Set(['memory']));
    expect(new Set(kinds('registers'))).toEqual(new Set(['register']));
    expect(new Set(kinds('constants'))).toEqual(new Set(['constant']));
  });

  test('a semaphore is up while somebody listens', () => {
    const points = resolveKernelPoints(`usdt:${path}:sem`);
    expect(points[0]!.sites[0]).toMatchObject({ refCtrOffset: expect.any(Number) });
    expect((points[0]!.sites[0] as UprobeSite).refCtrOffset).toBeGreaterThan(0);
    expect(countValues(points, 'arg0', run)).toEqual({ 1: 1 });
  });

  test('a pattern takes several', () => {
    const points = resolveKernelPoints(`usdt:${path}:t:*s`);
    expect(points.map(({ name }) => name.split(':').at(-1)).sort()).toEqual(['constants', 'registers']);
  });
});

describe('uprobes', () => {
  test('arguments in registers and on the stack, and what comes back', () => {
    const [point] = resolveKernelPoints(`uprobe:${path}:work`);
    expect(countValues([point!], 'arg0', () => run(3))).toEqual({ 0: 1, 1: 1, 2: 1 });
    const [returned] = resolveKernelPoints(`uretprobe:${path}:work`);
    expect(countValues([returned!], 'retval', () => run(3))).toEqual({ 0: 1, 3: 1, 6: 1 });
    const [eight] = resolveKernelPoints(`uprobe:${path}:add8`);
    for (const n of [0, 1, 2, 3, 4, 5, 6, 7]) {
      expect(countValues([eight!], `arg${n}`, run)).toEqual({ [n + 1]: 1 });
    }
  });

  test('one program for many functions is loaded once and attached by one link', () => {
    const points = resolveKernelPoints(`uprobe:${path}:*o*`);
    expect(points.length).toBeGreaterThan(2);
    const before = kernelObjects().length;
    const programs = points.map((point) => ({ point, program: byNumber(`r6 = 5${COUNT}`) }));
    const trace = new KernelTrace({ programs, maps: [RESULTS] });
    closers.push(() => trace.close());
    trace.start();
    // A map, a program, a link.
    expect(kernelObjects().length - before).toBe(3);
    run();
    trace.stop();
    expect(contents(trace.maps[0]!)['5']).toBeGreaterThanOrEqual(8);
    trace.close();
    expect(kernelObjects().length).toBe(before);
  });

  test('events of perf do what links do', () => {
    const map = new KernelMap(RESULTS);
    closers.push(() => map.close());
    const shape = { name: 'test', type: BPF_PROG_TYPE_KPROBE, expectedAttachType: 0 };
    const [memory] = resolveKernelPoints(`usdt:${path}:memory`);
    const [sem] = resolveKernelPoints(`usdt:${path}:sem`);
    const [returned] = resolveKernelPoints(`uretprobe:${path}:work`);
    for (const point of [memory!, sem!, returned!]) {
      const source = load(point.arguments[0]!) + COUNT.replaceAll('r1 = 0 ll', 'r1 = map[0] ll');
      const fd = loadProgram({ ...shape, program: program(source, [map.fd]) });
      const fds = attachUprobeEvents(fd, point.sites as UprobeSite[], undefined);
      closers.push(() => closeAll([...fds, fd]));
    }
    run(3);
    expect(contents(map)).toEqual({ 0: 1, 1: 4, 3: 1, 6: 1, 10: 3, 100: 3, 1000: 3 });
  });

  test('of one process only, by its pid and by its mapped files', async () => {
    const child = spawn(path, ['5', 'wait'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const points = resolveKernelPoints('uprobe:worker:work', { pid: child.pid! });
    expect(points[0]!.name).toBe(`uprobe:${path}:work`);
    const programs = points.map((point) => ({ point, program: byNumber(load(point.arguments[0]!) + COUNT) }));
    const trace = new KernelTrace({ programs, maps: [RESULTS], pid: child.pid });
    closers.push(() => trace.close());
    trace.start();
    run(7);
    child.stdin.write('x');
    await once(child, 'exit');
    trace.stop();
    expect(contents(trace.maps[0]!)).toEqual({ 0: 1, 1: 1, 2: 1, 3: 1, 4: 1 });
  });
});

describe('the other kinds', () => {
  test('BEGIN and END run once each, in this process, interval in between', async () => {
    const pid = 'call 14\nr0 >>= 32\nr6 = r0';
    const programs = [
      { point: resolveKernelPoints('BEGIN')[0]!, program: byNumber(pid + COUNT) },
      { point: resolveKernelPoints('END')[0]!, program: byNumber(pid + COUNT) },
      { point: resolveKernelPoints('interval:ms:5')[0]!, program: byNumber(`r6 = -1${COUNT}`) },
      { point: resolveKernelPoints('profile:hz:99')[0]!, program: byNumber(`r6 = -2${COUNT}`) },
      { point: resolveKernelPoints('software:page-faults:1')[0]!, program: byNumber(`r6 = -3${COUNT}`) },
    ];
    const trace = new KernelTrace({ programs, maps: [RESULTS] });
    closers.push(() => trace.close());
    trace.start();
    expect(contents(trace.maps[0]!)[process.pid]).toBe(1);
    run();
    const until = performance.now() + 5000;
    while ((contents(trace.maps[0]!)['-1'] ?? 0) < 3 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    trace.stop();
    trace.runEnd();
    const counts = contents(trace.maps[0]!);
    expect(counts[process.pid]).toBe(2);
    expect(counts['-1']).toBeGreaterThanOrEqual(3);
    expect(counts['-3']).toBeGreaterThan(10);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(contents(trace.maps[0]!)).toEqual(counts);
  });
});

describe('events', () => {
  test('come with an exact count of those that found no room', () => {
    const [point] = resolveKernelPoints(`uprobe:${path}:work`);
    const source = `
      r6 = *(u64 *)(r1 + 112)
      *(u64 *)(r10 - 8) = r6
      r1 = 0 ll
      r2 = r10
      r2 += -8
      r3 = 8
      r4 = 0
      call 130
      if r0 == 0 goto out
      r1 = 0
      *(u32 *)(r10 - 8) = r1
      r2 = r10
      r2 += -8
      r1 = 1 ll
      call 1
      if r0 == 0 goto out
      r1 = *(u64 *)(r0 + 0)
      r1 += 1
      *(u64 *)(r0 + 0) = r1
    out:
      r0 = 0
      exit`;
    const maps = [
      { name: 'events', type: kernelMapType.ringBuffer, keyBytes: 0, valueBytes: 0, maxEntries: 4096 },
      { name: LOST_EVENTS_MAP, type: kernelMapType.perCpuArray, keyBytes: 4, valueBytes: 8, maxEntries: 1 },
    ];
    const trace = new KernelTrace({ programs: [{ point: point!, program: byNumber(source) }], maps });
    closers.push(() => trace.close());
    trace.start();
    run(1000);
    trace.stop();
    const seen: number[] = [];
    trace.poll((record) => void seen.push(new DataView(record.buffer, record.byteOffset).getUint32(0, true)));
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, n) => n));
    expect(seen.length).toBeGreaterThan(200);
    expect(BigInt(seen.length) + trace.lostEvents()).toBe(1000n);
  });
});

describe('all or nothing', () => {
  test('a program that is refused leaves nothing open', () => {
    const before = kernelObjects();
    const [good] = resolveKernelPoints(`uprobe:${path}:work`);
    const [bad] = resolveKernelPoints(`uprobe:${path}:add8`);
    const programs = [
      { point: good!, program: byNumber(`r6 = 1${COUNT}`) },
      { point: bad!, program: byNumber('r0 = *(u64 *)(r1 + 4096)\nexit') },
    ];
    expect(() => new KernelTrace({ programs, maps: [RESULTS] })).toThrow(
      `the kernel refuses the program of uprobe:${path}:add8: invalid bpf_context access off=4096 size=8`,
    );
    expect(kernelObjects()).toEqual(before);
  });

  test('a site that cannot be attached takes the others away', () => {
    const before = kernelObjects();
    const [good] = resolveKernelPoints(`uprobe:${path}:work`);
    const broken: KernelPoint = {
      ...resolveKernelPoints(`uprobe:${path}:add8`)[0]!,
      sites: [{ kind: 'uprobe', path: folder, offset: 0, refCtrOffset: 0, isReturn: false }],
    };
    const programs = [
      { point: good!, program: byNumber(`r6 = 1${COUNT}`) },
      { point: broken, program: byNumber(`r6 = 2${COUNT}`) },
    ];
    const trace = new KernelTrace({ programs, maps: [RESULTS] });
    expect(() => trace.start()).toThrow(/EINVAL|EBADF|EISDIR/);
    run();
    expect(contents(trace.maps[0]!)).toEqual({});
    trace.close();
    trace.close();
    expect(kernelObjects()).toEqual(before);
  });
});
