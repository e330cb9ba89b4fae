/**
 * Random extended programs for the checkers and engines: many are valid, many break one rule. They look like what the
 * profile allows, so that a good part gets through.
 */
import type { EbpfInsn, EbpfProgram } from '../../src/bpf/index.ts';

type Random = (bound: number) => number;

const insn = (code: number, dst = 0, src = 0, off = 0, imm = 0): EbpfInsn => ({ code, dst, src, off, imm });

const start = insn(0xbf, 6, 1);
const exit = insn(0x95);

const fields: readonly (readonly [offset: number, size: number])[] = [
  [20, 0x08],
  [22, 0x08],
  [24, 0x18],
  [32, 0x00],
  [36, 0x00],
  [40, 0x08],
  [42, 0x08],
  [44, 0x00],
  [48, 0x00],
  [52, 0x08],
];

const sizes = [0x10, 0x08, 0x00, 0x18] as const;
const bytesOf = (size: number): number => (size === 0x10 ? 1 : size === 0x08 ? 2 : size === 0x18 ? 8 : 4);

function immediate(random: Random): number {
  const choices = [0, 1, 2, 7, 12, 31, 32, 63, 64, 255, 0xffff, 0x7fffffff, -1, -2147483648, 0x7ffffff0];
  return random(3) === 0 ? random(2 ** 31) - 2 ** 30 : choices[random(choices.length)]!;
}

const register = (random: Random): number => [0, 0, 1, 2, 3, 4, 5, 7, 8, 9][random(10)]!;

/** An instruction that is mostly right; `left` is how many follow it. */
function randomInsn(random: Random, left: number): EbpfInsn {
  const dst = register(random);
  const src = register(random);
  switch (random(10)) {
    case 0: {
      const [offset, size] = fields[random(fields.length)]!;
      return insn(0x61 | size, dst, 6, offset);
    }
    case 1: {
      const size = sizes[random(4)]!;
      const off = -bytesOf(size) * (1 + random(6));
      return [
        insn(0x61 | size, dst, 10, off),
        insn(0x62 | size, 10, 0, off, immediate(random)),
        insn(0x63 | size, 10, src, off),
      ][random(3)]!;
    }
    case 2:
      return insn(0x20 | [0, 8, 16][random(3)]!, 0, 0, 0, random(70));
    case 3:
      return insn(0x40 | [0, 8, 16][random(3)]!, 0, src, 0, random(40));
    case 4:
    case 5: {
      const operation = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0, 0x00][random(12)]!;
      if (operation === 0) return insn(0x05, 0, 0, random(Math.max(1, left)));
      const constant = random(2) === 0;
      const imm = constant ? immediate(random) : 0;
      return insn(
        0x05 | operation | (constant ? 0 : 8),
        dst,
        constant ? 0 : src,
        random(Math.max(1, Math.min(left, 6))),
        imm,
      );
    }
    default: {
      const kind = random(2) === 0 ? 0x04 : 0x07;
      const operation = random(14) << 4;
      if (operation === 0x80) return insn(kind | operation, dst);
      if (operation === 0xd0)
        return insn(0x04 | operation | (random(2) << 3), dst, 0, 0, [16, 32, 64][random(3)]!);
      const constant = random(2) === 0;
      const isShift = operation === 0x60 || operation === 0x70 || operation === 0xc0;
      const imm = isShift ? random(kind === 4 ? 32 : 64) : immediate(random);
      return insn(kind | operation | (constant ? 0 : 8), dst, constant ? 0 : src, 0, constant ? imm : 0);
    }
  }
}

/** A program whose registers and first stack slots mostly hold something, with up to `length` random instructions. */
export function randomProgram(random: Random, length: number): EbpfProgram {
  const head = [start, ...[0, 7, 8, 9, 1, 2, 3].map((dst) => insn(0xb4, dst, 0, 0, immediate(random)))];
  const slots = [1, 2, 3, 4, 5, 6].map((slot) => insn(0x7a, 10, 0, -8 * slot, immediate(random)));
  const count = 1 + random(length);
  const body = Array.from({ length: count }, (_, i) => randomInsn(random, count - i));
  return [...head, ...slots, ...body, insn(0xb4, 0, 0, 0, random(2)), exit].filter(
    (_, i) => i === 0 || random(200) !== 0,
  );
}

/** A copy with one field of one instruction changed. */
export function damaged(program: EbpfProgram, random: Random): EbpfProgram {
  const at = random(program.length);
  const old = program[at]!;
  const changes: readonly Partial<EbpfInsn>[] = [
    { code: random(256) },
    { code: old.code ^ (1 << random(8)) },
    { dst: random(16) },
    { src: random(16) },
    { off: random(65536) - 32768 },
    { off: old.off + random(9) - 4 },
    { imm: immediate(random) },
  ];
  const changed = { ...old, ...changes[random(changes.length)] };
  if (random(8) === 0) return program.filter((_, i) => i !== at);
  if (random(8) === 0) return program.slice(0, at);
  return program.map((each, i) => (i === at ? changed : each));
}
