/**
 * The agent's look through librte_bpf's native code: what librte_bpf makes of filters is taken but for code with a jump into an
 * instruction, and every jump of good code that is bent to lead elsewhere is found. objdump says where instructions begin.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileForMbuf, type EbpfProgram, encodeEbpf } from '../../src/bpf/index.ts';
import { compileFilter } from '../../src/filter/index.ts';
import { compileHarness, hasDpdk } from './agent-harness.ts';
import { expressions } from './table.ts';

const canRun = hasDpdk && process.arch === 'x64' && spawnSync('objdump', ['--version']).status === 0;

let folder: string;
let binary: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-native-code-'));
  binary = join(folder, 'harness');
  if (!canRun) return;
  compileHarness(binary, 'native-code-harness.c', ['program_targets.c']);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(programs: readonly EbpfProgram[], codes: readonly Uint8Array[]): Buffer {
  const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
  const input = Buffer.concat([
    word(programs.length),
    ...programs.flatMap((program) => [word(program.length), encodeEbpf(program)]),
    word(codes.length),
    ...codes.flatMap((code) => [word(code.length), code]),
  ]);
  const { status, signal, stdout, stderr } = spawnSync(binary, { input, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`the harness ended with ${signal ?? status}:\n${stderr}`);
  return stdout;
}

/** The native code of each program. */
function compile(programs: readonly EbpfProgram[]): readonly Uint8Array[] {
  const output = run(programs, []);
  let at = 0;
  return programs.map(() => {
    const start = at + 4;
    at = start + output.readUInt32LE(at);
    return output.subarray(start, at);
  });
}

/** Whether the agent runs the code. */
const areTaken = (codes: readonly Uint8Array[]): readonly boolean[] =>
  [...run([], codes)].map((taken) => taken !== 0);

/** Whether it puts the code into a loop. */
const areBodies = (codes: readonly Uint8Array[]): readonly boolean[] =>
  [...run([], codes)].map((taken) => taken === 2);

interface Jump {
  /** Where the next instruction begins. */
  readonly end: number;
  /** Bytes of the displacement, which the instruction ends with. */
  readonly wayBytes: 1 | 4;
  readonly target: number;
}

interface Disassembly {
  readonly starts: ReadonlySet<number>;
  readonly jumps: readonly Jump[];
}

function disassemble(code: Uint8Array): Disassembly {
  const file = join(folder, 'code');
  writeFileSync(file, code);
  const { stdout } = spawnSync('objdump', ['-D', '-w', '-b', 'binary', '-m', 'i386:x86-64', file], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const starts = new Set<number>();
  const jumps: Jump[] = [];
  for (const [, start, bytes, name, target] of stdout.matchAll(
    /^ *([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *\t(\w+)(?: +0x([0-9a-f]+))?/gm,
  )) {
    const at = Number.parseInt(start!, 16);
    const length = bytes!.trim().split(' ').length;
    starts.add(at);
    if (name!.startsWith('j') && target !== undefined) {
      const wayBytes = length === 2 ? 1 : 4;
      jumps.push({ end: at + length, wayBytes, target: Number.parseInt(target, 16) });
    }
  }
  return { starts, jumps };
}

const fromHex = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** The code with the jump leading to another place. */
function bent(code: Uint8Array, { end, wayBytes }: Jump, target: number): Uint8Array {
  const copy = Buffer.from(code);
  copy.writeIntLE(target - end, end - wayBytes, wayBytes);
  return copy;
}

/** Places that the jump can reach. */
function* reach({ end, wayBytes }: Jump, from: number, to: number): Generator<number> {
  for (let target = from; target <= to; target++) {
    if (wayBytes === 4 || (target - end >= -128 && target - end <= 127)) yield target;
  }
}

describe.skipIf(!canRun)('native code', () => {
  test('of filters is taken when its jumps lead to instructions', () => {
    const programs = expressions().flatMap((text, n) => {
      if (n % 5 !== 0 && !text.includes('geneve')) return [];
      try {
        return [compileForMbuf(compileFilter(text), { direction: 'in' })];
      } catch {
        return [];
      }
    });
    const codes = compile(programs.filter(({ length }) => length < 400));
    const wanted = codes.map((code) => {
      const { starts, jumps } = disassemble(code);
      return jumps.every(({ target }) => starts.has(target));
    });
    expect(areTaken(codes)).toEqual(wanted);
    expect(areBodies(codes)).toEqual(wanted);
    expect(wanted.filter((isGood) => isGood).length).toBeGreaterThan(200);
  }, 120_000);

  test('with one jump that leads elsewhere is taken only if an instruction begins there', () => {
    const filters = ['tcp port 80', 'vlan and ip[8] < 5', 'ether[2:4] / 7 > len'];
    const codes = compile(filters.map((text) => compileForMbuf(compileFilter(text), { direction: 'in' })));
    const changed: { readonly code: Uint8Array; readonly isGood: boolean; readonly what: string }[] = [];
    codes.forEach((code, n) => {
      const { starts, jumps } = disassemble(code);
      for (const jump of jumps) {
        for (const target of reach(jump, -2, code.length + 1)) {
          const isGood = starts.has(target);
          changed.push({
            code: bent(code, jump, target),
            isGood,
            what: `${filters[n]}: ${jump.end} to ${target}`,
          });
        }
      }
    });
    const taken = areTaken(changed.map(({ code }) => code));
    const wrong = changed.filter(({ isGood }, n) => isGood !== taken[n]).map(({ what }) => what);
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(changed.filter(({ isGood }) => !isGood).length).toBeGreaterThan(1000);
  }, 120_000);

  test.each([
    ['a jump over an instruction', 'eb01 90 c3', true],
    ['a jump to itself', 'ebfe c3', true],
    ['a conditional jump of 32 bits', '0f8401000000 90 c3', true],
    ['a jump to the end', 'eb01 c3', false],
    ['a jump before the start', 'ebfd c3', false],
    ['a far jump before the start', 'e9faffffff c3', false],
    ['a far jump long before the start', 'e9eaffffff c3', false],
    ['a jump into the displacement of SIB without base', 'eb04 488b042590909090 c3', false],
    ['a jump into a displacement from here', 'eb03 488b0590909090 c3', false],
    ['a far jump beyond the end', 'e9ffffff7f c3', false],
    ['a jump into a constant', 'eb02 48b80102030405060708 c3', false],
    ['a jump behind a constant of 64 bits', 'eb0a 48b80102030405060708 c3', true],
    ['a jump behind a constant of 32 bits', 'eb05 b801020304 c3', true],
    ['a jump behind a constant of 16 bits', 'eb05 66c7000102 c3', true],
    ['a displacement through SIB', 'eb08 488b8424000100 00 c3', true],
    ['a test with a constant', 'eb07 48f7c001020304 c3', true],
    ['a division', 'eb03 48f7f1 c3', true],
    ['an unknown instruction', '0f0b c3', false],
    ['an unknown instruction of 128 bits', 'c5f877 c3', false],
    ['an instruction that is cut off', '90 48b801020304', false],
    ['a jump that is cut off', '90 0f84', false],
    ['a prefix at the end', '90 66', false],
  ])('%s', (_, hex, isTaken) => {
    expect(areTaken([fromHex(hex)])).toEqual([isTaken]);
  });

  test.each([
    ['with its return at its end', '90 c3', true],
    ['with a call', 'ffd0 c3', true],
    ['with a call through memory', '41ff10 c3', true],
    ["with an addition to a register of a return's number", '48 01 c3 c3', true],
    ['that only returns', 'c3', false],
    ['without a return', '90', false],
    ['with another return', '7401 c3 90 c3', false],
    ['with another return behind a prefix', '7402 48c3 90 c3', false],
    ['with another return of 16 bits', '7402 66c3 90 c3', false],
    ['with a jump to a register', '7402 ffe0 90 c3', false],
    ['with a jump to one of the other registers', '7403 41ffe0 90 c3', false],
    ['with a far jump through memory', '7402 ff28 90 c3', false],
    ['that ends with a constant', 'b8000000c3', false],
    ['that reads memory beside itself', '488b0500000000 c3', false],
  ])('%s', (_, hex, isBody) => {
    expect(areBodies([fromHex(hex)])).toEqual([isBody]);
  });
});
