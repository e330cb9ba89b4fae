/** Programs of the form kernel as text: what they are made of, and what they cannot be. */
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../base/index.ts';
import { formatEbpf, kernelMapType } from '../../bpf/index.ts';
import type { ProbePoint } from '../../tracepoints/index.ts';
import { compileScript } from '../compile.ts';
import type { CompiledScript } from '../plan.ts';

const uprobe: ProbePoint = {
  name: 'uprobe:/bin/x:f',
  kind: 'uprobe',
  meaning: '',
  arguments: [0, 1].map((n) => ({
    name: `arg${n}`,
    type: { kind: 'integer', bytes: 8, isSigned: false },
    place: { kind: 'register', offsetBytes: [112, 104][n]! },
    meaning: '',
  })),
};
const tracepoint: ProbePoint = {
  name: 'tracepoint:sched:sched_switch',
  kind: 'tracepoint',
  meaning: '',
  arguments: [
    {
      name: 'prev_comm',
      type: { kind: 'text', bytes: 16 },
      place: { kind: 'record', offsetBytes: 8 },
      meaning: '',
    },
  ],
};

function compile(source: string, pid?: number): CompiledScript {
  return compileScript(source, {
    form: 'kernel',
    positional: [],
    pid,
    findPoints: ({ parts }) => [parts[0] === 'tracepoint' ? tracepoint : uprobe],
  });
}

const code = (source: string, pid?: number) => formatEbpf(compile(source, pid).probes[0]!.program);

describe('maps', () => {
  test.each([
    ['@ = count()', kernelMapType.perCpuArray, 4, 8],
    ['@[arg0] = count()', kernelMapType.perCpuHash, 8, 8],
    ['@[comm, arg0] = sum(arg1)', kernelMapType.perCpuHash, 24, 16],
    ['@ = hist(arg0)', kernelMapType.perCpuArray, 4, 520],
    ['@x = arg0', kernelMapType.array, 4, 16],
    ['@x[arg0] = arg1', kernelMapType.hash, 8, 16],
    // Never read: a sum.
    ['@x[arg0]++', kernelMapType.perCpuHash, 8, 16],
    ['@x[arg0]++; @y = @x[arg1]', kernelMapType.hash, 8, 16],
  ])('%s', (body, type, keyBytes, valueBytes) => {
    const { maps, kernelMaps } = compile(`uprobe:x:f { ${body}; }`);
    expect(maps[0]!.place).toEqual({ kind: 'kernel', index: 0 });
    expect(kernelMaps[0]).toMatchObject({ type, keyBytes, valueBytes });
  });

  test('only what programs ask for is there', () => {
    const names = (source: string) => compile(source).kernelMaps.map(({ name }) => name);
    expect(names('uprobe:x:f { @ = count(); }')).toEqual(['map_']);
    expect(names('uprobe:x:f { printf("x"); }')).toEqual(['events', 'lost_events']);
    expect(names('uprobe:x:f { @[ustack(3)] = count(); }')).toEqual(['map_', 'stacks_3', 'no_room']);
    expect(names('uprobe:x:f { @e = elapsed; }')).toEqual(['map_e', 'start_time']);
  });
});

test('a count without keys is little more than one look-up', () => {
  expect(
    code('uprobe:x:f { @ = count(); }')
      .split('\n')
      .filter((line) => line !== ''),
  ).toHaveLength(12);
});

test('what does not fit the stack is put together in memory of the processor, given back at the end', () => {
  const small = code('uprobe:x:f { printf("%s", str(arg0)); }');
  const large = code(`uprobe:x:f { printf("${'%s'.repeat(8)}", ${Array(8).fill('str(arg0)').join(', ')}); }`);
  expect(small).not.toContain('xchg');
  expect(large).toMatch(/xchg[\s\S]*\*\(u64 \*\)\(r9 \+ 0\) = 0[\s\S]*exit/);
});

test('of one process: uprobes by how they are attached, tracepoints by the program', () => {
  expect(code('uprobe:x:f { @ = count(); }', 77)).toBe(code('uprobe:x:f { @ = count(); }'));
  expect(code('tracepoint:sched:sched_switch { @ = count(); }', 77)).toMatch(/call 14[\s\S]*!= 0x4d/);
});

test.each([
  ['uprobe:x:f { @[args.prev_comm] = count(); }', 'has no argument prev_comm'],
  ['uprobe:x:f { for ($i : 0..arg0) { } }', 'at most 4096 rounds between them'],
  ['uprobe:x:f { for ($i : 0..(arg0 & 0x1fff)) { } }', 'at most 4096 rounds between them'],
  ['uprobe:x:f { for ($i : -2..(arg0 & 0xfff)) { } }', 'at most 4096 rounds between them'],
  ['uprobe:x:f { for ($i : arg0..5) { } }', 'at most 4096 rounds between them'],
  ['uprobe:x:f /tcp/ { @ = count(); }', 'tcp works only in the application'],
])('%s: %s', (source, message) => {
  expect(() => compile(source)).toThrow(CompileError);
  expect(() => compile(source)).toThrow(message);
});
