import { describe, expect, test } from 'vitest';
import { formatEbpf } from './format.ts';

const op = (code: number, dst = 0, src = 0, off = 0, imm = 0) => ({ code, dst, src, off, imm });

describe('text', () => {
  for (const [insn, want] of [
    [op(0xbf, 6, 1), 'r6 = r1'],
    [op(0xbc, 7, 0), 'w7 = w0'],
    [op(0xb7, 1, 0, 0, -1), 'r1 = -1'],
    [op(0xb4, 1, 0, 0, 4096), 'w1 = 0x1000'],
    [op(0x07, 1, 0, 0, 2), 'r1 += 0x2'],
    [op(0x1c, 1, 2), 'w1 -= w2'],
    [op(0x2f, 1, 2), 'r1 *= r2'],
    [op(0x34, 1, 0, 0, 3), 'w1 /= 0x3'],
    [op(0x4f, 1, 2), 'r1 |= r2'],
    [op(0x57, 1, 0, 0, 15), 'r1 &= 0xf'],
    [op(0x67, 1, 0, 0, 1), 'r1 <<= 0x1'],
    [op(0x7c, 1, 2), 'w1 >>= w2'],
    [op(0x84, 3), 'w3 = -w3'],
    [op(0x97, 1, 0, 0, 3), 'r1 %= 0x3'],
    [op(0xaf, 1, 2), 'r1 ^= r2'],
    [op(0xc7, 1, 0, 0, 4), 'r1 s>>= 0x4'],
    [op(0xdc, 1, 0, 0, 16), 'r1 = be16 r1'],
    [op(0xd4, 1, 0, 0, 64), 'r1 = le64 r1'],
    [op(0x79, 1, 6, 24), 'r1 = *(u64 *)(r6 + 24)'],
    [op(0x71, 1, 10, -8), 'r1 = *(u8 *)(r10 - 8)'],
    [op(0x63, 10, 3, -4), '*(u32 *)(r10 - 4) = r3'],
    [op(0x6a, 10, 0, -2, 7), '*(u16 *)(r10 - 2) = 7'],
    [op(0x20, 0, 0, 0, 14), 'r0 = *(u32 *)skb[14]'],
    [op(0x48, 0, 7, 0, 14), 'r0 = *(u16 *)skb[r7 + 14]'],
    [op(0x05, 0, 0, 3), 'goto +3'],
    [op(0x15, 0, 0, 1, 6), 'if r0 == 0x6 goto +1'],
    [op(0x5d, 0, 1, 2), 'if r0 != r1 goto +2'],
    [op(0x45, 0, 0, 1, 6), 'if r0 & 0x6 goto +1'],
    [op(0xa5, 0, 0, 1, 6), 'if r0 < 0x6 goto +1'],
    [op(0xd5, 0, 0, 1, -6), 'if r0 s<= -6 goto +1'],
    [op(0x85, 0, 0, 0, 5), 'call 5'],
    [op(0x95), 'exit'],
    [op(0x18, 1, 0, 0, 5), '.insn 0x18, 1, 0, 0, 5'],
    [op(0xe7, 1), '.insn 0xe7, 1, 0, 0, 0'],
    [op(0xdb, 1, 2, 3), 'lock *(u64 *)(r1 + 3) += r2'],
    [op(0xdb, 1, 2, 3, 2), '.insn 0xdb, 1, 2, 3, 2'],
    [op(0xbf, 1, 11), '.insn 0xbf, 1, 11, 0, 0'],
    [op(0x95, 0, 0, 1), '.insn 0x95, 0, 0, 1, 0'],
    [op(0xf5, 1, 2, 3), '.insn 0xf5, 1, 2, 3, 0'],
    [op(0x06, 0, 0, 0, 9), 'gotol +9'],
  ] as const) {
    test(want, () => {
      expect(formatEbpf([insn])).toBe(`   0: ${want}\n`);
    });
  }
});
