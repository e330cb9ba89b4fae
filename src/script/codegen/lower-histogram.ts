/**
 * Which bucket a value belongs to, without a loop. hist is bpftrace's: n < 0 -> 0; n < 2^k -> n + 1; else with
 * l = floor(log2 n) - k the bucket ((l + 1) << k) + ((n >> l) & (2^k - 1)) + 1.
 */
import { opcodes as o } from '../../bpf/index.ts';
import type { MapKind } from '../plan.ts';
import type { Expression } from '../typed.ts';
import type { MapValue, Scope } from './form.ts';
import { divideByConstant } from './lower-division.ts';
import { withRegister } from './operands.ts';
import { maxOf } from './range.ts';
import { isScalar } from './scalars.ts';

const NEGATIVE_FROM: bigint = 1n << 63n;
/** Bits of values whose buckets are so few that each may have instructions of its own, and how long a program may get by that. */
const FEW_BITS = 16;
const SHORT_INSNS = 512;

/** Counts the value up in its bucket; `n`'s register is lost. */
export function lowerHist(
  scope: Scope,
  { bits, buckets }: MapKind & { kind: 'hist' },
  value: Expression,
  place: MapValue,
  n: number,
): void {
  const { asm } = scope;
  const most = isScalar(value.type) ? maxOf(value) : NEGATIVE_FROM;
  if (bits === 0 && most >> BigInt(FEW_BITS) === 0n && asm.length < SHORT_INSNS) {
    countUpByTests(scope, place, n, most.toString(2).length);
    return;
  }
  withRegister(scope, [n, place.base], (index) => {
    const [done, small] = [asm.label(), asm.label()];
    // When no value is negative the 1 that all buckets are further on is part of the place.
    const ahead = most < NEGATIVE_FROM ? 1 : 0;
    asm.constant(index, 0n);
    if (ahead === 0) {
      asm.jumpIf(o.BPF_JSLT, n, 0, done);
      asm.constant(index, 1n);
    }
    if (bits === 0) {
      addBitLength(scope, n, index, most);
    } else {
      asm.jumpIf(o.BPF_JLT, n, 2 ** bits, small);
      withRegister(scope, [n, place.base, index], (rest) =>
        withRegister(scope, [n, place.base, index, rest], (length) => {
          asm.move(rest, n);
          asm.alu(o.BPF_RSH, rest, bits);
          asm.constant(length, 0n);
          addBitLength(scope, rest, length, most >> BigInt(bits));
          // length is l + 1.
          asm.move(rest, length);
          asm.alu(o.BPF_LSH, rest, bits);
          asm.aluRegister(o.BPF_ADD, index, rest);
          asm.alu(o.BPF_SUB, length, 1);
          asm.aluRegister(o.BPF_RSH, n, length);
          asm.alu(o.BPF_AND, n, 2 ** bits - 1);
        }),
      );
      asm.bind(small);
      asm.aluRegister(o.BPF_ADD, index, n);
    }
    asm.bind(done);
    countUp(scope, { ...place, offset: place.offset + 8 * ahead }, index, buckets);
  });
}

/**
 * Keeps every index of a histogram as it is. Those who check the program do not follow the computation of one, and a
 * comparison tells librte_bpf only half of what it wants to know; place-maps.ts leaves room for what the mask lets through.
 */
export function indexMask(buckets: number): number {
  return 2 ** Math.ceil(Math.log2(buckets)) - 1;
}

/** Adds 1 to the bucket; the index's register is lost, and the value's own. */
function countUp({ asm }: Scope, { base, offset, taken }: MapValue, index: number, buckets: number): void {
  asm.alu(o.BPF_AND, index, indexMask(buckets));
  asm.alu(o.BPF_LSH, index, 3);
  const bucket = taken ?? 0;
  asm.move(bucket, base);
  asm.aluRegister(o.BPF_ADD, bucket, index);
  asm.load(8, index, bucket, offset);
  asm.alu(o.BPF_ADD, index, 1);
  asm.store(8, bucket, offset, index);
}

/**
 * The same for a value of at most that many bits, which is not negative, by halves: nothing is computed, so that
 * nothing waits for anything but its own bucket.
 */
function countUpByTests(scope: Scope, { base, offset }: MapValue, n: number, bits: number): void {
  const { asm } = scope;
  const done = asm.label();
  const countUpBetween = (least: number, most: number): void => {
    if (least === most) {
      asm.addInMemory(base, offset + 8 * (1 + most), 1);
      asm.jump(done);
      return;
    }
    const middle = (least + most) >> 1;
    const isBelow = asm.label();
    asm.jumpIf(o.BPF_JLT, n, 2 ** middle, isBelow);
    countUpBetween(middle + 1, most);
    asm.bind(isBelow);
    countUpBetween(least, middle);
  };
  countUpBetween(0, bits);
  asm.bind(done);
}

/** index += bits that n takes, which is at most `most`: halves what is left, from step to step. n is lost. */
function addBitLength({ asm }: Scope, n: number, index: number, most: bigint): void {
  if (most >> 32n !== 0n) {
    const isLow = asm.label();
    asm.move(0, n);
    asm.alu(o.BPF_RSH, 0, 32);
    asm.jumpIf(o.BPF_JEQ, 0, 0, isLow);
    asm.move(n, 0);
    asm.alu(o.BPF_ADD, index, 32);
    asm.bind(isLow);
    asm.lowHalf(n);
  }
  for (const step of [16, 8, 4, 2, 1]) {
    if (most >> BigInt(step) === 0n) continue;
    const isBelow = asm.label();
    asm.jumpIf(o.BPF_JLT, n, 2 ** step, isBelow);
    asm.alu(o.BPF_RSH, n, step);
    asm.alu(o.BPF_ADD, index, step);
    asm.bind(isBelow);
  }
  asm.aluRegister(o.BPF_ADD, index, n);
}

/** {below, one bucket a step, above}; the value's register is lost. */
export function lowerLhist(
  scope: Scope,
  { min, max, step, buckets }: MapKind & { kind: 'lhist' },
  value: Expression,
  place: MapValue,
  n: number,
): void {
  const { asm } = scope;
  const width = max - min;
  const most = maxOf(value);
  withRegister(scope, [n, place.base], (index) => {
    const [outside, done] = [asm.label(), asm.label()];
    move(scope, n, -min);
    if (most >= NEGATIVE_FROM || most - min >= width || min > 0n) {
      if (width <= 0x7fff_ffffn) {
        asm.jumpIf(o.BPF_JGE, n, Number(width), outside);
      } else {
        asm.constant(0, width);
        asm.jumpIfRegister(o.BPF_JGE, n, 0, outside);
      }
    }
    divideByConstant(scope, n, step, width - 1n, false);
    asm.move(index, n);
    asm.alu(o.BPF_ADD, index, 1);
    asm.jump(done);
    asm.bind(outside);
    asm.constant(index, 0n);
    move(scope, n, min);
    jumpIfBelow(scope, n, min, done);
    asm.constant(index, BigInt(buckets - 1));
    asm.bind(done);
    countUp(scope, place, index, buckets);
  });
}

/** n += by, wrapping. */
function move({ asm }: Scope, n: number, by: bigint): void {
  if (by === 0n) return;
  if (by >= -0x8000_0000n && by <= 0x7fff_ffffn) {
    asm.alu(o.BPF_ADD, n, Number(by));
  } else {
    asm.constant(0, by);
    asm.aluRegister(o.BPF_ADD, n, 0);
  }
}

function jumpIfBelow({ asm }: Scope, n: number, min: bigint, to: ReturnType<Scope['asm']['label']>): void {
  if (min >= -0x8000_0000n && min <= 0x7fff_ffffn) {
    asm.jumpIf(o.BPF_JSLT, n, Number(min), to);
  } else {
    asm.constant(0, min);
    asm.jumpIfRegister(o.BPF_JSLT, n, 0, to);
  }
}
