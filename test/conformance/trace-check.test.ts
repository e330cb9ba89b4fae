/**
 * The agent's check of trace programs: what it lets through is run on a context between pages that nobody may touch, by native
 * code and by both interpreters. Programs are random pieces that are right or nearly so, some of them spoiled afterwards.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assemble } from '../../src/bpf/asm/assemble.ts';
import { encodeEbpf } from '../../src/bpf/index.ts';
import { compileHarness, hasDpdk } from './agent-harness.ts';

const CONTEXT_BYTES = 8192;

let folder: string;
let binary: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-trace-check-'));
  binary = join(folder, 'harness');
  if (!hasDpdk) return;
  compileHarness(binary, 'trace-check-harness.c', [
    'program_form.c',
    'program_interpret.c',
    'program_loop.c',
    'trace_check.c',
    'trace_mask.c',
    'trace_program.c',
    'program_targets.c',
    'program_widen.c',
  ]);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the agent says to each program. */
function load(programs: readonly Uint8Array[]): string[] {
  const word = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const input = Buffer.concat([
    word(CONTEXT_BYTES),
    word(programs.length),
    ...programs.flatMap((program) => [word(program.length / 8), program]),
  ]);
  const { status, signal, stdout, stderr } = spawnSync(binary, { input, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`the harness ended with ${signal ?? status}:\n${stderr}`);
  return stdout.toString().trimEnd().split('\n');
}

const compile = (text: string): Uint8Array => encodeEbpf(assemble(text));

describe.skipIf(!hasDpdk)('trace programs', () => {
  test.each<[string, string, string | RegExp]>([
    [
      'a comparison bounds an index',
      'r2 = *(u64 *)(r1 + 32)\nif r2 > 8191 goto out\nr1 += r2\nr3 = *(u8 *)(r1 + 0)\nout:',
      'ok',
    ],
    [
      'by one too much',
      'r2 = *(u64 *)(r1 + 32)\nif r2 > 8192 goto out\nr1 += r2\nr3 = *(u8 *)(r1 + 0)\nout:',
      /1 bytes at 0 to 8192/,
    ],
    [
      'the other way is not bound',
      'r2 = *(u64 *)(r1 + 32)\nif r2 < 8 goto out\nr1 += r2\nout:',
      /r2 has no bound/,
    ],
    ['a mask', 'r2 = *(u64 *)(r1 + 32)\nr2 &= 1023\nr2 *= 8\nr1 += r2\nr3 = *(u64 *)(r1 + 0)', 'ok'],
    ['a negative offset', 'r1 += -8', /an address at -8/],
    [
      'a signed comparison bounds nothing',
      'r2 = *(u64 *)(r1 + 32)\nif r2 s> 8 goto out\nr1 += r2\nout:',
      /no bound/,
    ],
    ['an address in the context', '*(u64 *)(r1 + 0) = r1', /r1 is an address/],
    [
      'an address on the stack and back',
      '*(u64 *)(r10 - 8) = r1\nr2 = *(u64 *)(r10 - 8)\nr3 = *(u64 *)(r2 + 8184)',
      'ok',
    ],
    ['half of one', '*(u64 *)(r10 - 8) = r1\nr2 = *(u32 *)(r10 - 8)', /a part of an address/],
    [
      'a patched one',
      '*(u64 *)(r10 - 8) = r1\n*(u8 *)(r10 - 8) = 1\nr2 = *(u64 *)(r10 - 8)',
      /before it is written/,
    ],
    [
      'different things on two ways',
      'r2 = *(u64 *)(r1 + 0)\nif r2 == 0 goto n\nr2 = r1\nn:\nr3 = r2',
      /read before it is written/,
    ],
    ['a call', 'r6 = r1\nr2 = 0\nr3 = 448\ncall 0\nr0 &= 63\nr6 += r0\nr2 = *(u8 *)(r6 + 0)', 'ok'],
    ['a call with another address', 'r1 += 8\nr2 = 0\nr3 = 0\ncall 0', /without the context in r1/],
    ['what a call leaves', 'r2 = 0\nr3 = 0\ncall 3\nr4 = r2', /r2 is read before/],
    ['a division by itself', 'r3 = 2\nr3 /= r3', /r3 divided by itself/],
    ['a register divided by itself', 'r2 = 5\nr2 /= r2', /r2 divided by itself/],
    ['division by a constant -1', 'r2 = 1\nr2 <<= 63\nr2 /= -1', /division by a constant -1/],
    ['division by what is -1', 'r2 = 1\nr2 <<= 63\nr3 = -1\nr2 /= r3', /r3 may be -1/],
    [
      'division by what a comparison tells',
      'r2 = 1\nr2 <<= 63\nr3 = *(u64 *)(r1 + 32)\nif r3 != -1 goto +1\nr2 %= r3',
      /r3 may be -1/,
    ],
    [
      'division by what was loaded',
      'r2 = 1\nr2 <<= 63\nr3 = *(u64 *)(r1 + 32)\nif r3 == 0 goto +1\nr2 /= r3',
      'ok',
    ],
    ['an unknown call', 'r2 = 0\nr3 = 0\ncall 4', /a call of 4/],
  ])('%s', (_, text, answer) => {
    const [said] = load([compile(`${text}\nr0 = 0\nexit`)]);
    if (typeof answer === 'string') expect(said).toBe(answer);
    else expect(said).toMatch(answer);
  });

  test('nothing that is let through leaves its context', () => {
    const random = mulberry(20_261);
    const programs = Array.from({ length: 30_000 }, () => spoil(compile(randomProgram(random)), random));
    const answers = load(programs);
    expect(answers).toHaveLength(programs.length);
    const taken = answers.filter((answer) => answer === 'ok').length;
    expect(taken).toBeGreaterThan(1000);
    expect(taken).toBeLessThan(programs.length - 1000);
    // What we let through, librte_bpf takes as well, but for rare ways to bound an index.
    const refused = answers.filter((answer) => answer.startsWith('librte_bpf'));
    expect(refused.length).toBeLessThan(taken / 20);
    expect(new Set(refused.map((answer) => answer.replace(/\d+/, 'N')))).toEqual(
      new Set(['librte_bpf refuses the program of N instructions: Invalid argument']),
    );
  }, 120_000);
});

type Random = (below: number) => number;

function mulberry(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Registers: r6 the context, r7 an address, r2 to r5 numbers. */
function randomProgram(random: Random): string {
  const lines = ['r6 = r1', 'r7 = r1', 'r2 = 1', 'r3 = 2', 'r4 = 3', 'r5 = 4'];
  const number = () => `r${2 + random(4)}`;
  const bound = () => [1, 7, 63, 255, 1000, 4095, 8191][random(7)]!;
  const size = () => ['u8', 'u16', 'u32', 'u64'][random(4)]!;
  const count = 3 + random(20);
  for (let i = 0; i < count; i++) {
    const [a, b] = [number(), number()];
    const pieces = [
      `${a} = *(${size()} *)(r6 + ${random(1024) * 8})`,
      `${a} &= ${bound()}`,
      `if ${a} ${['>', '>=', '<', '<=', '==', '!=', 's>', 's<'][random(8)]} ${bound()} goto out`,
      `if ${a} ${['>', '<', '=='][random(3)]} ${bound()} goto l${i}\n${b} ${['+=', '*=', '-='][random(3)]} ${a}\nl${i}:`,
      `${a} ${['+=', '-=', '*=', '|=', '^=', '&=', '/=', '%='][random(8)]} ${b}`,
      `${a} ${['<<=', '>>=', 's>>='][random(3)]} ${random(16)}`,
      `w${a.slice(1)} ${['+=', '*=', '-=', '>>='][random(4)]} ${random(31)}`,
      `r7 = r6\nr7 += ${a}\n${b} = *(${size()} *)(r7 + ${random(64)})`,
      `r7 = r6\nr7 += ${a}\n*(${size()} *)(r7 + ${random(64)}) = ${b}`,
      `r7 += ${a}`,
      `*(u64 *)(r10 - ${8 * (1 + random(4))}) = ${random(3) === 0 ? 'r7' : a}`,
      `${random(3) === 0 ? 'r7' : a} = *(u64 *)(r10 - ${8 * (1 + random(4))})`,
      `r1 = r6\nr2 = ${random(4)}\nr3 = ${random(9000)}\ncall ${random(4)}\nr2 = r0\nr3 = 1\nr4 = 2\nr5 = 3`,
    ];
    lines.push(pieces[random(pieces.length)]!);
  }
  return [...lines, 'out:', 'r0 = 0', 'exit'].join('\n');
}

/** Now and then a byte of an instruction becomes another. */
function spoil(program: Uint8Array, random: Random): Uint8Array {
  if (random(3) === 0) program[random(program.length)] = random(256);
  return program;
}
