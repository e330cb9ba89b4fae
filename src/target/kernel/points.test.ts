import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../base/index.ts';
import { compile, needsCompiler } from './compile-fixture.ts';
import { demangleNested } from './demangle-nested.ts';
import { matchesGlob } from './glob.ts';
import { measureHitNs } from './hit-price.ts';
import { sampleHitRates } from './hit-rate.ts';
import { needsBpf } from './kernel-fixture.ts';
import { resolveKernelPoints } from './points.ts';
import { parseCpuList } from './possible-cpus.ts';
import { isSteppedInstruction } from './stepped.ts';
import { parseTracepointFormat } from './tracepoint-format.ts';

const SOURCE = `
#include <sys/sdt.h>
__attribute__((noipa)) void poll_rx(long n) { STAP_PROBE1(net, rx, n); }
__attribute__((noipa)) void poll_tx(long n) { STAP_PROBE1(net, tx, n); STAP_PROBE1(disk, tx, n); }
__attribute__((noipa)) void twice(long n, int m) { STAP_PROBE1(net, twice, n); STAP_PROBE1(net, twice, m); STAP_PROBE1(net, twice, n); }
__attribute__((noipa)) long starts_with_mov(long n) { return n; }
int main(int argc, char **argv) { starts_with_mov(1); do { poll_rx(1); poll_tx(2); poll_tx(3); twice(4, 5); } while (argc > 1); return 0; }
`;

let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-points-'));
  if (needsCompiler === undefined) path = compile(folder, 'loop.c', SOURCE);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('probes of files', () => {
  beforeEach((context) => {
    if (needsCompiler !== undefined) context.skip(needsCompiler);
  });

  test.each<[text: string, expected: string[]]>([
    ['usdt:PATH:net:rx', ['usdt:PATH:net:rx']],
    ['U:PATH:rx', ['usdt:PATH:net:rx']],
    ['usdt:PATH:tx', ['usdt:PATH:disk:tx', 'usdt:PATH:net:tx']],
    ['usdt:PATH:n*:?x', ['usdt:PATH:net:rx', 'usdt:PATH:net:tx']],
    ['usdt:PATH:net:twice', ['usdt:PATH:net:twice', 'usdt:PATH:net:twice']],
    ['uprobe:PATH:poll_*', ['uprobe:PATH:poll_rx', 'uprobe:PATH:poll_tx']],
    ['u:PATH:poll_rx+1', ['uprobe:PATH:poll_rx+1']],
    ['ur:PATH:poll_rx', ['uretprobe:PATH:poll_rx']],
  ])('%s', (text, expected) => {
    const names = resolveKernelPoints(text.replace('PATH', path)).map(({ name }) =>
      name.replace(path, 'PATH'),
    );
    expect(names.sort()).toEqual(expected);
  });

  test('places where the arguments are found alike are one point', () => {
    const points = resolveKernelPoints(`usdt:${path}:twice`);
    expect(points.map(({ sites }) => sites.length).sort()).toEqual([1, 2]);
  });

  test('a command in PATH, a library by its name', () => {
    expect(resolveKernelPoints('uprobe:node:napi_create_object')[0]!.name).toMatch(
      /^uprobe:\/.*\/node:napi_create_object$/,
    );
    for (const name of ['c', 'libc', 'libc.so.6']) {
      expect(resolveKernelPoints(`uprobe:${name}:getppid`)[0]!.name).toMatch(
        /^uprobe:\/.*\/libc\.so\.6:getppid$/,
      );
    }
  });

  test('what a process has mapped, by no path at all', async () => {
    const child = spawn(path, ['forever'], { stdio: 'ignore' });
    try {
      // The loader has done its work as soon as the program's own code is there.
      const names = () => resolveKernelPoints('usdt:*:net:rx', { pid: child.pid! }).map(({ name }) => name);
      await expect.poll(names).toEqual([`usdt:${path}:net:rx`]);
    } finally {
      child.kill();
    }
  });

  test.each([
    ['usdt:PATH:net:rxx', 'PATH has no USDT probe net:rxx; did you mean net:rx?'],
    ['usdt:PATH:nett:rx', 'PATH has no USDT probe nett:rx; did you mean net:rx?'],
    ['uprobe:PATH:pol_rx', 'PATH has no function pol_rx; did you mean poll_rx?'],
    ['uprobe:PATH:none*', 'PATH has no function none*'],
    ['uretprobe:PATH:poll_rx+4', 'a return has no offset in the function'],
    ['usdt:PATH', 'expected usdt:'],
    ['uprobe:PATH', 'expected uprobe:'],
    ['uprobe:/nowhere/x:main', 'no file /nowhere/x'],
    ['uprobe:no-such-command:main', 'no command and no library no-such-command'],
    ['usdt:*:net:rx', 'needs a process: -p PID'],
    ['uprob:PATH:main', 'no kind of probe "uprob" in the kernel: did you mean uprobe?'],
    ['kprobe:vfs_read', 'no kind of probe "kprobe" in the kernel: did you mean uprobe?'],
    ['profile:hz:0', 'expected profile:hz:N or profile:s|ms|us:N, N at least 1'],
    ['interval:min:1', 'expected interval:hz:N'],
    ['software:page-fault:1', 'no software event "page-fault": did you mean page-faults?'],
    ['software:faults:0', 'COUNT at least 1'],
    ['tracepoint:sched', 'expected tracepoint:CATEGORY:NAME'],
    ['tracepoint:../x:y', 'expected tracepoint:CATEGORY:NAME'],
  ])('%s: %s', (text, message) => {
    const attempt = () => resolveKernelPoints(text.replace('PATH', path));
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(message.replace('PATH', path));
  });

  test('a process that is not there', () => {
    expect(() => resolveKernelPoints('uprobe:c:getppid', { pid: 0x3fff_ffff })).toThrow(
      'no process 1073741823',
    );
  });
});

describe('clocks and counters', () => {
  test.each([
    ['profile:hz:99', { kind: 'clock', everyCpu: true, rate: { unit: 'hz', perSecond: 99n } }],
    ['p:us:250', { kind: 'clock', everyCpu: true, rate: { unit: 'ns', periodNs: 250_000n } }],
    ['interval:s:2', { kind: 'clock', everyCpu: false, rate: { unit: 'ns', periodNs: 2_000_000_000n } }],
    ['i:ms:5', { kind: 'clock', everyCpu: false, rate: { unit: 'ns', periodNs: 5_000_000n } }],
    ['software:faults:7', { kind: 'software', config: 2, period: 7n }],
    ['software:context-switches:', { kind: 'software', config: 3, period: 1000n }],
    ['s:cpu', { kind: 'software', config: 0, period: 1_000_000n }],
    ['BEGIN', { kind: 'begin' }],
    ['END', { kind: 'end' }],
  ])('%s', (text, site) => {
    expect(resolveKernelPoints(text).flatMap(({ sites }) => sites)).toEqual([site]);
  });
});

describe('tracepoints', () => {
  test('the fields of a record', () => {
    const format = [
      'name: x',
      'format:',
      '\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;',
      '',
      '\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;',
      '\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;',
      '\tfield:const char * filename;\toffset:32;\tsize:8;\tsigned:0;',
      '\tfield:__data_loc char[] text;\toffset:40;\tsize:4;\tsigned:0;',
      '\tfield:unsigned long args[6];\toffset:48;\tsize:48;\tsigned:0;',
      '\tfield:__u8 saddr[4];\toffset:96;\tsize:4;\tsigned:0;',
      '\tfield:struct thing thing;\toffset:100;\tsize:24;\tsigned:0;',
      '',
      'print fmt: "field:int no; offset:1; size:4; signed:1;"',
    ].join('\n');
    expect(parseTracepointFormat(format).map(({ name, type, place }) => ({ name, type, place }))).toEqual([
      { name: 'prev_comm', type: { kind: 'text', bytes: 16 }, place: { kind: 'record', offsetBytes: 8 } },
      {
        name: 'prev_pid',
        type: { kind: 'integer', bytes: 4, isSigned: true },
        place: { kind: 'record', offsetBytes: 24 },
      },
      {
        name: 'filename',
        type: { kind: 'integer', bytes: 8, isSigned: false },
        place: { kind: 'record', offsetBytes: 32 },
      },
      { name: 'saddr', type: { kind: 'text', bytes: 4 }, place: { kind: 'record', offsetBytes: 96 } },
    ]);
  });

  test('of this kernel', (context) => {
    const tracefs = mkdtempSync(join(folder, 'tracefs-'));
    if (spawnSync('mount', ['-t', 'tracefs', 'nodev', tracefs]).status !== 0)
      context.skip('needs the right to mount');
    try {
      const [point] = resolveKernelPoints('tracepoint:sched:sched_switch', { tracefs });
      expect(point!.sites).toEqual([{ kind: 'tracepoint', id: expect.any(Number) }]);
      expect(point!.arguments.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['prev_comm', 'prev_pid', 'next_comm', 'next_pid']),
      );
      const names = resolveKernelPoints('tracepoint:sched:sched_proc*', { tracefs }).map(({ name }) => name);
      expect(names).toContain('tracepoint:sched:sched_process_exec');
      expect(names).toContain('tracepoint:sched:sched_process_fork');
      const unknown = (text: string) => () => resolveKernelPoints(text, { tracefs });
      expect(unknown('tracepoint:sched:sched_swich')).toThrow('did you mean sched_switch?');
      expect(unknown('tracepoint:shced:sched_switch')).toThrow(
        'no category shced of tracepoints; did you mean sched?',
      );
      expect(unknown('tracepoint:sched:none*')).toThrow('no tracepoint fits tracepoint:sched:none*');
    } finally {
      spawnSync('umount', [tracefs]);
    }
  });
});

describe('before attaching', () => {
  test('rates of what is hit now, and the price of a hit', async (context) => {
    const reason = needsBpf ?? needsCompiler;
    if (reason !== undefined) context.skip(reason);
    const child = spawn(path, ['forever'], { stdio: 'ignore' });
    try {
      const points = [
        ...resolveKernelPoints(`uprobe:${path}:poll_rx`),
        ...resolveKernelPoints(`uprobe:${path}:poll_tx`),
        ...resolveKernelPoints(`uprobe:${path}:main`),
        ...resolveKernelPoints('interval:s:1'),
      ];
      const [rx, tx, main, ...more] = await sampleHitRates(points, child.pid);
      expect(more).toEqual([]);
      expect(main!.hitsPerSecond).toBe(0);
      expect(rx!.hitsPerSecond).toBeGreaterThan(100);
      expect(tx!.hitsPerSecond / rx!.hitsPerSecond).toBeCloseTo(2, 1);
    } finally {
      child.kill();
    }
  });
});

describe('the price of a hit', () => {
  const price = (probe: string) => measureHitNs(resolveKernelPoints(probe)[0]!);

  test('depends on the instruction under the trap', (context) => {
    const reason = needsBpf ?? needsCompiler;
    if (reason !== undefined) context.skip(reason);
    const nop = price(`usdt:${path}:net:rx`)!;
    expect(nop).toBeGreaterThan(50);
    // poll_tx begins with the nop of its first probe, starts_with_mov with a mov.
    expect(price(`uprobe:${path}:poll_tx`)).toBe(nop);
    expect(price(`uprobe:${path}:starts_with_mov`)).toBeGreaterThan(nop * 1.2);
    expect(price(`uretprobe:${path}:poll_tx`)).toBeGreaterThan(nop);
    expect(price(`uretprobe:${path}:starts_with_mov`)).toBeGreaterThan(price(`uretprobe:${path}:poll_tx`)!);
    expect(price('interval:s:1')).toBeUndefined();
  });

  test.each([
    ['nop', [0x90, 0xc3, 0], false],
    ['nop of two bytes', [0x66, 0x90, 0], false],
    ['nop of five', [0x0f, 0x1f, 0x44], false],
    ['push rbp', [0x55, 0x48, 0x89], false],
    ['push rdi', [0x57, 0x48, 0x89], false],
    ['push r12', [0x41, 0x54, 0x55], false],
    ['jmp', [0xe9, 0, 0], false],
    ['jmp, short', [0xeb, 0, 0], false],
    ['je, short', [0x74, 0, 0], false],
    ['jg, near', [0x0f, 0x8f, 0], false],
    ['call', [0xe8, 0, 0], false],
    ['endbr64', [0xf3, 0x0f, 0x1e], true],
    ['mov rbp, rsp', [0x48, 0x89, 0xe5], true],
    ['sub rsp, 8', [0x48, 0x83, 0xec], true],
    ['pop rbp', [0x5d, 0xc3, 0], true],
    ['pop r12', [0x41, 0x5c, 0], true],
    ['syscall', [0x0f, 0x05, 0], true],
    ['setg', [0x0f, 0x9f, 0xc0], true],
    ['ret', [0xc3, 0x90, 0x90], true],
  ])('%s', (_, bytes, expected) => {
    expect(isSteppedInstruction(Uint8Array.from(bytes))).toBe(expected);
  });
});

test.each([
  ['*', '', true],
  ['', 'a', false],
  ['a*c', 'abbc', true],
  ['a*c', 'abcd', false],
  ['?b*', 'ab', true],
  ['?', '', false],
  ['a.c', 'abc', false],
  ['*a*b', 'aab', true],
  ['**', 'x', true],
])('pattern %s and %s: %s', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected);
});

test.each([
  ['_ZN3net6Router4pollEv', 'net::Router::poll'],
  ['_ZNK3net6Router4pollEi', 'net::Router::poll'],
  ['_ZN3net6RouterC2Ev', 'net::Router::Router'],
  ['_ZN3net6RouterD1Ev', 'net::Router::~Router'],
  ['_Z4polli', 'poll'],
  ['_ZN12_GLOBAL__N_14pollEv', '(anonymous namespace)::poll'],
  ['_ZN3netplERKS_S1_', undefined],
  ['_ZN9', undefined],
  ['_ZN', undefined],
  ['poll', undefined],
])('%s is %s', (mangled, expected) => {
  expect(demangleNested(mangled)).toBe(expected);
});

test('lists of processors', () => {
  expect(parseCpuList('0-2,5\n')).toEqual([0, 1, 2, 5]);
  for (const text of ['', '2-1', 'x', '0-99999999', '1-', '-1'])
    expect(() => parseCpuList(text)).toThrow('expected N or N-M');
});
