/** Numbers and control: what is read is written, ways end, comparisons say what they say. */
import { type Accepted, type Refused, testAccepted, testRefused } from './cases.fixture.ts';
import { wasmProfile } from './wasm.ts';

/** An index in r1 that may go through the 64 bytes of `table`, with the value at its place. */
const table = 'r2 = var_addr(1); r2 += r1; r0 = *(u8 *)(r2 + 0); exit';
/** Any number in r1. */
const any = 'r1 = *(u64 *)(r1 + 24)';

/** The program calls a function that calls one, and so on; so many of them, itself included. */
const functionsDeep = (count: number): string =>
  ['r0 = 1', ...Array.from({ length: count - 1 }, (_, i) => `call f${i}; exit; f${i}: r0 = 1`), 'exit'].join(
    '; ',
  );

const accepted: readonly Accepted[] = [
  ['eight functions, one in the other', functionsDeep(8)],
  ['the shortest program', 'r0 = 0; exit'],
  ['a 64-bit constant', 'r0 = 0x123456789abcdef0 ll; exit'],
  ['every register', 'r2 = 1; r3 = r2; r4 = r3; r5 = r4; r6 = r5; r7 = r6; r8 = r7; r9 = r8; r0 = r9; exit'],
  ['a mask', `${any}; r1 &= 63; ${table}`],
  ['a shift', `${any}; r1 >>= 58; ${table}`],
  ['a remainder', `${any}; r1 %= 64; ${table}`],
  ['a 32-bit mask', `${any}; w1 &= 63; ${table}`],
  ['a 32-bit shift', `${any}; w1 >>= 26; ${table}`],
  ['a byte', `r1 = *(u8 *)(r1 + 20); r1 >>= 2; ${table}`],
  ['an unsigned comparison', `${any}; if r1 > 63 goto out; ${table}; out: r0 = 0; exit`],
  ['a comparison that jumps to the use', `${any}; if r1 < 64 goto use; r0 = 0; exit; use: ${table}`],
  ['a comparison of two registers', `${any}; r3 = 64; if r1 >= r3 goto out; ${table}; out: r0 = 0; exit`],
  [
    'two signed comparisons',
    `${any}; if r1 s< 0 goto out; if r1 s> 63 goto out; ${table}; out: r0 = 0; exit`,
  ],
  [
    'a 32-bit comparison of a copied half',
    `${any}; w1 = w1; if w1 > 63 goto out; ${table}; out: r0 = 0; exit`,
  ],
  ['an equality', `${any}; if r1 != 63 goto out; ${table}; out: r0 = 0; exit`],
  ['bits that are not set', `${any}; if r1 & -64 goto out; ${table}; out: r0 = 0; exit`],
  ['a comparison of a copy', `${any}; r3 = r1; if r3 > 63 goto out; ${table}; out: r0 = 0; exit`],
  [
    'a comparison of a copy of the half',
    `r1 = *(u32 *)(r1 + 36); w3 = w1; if w3 > 63 goto out; ${table}; out: r0 = 0; exit`,
  ],
  ['a sum of bounded numbers', `${any}; r1 &= 31; r3 = r1; r1 += r3; ${table}`],
  ['a product of bounded numbers', `${any}; r1 &= 7; r1 *= 9; ${table}`],
  ['sign extension of a bounded number', `${any}; r1 &= 63; r1 = (s8)r1; ${table}`],
  ['a signed division', `${any}; w1 &= 127; r1 s/= 2; ${table}`],
  ['a byte swap of a bounded number', `${any}; r1 &= 0x3f00; r1 = be16 r1; ${table}`],
  ['a way that numbers exclude', 'r1 = 5; if r1 == 5 goto out; r0 = *(u64 *)(r9 + 0); out: r0 = 0; exit'],
  ['a loop with a counter', 'r1 = 0; r0 = 0; again: r0 += r1; r1 += 1; if r1 != 100 goto again; exit'],
  ['a loop down to 0', 'r1 = 1000; again: r1 -= 1; if r1 != 0 goto again; r0 = 0; exit'],
  [
    'a loop in a loop',
    'r1 = 10; outer: r2 = 10; inner: r2 -= 1; if r2 != 0 goto inner; r1 -= 1; if r1 != 0 goto outer; r0 = 0; exit',
  ],
  [
    'a loop as often as a number says',
    `${any}; r1 &= 63; again: if r1 == 0 goto out; r1 -= 1; goto again; out: r0 = 0; exit`,
  ],
  [
    'a loop over a table',
    'r2 = var_addr(1); r3 = 0; r0 = 0; again: r4 = r2; r4 += r3; r5 = *(u8 *)(r4 + 0); r0 += r5; r3 += 1; if r3 < 64 goto again; exit',
  ],
  ['a function', 'r1 = 3; call double; r0 += 1; exit; double: r0 = r1; r0 += r1; exit'],
  ['what functions keep', 'r6 = 3; call f; r0 += r6; exit; f: r6 = 9; r0 = r6; exit'],
  [
    'a pointer into the stack of the caller',
    '*(u64 *)(r10 - 8) = 5; r1 = r10; r1 += -8; call f; exit; f: r0 = *(u64 *)(r1 + 0); *(u64 *)(r1 + 0) = 7; exit',
  ],
  ['functions that call functions', 'call f; exit; f: call g; exit; g: r0 = 1; exit'],
  ['a long jump', 'gotol over; over: r0 = 0; exit'],
  [
    'atomic operations',
    '*(u64 *)(r10 - 8) = 5; r1 = 1; lock *(u64 *)(r10 - 8) += r1; r1 = atomic_fetch_or((u64 *)(r10 - 8), r1); r0 = 5; r0 = cmpxchg_64(r10 - 8, r0, r1); exit',
  ],
];

const refused: readonly Refused[] = [
  ['r0 that was not written', 'exit', 0, 'r0 is read before it is written'],
  ['a register that was not written', 'r0 = r7; exit', 0, 'r7 is read before it is written'],
  [
    'a register that one way does not write',
    `${any}; if r1 == 0 goto out; r0 = 1; out: exit`,
    3,
    'r0 is read before',
  ],
  ['r6 of the caller', 'r6 = 1; call f; exit; f: r0 = r6; exit', 3, 'r6 is read before it is written'],
  ['r1 after a call', 'r1 = 1; call f; r0 = r1; exit; f: r0 = 1; exit', 2, 'r1 is read before it is written'],
  ['r2 after a helper', 'r2 = 1; call 5; r0 = r2; exit', 2, 'r2 is read before it is written'],
  ['nothing at the end', 'r0 = 0', 0, 'expected exit or a jump'],
  ['a jump out of the program', 'r0 = 0; goto +5; exit', 1, 'leads to 7'],
  ['a jump into a 64-bit constant', 'r0 = 0; goto +1; r1 = 0x5 ll; exit', 1, 'leads to 3'],
  ['an unknown opcode', '.insn 0xff, 0, 0, 0, 0; exit', 0, 'got code 0xff'],
  ['a field that is not used', '.insn 0xb7, 0, 1, 0, 0; exit', 0, 'it is reserved'],
  ['r10 written', 'r10 = 1; exit', 0, 'writes r10'],
  ['what no way reaches', 'r0 = 0; exit; r0 = 1; exit', 2, 'no way leads here'],
  ['code behind a jump', 'r0 = 0; goto out; r0 = 1; out: exit', 2, 'no way leads here'],
  [
    'a function that runs into the next',
    'call f; exit; f: r0 = 1; if r0 == 1 goto -2; call g; g: r0 = 1; exit',
    4,
    'the function runs into the one at 5',
  ],
  [
    'a jump into another function',
    'call f; goto inside; f: r0 = 1; inside: exit',
    1,
    'expected a place in the same function',
  ],
  ['a loop without a change', 'again: goto again', 0, 'the loop may never end'],
  [
    'a loop of a few instructions without a change',
    `${any}; again: r2 = 1; if r1 == 5 goto again; goto again`,
    1,
    'the loop may never end',
  ],
  [
    'a loop whose end depends on the packet',
    'r6 = r1; again: r0 = *(u8 *)skb[0]; if r0 != 0 goto again; exit',
    1,
    'the loop may never end',
  ],
  [
    'a loop that counts past its end',
    'r1 = 1; again: r1 += 2; if r1 != 100 goto again; r0 = 0; exit',
    2,
    'too much to walk over',
  ],
  ['recursion', 'call f; exit; f: call f; exit', 2, 'more than 8 functions are active'],
  ['a ninth function', functionsDeep(9), 22, 'more than 8 functions are active'],
  ['helper that is not there', 'call 999; exit', 0, 'helper 999: the target does not have it'],
  ['a call of a register', 'r1 = 5; .insn 0x8d, 1, 0, 0, 0; exit', 1, "expected a helper's number"],
  ['a call by BTF', 'call btf 5; exit', 0, "expected a helper's number"],
  ['an address that is nothing', 'r1 = map_by_fd(9); r0 = 0; exit', 0, 'names nothing'],
  ['no bound', `${any}; ${table}`, 3, 'a pointer is moved by a number without a bound'],
  [
    'one too many',
    `${any}; if r1 > 64 goto out; ${table}; out: r0 = 0; exit`,
    5,
    '1 bytes at 0..64 of the table: it has 64',
  ],
  ['a mask that is too wide', `${any}; r1 &= 127; ${table}`, 5, '1 bytes at 0..127 of the table'],
  ['a signed bound only', `${any}; if r1 s> 63 goto out; ${table}; out: r0 = 0; exit`, 4, 'without a bound'],
  [
    'a 32-bit bound of a 64-bit number',
    `${any}; if w1 > 63 goto out; ${table}; out: r0 = 0; exit`,
    4,
    'without a bound',
  ],
  [
    'the wrong way of a comparison',
    `${any}; if r1 > 63 goto use; r0 = 0; exit; use: ${table}`,
    6,
    'without a bound',
  ],
  [
    'a bound of what was then changed',
    `${any}; r3 = r1; r1 += 1; if r3 > 63 goto out; ${table}; out: r0 = 0; exit`,
    6,
    'without a bound',
  ],
  ['a sum that may be negative', `${any}; r1 &= 63; r1 -= 1; ${table}`, 6, 'of the table: it has 64'],
  [
    'sign extension of a byte',
    `${any}; r1 &= 255; r1 = (s8)r1; ${table}`,
    6,
    '1 bytes at -128..127 of the table',
  ],
  ['a pointer that is given back', 'r0 = r10; exit', 1, 'r0 is a pointer at the end'],
  ['a function that gives back its stack', 'call f; exit; f: r0 = r10; exit', 3, 'a pointer into a stack'],
  ['multiplication of a pointer', 'r1 *= 2; r0 = 0; exit', 0, 'arithmetic on a pointer'],
  ['32-bit addition to a pointer', 'w1 += 2; r0 = 0; exit', 0, 'expected a 64-bit addition'],
  ['half of a pointer', 'w0 = w1; exit', 0, 'a pointer is computed with as a number'],
  ['a byte swap of a pointer', 'r1 = be64 r1; r0 = 0; exit', 0, 'a pointer is computed with as a number'],
  ['a negative pointer', 'r1 = -r1; r0 = 0; exit', 0, 'a pointer is computed with as a number'],
  [
    'a comparison of a pointer with a number',
    'if r1 > 5 goto +0; r0 = 0; exit',
    0,
    'expected == or != and 0',
  ],
  [
    'a 32-bit comparison of a pointer',
    'if w1 == 0 goto +0; r0 = 0; exit',
    0,
    'a 32-bit comparison of a pointer',
  ],
  [
    'a comparison of pointers into different memory',
    'if r1 == r10 goto +0; r0 = 0; exit',
    0,
    'different memory',
  ],
  ['a difference of pointers into different memory', 'r1 -= r10; r0 = 0; exit', 0, 'different memory'],
  ['a number minus a pointer', 'r2 = 5; r2 -= r1; r0 = 0; exit', 1, 'arithmetic on a pointer'],
  [
    'an address made of a number',
    'r2 = 4096; r0 = *(u64 *)(r2 + 0); exit',
    1,
    'r2 is a number: expected a pointer',
  ],
  ['a pointer moved far away', 'r2 = r10; r2 += 0x7fffffff; r0 = 0; exit', 1, 'moved by'],
];

testAccepted(wasmProfile(), accepted);
testRefused({ ...wasmProfile(), maxSteps: 20_000 }, refused);
