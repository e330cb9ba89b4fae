import { describe, expect, test } from 'vitest';
import { FormatError, UnsupportedError } from '../../base/index.ts';
import { assemble } from '../asm/assemble.ts';
import { type Environment, packetContext, TrapError } from './engine.ts';
import { interpreter } from './interpreter.ts';

const DATA = 4096;

interface Place extends Environment {
  readonly bytes: Uint8Array;
  readonly areas: Environment['areas'][number][];
}

function place(changes: Partial<Environment> = {}): Place {
  const memory = { buffer: new ArrayBuffer(8192) };
  return {
    memory,
    bytes: new Uint8Array(memory.buffer),
    stack: { offset: 1024, lengthBytes: 2048 },
    helpers: new Map(),
    budgetInsns: 100,
    areas: [
      { name: 'constants', offset: DATA, lengthBytes: 16, isWritable: false },
      { name: 'data', offset: DATA + 16, lengthBytes: 16, isWritable: true },
    ],
    ...changes,
  } as Place;
}

const prepare = (source: string, environment: Environment = place()) =>
  interpreter.prepare(assemble(source), environment);

/** What stops the program. */
function trapOf(source: string, r1 = DATA, environment: Environment = place()): TrapError {
  try {
    prepare(source, environment).run(r1, 0);
  } catch (error) {
    if (error instanceof TrapError) return error;
    throw error;
  }
  throw new Error('no trap');
}

describe('memory that is not the program’s', () => {
  for (const [name, source, pc, message] of [
    ['before an area', 'r0 = *(u8 *)(r1 - 1)\nexit', 0, 'read of 1 bytes at 0x1000 - 1'],
    ['behind an area', 'r0 = *(u8 *)(r1 + 32)\nexit', 0, 'read of 1 bytes at 0x1000 + 32'],
    ['over the end of an area', 'r0 = *(u64 *)(r1 + 25)\nexit', 0, 'read of 8 bytes'],
    ['over the border of two areas', 'r0 = *(u32 *)(r1 + 14)\nexit', 0, 'read of 4 bytes'],
    ['a write where one only reads', 'r0 = 0\n*(u16 *)(r1 + 2) = r0\nexit', 1, 'write of 2 bytes'],
    ['an atomic operation where one only reads', 'lock *(u64 *)(r1 + 8) += r1\nexit', 0, 'write of 8 bytes'],
    ['null', 'r1 = 0\nr0 = *(u8 *)(r1 + 8)\nexit', 1, 'read of 1 bytes at 0x0 + 8'],
    [
      'an address of more than 32 bits',
      'r2 = 0x100001000 ll\nr0 = *(u8 *)(r2 + 0)\nexit',
      2,
      'at 0x100001000 + 0',
    ],
    ['an address that wraps', 'r1 = -8\nr0 = *(u8 *)(r1 + 16)\nexit', 1, 'at 0xfffffffffffffff8 + 16'],
    ['above the stack', 'r0 = *(u8 *)(r10 + 0)\nexit', 0, 'read of 1 bytes at 0xc00 + 0'],
    ['below the frame', 'r0 = *(u8 *)(r10 - 513)\nexit', 0, 'read of 1 bytes at 0xc00 - 513'],
    ['a frame that was left', 'call f\nr0 = *(u8 *)(r10 - 520)\nexit\nf: r0 = 0\nexit', 1, 'read'],
    ['a context that is none', 'r6 = r1\nr0 = *(u8 *)skb[0]\nexit', 1, 'r6 is not the context of a packet'],
  ] as const) {
    test(name, () => {
      const trap = trapOf(source);
      expect(trap.reason).toBe('memory');
      expect(trap.pc).toBe(pc);
      expect(trap.message).toContain(message);
      expect(trap.message).toContain(`at instruction ${pc}`);
    });
  }

  test('the packet of a context that lies', () => {
    const environment = place();
    environment.areas.push({ name: 'context', offset: 512, lengthBytes: 64, isWritable: false });
    const context = new DataView(environment.memory.buffer, 512);
    context.setUint32(packetContext.bufAddr, DATA + 32, true);
    context.setUint32(packetContext.capturedLength, 64, true);
    const trap = trapOf('r6 = r1\nr0 = *(u8 *)skb[9]\nexit', 512, environment);
    expect(trap.message).toContain('the context leads outside of the packet');
  });

  test('an area that moves between runs', () => {
    const environment = place();
    const program = prepare('r0 = *(u8 *)(r1 + 0)\nexit', environment);
    environment.bytes[100] = 7;
    expect(() => program.run(100, 0)).toThrow(TrapError);
    environment.areas.push({ name: 'packet', offset: 100, lengthBytes: 1, isWritable: false });
    expect(program.run(100, 0)).toBe(7);
  });

  test('memory that threads share', () => {
    const memory = { buffer: new SharedArrayBuffer(8192) };
    new Uint8Array(memory.buffer)[DATA] = 9;
    expect(prepare('r0 = *(u8 *)(r1 + 0)\nexit', place({ memory })).run(DATA, 0)).toBe(9);
  });
});

describe('the end of the budget', () => {
  test('says where', () => {
    const trap = trapOf('r0 = 0\nagain: r0 += 1\nr0 += 2\ngoto again');
    expect(trap.reason).toBe('budget');
    expect(trap.pc).toBe(1);
    expect(trap.message).toContain('no end after 100 instructions');
  });

  test('comes after so many instructions, in each run', () => {
    const environment = place({ budgetInsns: 3 });
    const program = prepare('r0 = 1\nr0 += 1\nexit', environment);
    expect(program.run(0, 0)).toBe(2);
    expect(program.run(0, 0)).toBe(2);
    expect(trapOf('r0 = 1\nr0 += 1\nr0 += 1\nexit', 0, environment).pc).toBe(3);
  });
});

test('calls nest as deep as the stack is', () => {
  const call = 'call f\nr0 += 1\nexit\nf: call g\nr0 += 1\nexit\ng: r0 = 1\nexit';
  expect(prepare(call, place({ stack: { offset: 1024, lengthBytes: 1536 } })).run(0, 0)).toBe(3);
  const trap = trapOf(call, 0, place({ stack: { offset: 1024, lengthBytes: 1535 } }));
  expect(trap.reason).toBe('frames');
  expect(trap.message).toContain('calls nest deeper than 2 functions');
  expect(() => prepare('exit', place({ stack: { offset: 1024, lengthBytes: 511 } }))).toThrow(
    UnsupportedError,
  );
});

test('a program runs after one that was stopped in a function', () => {
  const program = prepare('call f\nr0 = 5\nexit\nf: r2 = *(u8 *)(r1 + 0)\nr0 = r10\nexit');
  expect(() => program.run(0, 0)).toThrow(TrapError);
  expect(program.run(DATA, 0)).toBe(5);
});

test('what a helper throws reaches the caller', () => {
  const helper = {
    name: 'fails',
    arguments: [],
    result: 'nothing',
    call: () => {
      throw new RangeError('no');
    },
  } as const;
  expect(() => prepare('call 1\nexit', place({ helpers: new Map([[1, helper]]) })).run(0, 0)).toThrow(
    RangeError,
  );
});

test('arguments and results are unsigned', () => {
  const program = prepare('r0 = r1\nr0 <<= 32\nr0 |= r2\nexit');
  expect(program.run(0xfffffffe, 0xffffffff)).toBe(0xffffffff);
  expect(program.result).toBe(0xfffffffeffffffffn);
});

test('what is no program is refused', () => {
  expect(() => prepare('r0 = 1')).toThrow(FormatError);
});
