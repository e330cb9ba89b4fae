/** What only one of the profiles takes or refuses. */
import { expect, test } from 'vitest';
import { assemble } from '../asm/assemble.ts';
import { testAccepted, testRefused } from './cases.fixture.ts';
import { dpdkProfile } from './dpdk.ts';
import { kernelProfile } from './kernel.ts';
import { kernelHelpers } from './kernel-helpers.ts';
import type { Setting } from './profile.ts';
import { verifyProgram } from './verify.ts';
import { wasmProfile } from './wasm.ts';

testAccepted(dpdkProfile(), [
  [
    'a filter',
    'r6 = r1; r0 = *(u16 *)skb[12]; if r0 != 0x800 goto out; w0 = 1; goto end; out: w0 = 0; end: exit',
  ],
  ['fields of the mbuf', 'r0 = *(u16 *)(r1 + 42); r2 = *(u64 *)(r1 + 24); exit'],
  [
    'an index below the limit',
    'r6 = r1; r7 = *(u32 *)(r1 + 36); if r7 > 1000 goto +1; r0 = *(u32 *)skb[r7 + 14]; r0 = 0; exit',
  ],
  ['an atomic addition', 'r2 = 1; *(u64 *)(r10 - 8) = 0; lock *(u64 *)(r10 - 8) += r2; r0 = 0; exit'],
]);

testRefused(dpdkProfile(), [
  ['a part of a field', 'r0 = *(u8 *)(r1 + 42); exit', 0, '1 bytes at 42 of the context cannot be read'],
  ['buf_addr', 'r0 = *(u64 *)(r1 + 0); exit', 0, '8 bytes at 0 of the context cannot be read'],
  ['a store into the mbuf', '*(u16 *)(r1 + 42) = 1; r0 = 0; exit', 0, 'of the context cannot be written'],
  [
    'a loop',
    'r1 = 3; again: r1 -= 1; if r1 != 0 goto again; r0 = 0; exit',
    2,
    'a jump back to 1: the target has no loops',
  ],
  [
    'a jump to itself',
    'r1 = 3; again: if r1 == 4 goto again; r0 = 0; exit',
    1,
    'a jump back to 1: the target has no loops',
  ],
  ['a function', 'call f; goto end; f: r0 = 1; end: exit', 0, 'calls inside the program'],
  ['a 32-bit jump', 'r0 = 0; if w0 == 0 goto +0; exit', 1, 'librte_bpf does not have it'],
  ['a long jump', 'r0 = 0; gotol +0; exit', 1, 'librte_bpf does not have it'],
  ['a signed division', 'r0 = 4; r0 s/= 2; exit', 1, 'librte_bpf does not have it'],
  ['a signed remainder', 'r0 = 4; w0 s%= 2; exit', 1, 'librte_bpf does not have it'],
  ['sign extension', 'r0 = 4; r0 = (s8)r0; exit', 1, 'librte_bpf does not have it'],
  ['a byte swap of version 4', 'r0 = 4; r0 = bswap16 r0; exit', 1, 'librte_bpf does not have it'],
  [
    'a load that extends the sign',
    '*(u64 *)(r10 - 8) = 0; r0 = *(s8 *)(r10 - 8); exit',
    1,
    'librte_bpf does not have it',
  ],
  [
    'an atomic exchange',
    'r1 = 1; *(u64 *)(r10 - 8) = 0; r1 = xchg_64(r10 - 8, r1); r0 = 0; exit',
    2,
    'librte_bpf does not have it',
  ],
  [
    'an atomic addition that fetches',
    'r1 = 1; *(u64 *)(r10 - 8) = 0; r1 = atomic_fetch_add((u64 *)(r10 - 8), r1); r0 = 0; exit',
    2,
    'librte_bpf does not have it',
  ],
  ['a map', 'r1 = map_by_fd(1); r0 = 0; exit', 0, 'librte_bpf does not have it'],
  ['a conditional jump at the start', 'if r1 == 0 goto +0; r0 = 0; exit', 0, 'does not check what it skips'],
  [
    'an early exit',
    'r0 = 0; r2 = 1; if r2 == 1 goto +1; exit; exit',
    3,
    'an exit before the end of the program',
  ],
  ['a bit test with a byte', 'r0 = 1; if r0 & 127 goto +0; exit', 1, 'a bit test with 127'],
  ['a bit test with a negative byte', 'r0 = 1; if r0 & -128 goto +0; exit', 1, 'a bit test with -128'],
  [
    'a negative packet offset',
    'r6 = r1; r0 = *(u32 *)skb[-1]; exit',
    1,
    'a load from the packet may reach above 2147483647',
  ],
  [
    'a packet offset at the limit',
    'r6 = r1; r0 = *(u32 *)skb[0x7ffffffc]; exit',
    1,
    'may reach above 2147483647',
  ],
  [
    'an index without a bound',
    'r6 = r1; r7 = *(u32 *)(r1 + 36); r0 = *(u8 *)skb[r7 + 0]; exit',
    2,
    'may reach above',
  ],
  [
    'an index that may be negative',
    'r6 = r1; r7 = *(u16 *)(r1 + 42); r7 -= 1; r0 = *(u8 *)skb[r7 + 0]; exit',
    3,
    'may reach above',
  ],
  ['division by 0', 'r0 = 1; r0 /= 0; exit', 1, 'division by a constant 0'],
  ['a shift by 64', 'r0 = 1; r0 <<= 64; exit', 1, 'a shift by 64 bits: expected 0 to 63'],
  ['a 32-bit shift by 32', 'r0 = 1; w0 >>= 32; exit', 1, 'a shift by 32 bits: expected 0 to 31'],
]);

test('an external variable of librte_bpf is exactly its address', () => {
  const memory = { name: 'histogram', lengthBytes: 16, isWritable: true };
  const setting: Setting = {
    resolve: (kind, imm, next) =>
      kind === 'imm64' && imm === 0x1000 && next === 0x7f00
        ? { kind: 'memory', memory, offset: 0 }
        : undefined,
  };
  const use = (off: number): string =>
    `r1 = 0x7f0000001000 ll\nr2 = 1\nlock *(u64 *)(r1 + ${off}) += r2\nr0 = 0\nexit`;
  const profile = dpdkProfile([{ kind: 'scalar' }]);
  verifyProgram(assemble(use(8)), profile, setting);
  expect(() => verifyProgram(assemble(use(16)), profile, setting)).toThrow('histogram: it has 16');
  expect(() => verifyProgram(assemble(use(8)), profile)).toThrow('r1 is a number');
});

const kprobe = kernelProfile('kprobe');

testAccepted(kprobe, [
  ['registers', 'r0 = *(u64 *)(r1 + 112); r2 = *(u64 *)(r1 + 160); r3 = *(u32 *)(r1 + 0); exit'],
]);

testRefused(kprobe, [
  ['behind the registers', 'r0 = *(u64 *)(r1 + 168); exit', 0, 'of the context cannot be read'],
  ['an unaligned register', 'r0 = *(u64 *)(r1 + 4); exit', 0, 'of the context cannot be read'],
  ['a register written', '*(u64 *)(r1 + 112) = 1; r0 = 0; exit', 0, 'of the context cannot be written'],
  ['a packet load', 'r6 = r1; r0 = *(u8 *)skb[0]; exit', 1, 'this program has no packet'],
  [
    'a helper of socket filters',
    'r2 = 0; r3 = r10; r3 += -16; r4 = 16; call 999; r0 = 0; exit',
    4,
    'helper 999: the target does not have it',
  ],
  ['division by 0', 'r0 = 1; r0 %= 0; exit', 1, 'division by a constant 0'],
  [
    'more stack than all functions have',
    '*(u64 *)(r10 - 400) = 1; call f; exit; f: *(u64 *)(r10 - 200) = 1; r0 = 0; exit',
    0,
    '640 bytes of stack in all functions: expected at most 512',
  ],
]);

test('helpers belong to program types', () => {
  expect(kernelHelpers('kprobe').has(26)).toBe(false);
  expect(kernelHelpers('socket_filter').has(113)).toBe(false);
  expect(kernelHelpers('xdp').get(1)?.result).toBe('map-value-or-null');
});

testAccepted(wasmProfile(), [
  ['division by 0', 'r0 = 1; r0 /= 0; exit'],
  ['a shift by 64', 'r0 = 1; r0 <<= 64; exit'],
  ['a packet load anywhere', 'r6 = r1; r7 = *(u64 *)(r1 + 24); r0 = *(u32 *)skb[r7 - 5]; exit'],
  ['an early exit', 'r0 = 0; r2 = *(u64 *)(r1 + 24); if r2 == 1 goto +1; exit; exit'],
]);
