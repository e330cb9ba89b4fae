/** Memory: stack, context, packets, maps, records. */
import { testAccepted, testRefused } from './cases.fixture.ts';
import { kernelProfile } from './kernel.ts';
import { wasmProfile } from './wasm.ts';

const flat = wasmProfile([{ kind: 'packet' }, { kind: 'packet-length' }]);
const filter = kernelProfile('socket_filter');
const xdp = kernelProfile('xdp');

/** r0 = the value of `counts` for the key 0. */
const lookup = '*(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = map_by_fd(1); call 1';
/** r2 = the start, r3 = the end of the packet. */
const bounds = 'r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4)';
const out = 'out: r0 = 0; exit';
/** r0 = a record of 16 bytes. */
const reserve = 'r1 = map_by_fd(2); r2 = 16; r3 = 0; call 131';

testAccepted(wasmProfile(), [
  [
    'stack of every size',
    'r1 = 1; *(u8 *)(r10 - 1) = r1; *(u16 *)(r10 - 4) = r1; *(u32 *)(r10 - 8) = r1; *(u64 *)(r10 - 512) = r1; r0 = *(u64 *)(r10 - 512); exit',
  ],
  ['two halves of a slot', '*(u32 *)(r10 - 8) = 1; *(u32 *)(r10 - 4) = 2; r0 = *(u64 *)(r10 - 8); exit'],
  ['a part of a slot', '*(u64 *)(r10 - 8) = 1; r0 = *(u16 *)(r10 - 6); exit'],
  ['a pointer put aside', '*(u64 *)(r10 - 8) = r1; r2 = *(u64 *)(r10 - 8); r0 = *(u32 *)(r2 + 36); exit'],
  [
    'a bound put aside',
    'r1 = *(u64 *)(r1 + 24); r1 &= 63; *(u64 *)(r10 - 8) = r1; r3 = *(u64 *)(r10 - 8); r2 = var_addr(1); r2 += r3; r0 = *(u8 *)(r2 + 0); exit',
  ],
  [
    'a bound of what was put aside',
    'r1 = *(u64 *)(r1 + 24); *(u64 *)(r10 - 8) = r1; if r1 > 63 goto out; r3 = *(u64 *)(r10 - 8); r2 = var_addr(1); r2 += r3; r0 = *(u8 *)(r2 + 0); exit; out: r0 = 0; exit',
  ],
  [
    'a place in the stack that is not constant',
    '*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; r1 = *(u64 *)(r1 + 24); r1 &= 8; r2 = r10; r2 += -16; r2 += r1; r0 = *(u64 *)(r2 + 0); exit',
  ],
  [
    'fields of the context',
    'r0 = *(u16 *)(r1 + 22); r2 = *(u64 *)(r1 + 24); r3 = *(u8 *)(r1 + 25); r4 = *(u32 *)(r1 + 36); exit',
  ],
  ['packet loads', 'r6 = r1; r0 = *(u16 *)skb[12]; r7 = r0; r0 = *(u8 *)skb[r7 + 14]; exit'],
  ['a variable', 'r1 = var_addr(1); *(u64 *)(r1 + 56) = 1; r0 = *(u64 *)(r1 + 56); exit'],
  [
    'an atomic operation on a variable',
    'r1 = var_addr(1); r2 = 1; lock *(u64 *)(r1 + 8) += r2; r0 = 0; exit',
  ],
  ['the difference of two places', 'r2 = r10; r2 += -8; r0 = r10; r0 -= r2; exit'],
]);

testRefused(wasmProfile(), [
  [
    'a number over which a place that is not constant was written',
    '*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; r1 = *(u64 *)(r1 + 24); r2 = r1; r2 &= 8; r3 = r10; r3 += -16; r3 += r2; *(u64 *)(r3 + 0) = r1; r4 = *(u64 *)(r10 - 8); r5 = var_addr(1); r5 += r4; r0 = 0; exit',
    12,
    'without a bound',
  ],
  [
    'a number that an atomic operation changed',
    'r1 = *(u64 *)(r1 + 24); *(u64 *)(r10 - 8) = 0; lock *(u64 *)(r10 - 8) += r1; r4 = *(u64 *)(r10 - 8); r5 = var_addr(1); r5 += r4; r0 = 0; exit',
    6,
    'without a bound',
  ],
  [
    'an atomic operation at a place that may not be aligned',
    'r1 = *(u64 *)(r1 + 24); r1 &= 12; r2 = var_addr(1); r2 += r1; r3 = 1; lock *(u64 *)(r2 + 0) += r3; r0 = 0; exit',
    6,
    'expected an aligned place',
  ],
  [
    'the lower half of a number that may be negative',
    'r1 = *(s8 *)(r1 + 36); w2 = w1; r2 += 128; if r2 > 255 goto out; r0 = 0; exit; out: r0 = *(u8 *)(r10 - 1); exit',
    6,
    'the stack at -1 is read before it is written',
  ],
  [
    'what r6 may be behind a function on another way',
    'r6 = 0; r2 = *(u32 *)(r1 + 36); r3 = *(u32 *)(r1 + 44); if r2 == 0 goto go; r6 = 100; go: r1 = r3; call f; r7 = var_addr(1); r7 += r6; r0 = *(u8 *)(r7 + 0); exit; f: r0 = 0; if r1 == 0 goto done; r0 = 1; done: exit',
    10,
    '1 bytes at 100 of the table: it has 64',
  ],
  [
    'stack that one way writes in part',
    'r2 = *(u32 *)(r1 + 36); if r2 == 0 goto half; *(u32 *)(r10 - 8) = 1; *(u32 *)(r10 - 4) = 1; goto join; half: *(u32 *)(r10 - 8) = 1; join: r0 = *(u64 *)(r10 - 8); exit',
    6,
    'the stack at -8 is read before it is written',
  ],
  [
    'a bound of half a slot',
    'r1 = *(u64 *)(r1 + 24); *(u64 *)(r10 - 8) = r1; *(u32 *)(r10 - 8) = 1; r3 = *(u64 *)(r10 - 8); r2 = var_addr(1); r2 += r3; r0 = 0; exit',
    6,
    'without a bound',
  ],
  [
    'what follows another call of a function',
    'r2 = *(u32 *)(r1 + 36); if r2 == 0 goto other; call f; exit; other: r6 = 5; call f; r0 = *(u8 *)(r6 + 0); exit; f: r0 = 1; if r0 == 1 goto +0; exit',
    6,
    'r6 is a number: expected a pointer',
  ],
  [
    'a pointer that is moved far by two numbers',
    'r3 = *(u64 *)(r1 + 24); r3 &= 0x1fffffff; r2 = var_addr(1); r2 += r3; r2 += r3; r0 = 0; exit',
    5,
    'without a bound',
  ],
  [
    'another place behind one way',
    'r2 = var_addr(1); r3 = *(u32 *)(r1 + 36); if r3 == 0 goto far; r2 += 8; goto join; far: r2 += 60; join: r0 = *(u64 *)(r2 + 0); exit',
    7,
    '8 bytes at 60 of the table: it has 64',
  ],
  [
    'a wider index behind one way',
    'r4 = *(u32 *)(r1 + 36); r3 = *(u64 *)(r1 + 24); r2 = var_addr(1); r5 = r2; r3 &= 63; r6 = r3; if r4 == 0 goto wide; r6 &= 7; r2 += r6; goto join; wide: r2 += r3; join: r0 = *(u16 *)(r2 + 0); exit',
    12,
    '2 bytes at 0..63 of the table',
  ],
  [
    'a wider number behind one way',
    'r4 = *(u32 *)(r1 + 36); r3 = *(u64 *)(r1 + 24); r2 = var_addr(1); if r4 == 0 goto wide; r3 &= 7; goto join; wide: r3 &= 127; join: r2 += r3; r0 = *(u8 *)(r2 + 0); exit',
    9,
    '1 bytes at 0..127 of the table',
  ],
  [
    'a copy that one way does not make',
    'r4 = *(u32 *)(r1 + 36); r3 = *(u64 *)(r1 + 24); r2 = var_addr(1); if r4 == 0 goto other; r5 = r3; goto join; other: r5 = *(u64 *)(r1 + 24); join: if r5 > 63 goto out; r2 += r3; r0 = *(u8 *)(r2 + 0); exit; out: r0 = 0; exit',
    9,
    'without a bound',
  ],
  [
    'a register that one way does not write',
    'r4 = *(u32 *)(r1 + 36); if r4 == 0 goto join; r5 = 1; join: r0 = r5; exit',
    3,
    'r5 is read before it is written',
  ],
  [
    'below the stack',
    '*(u64 *)(r10 - 520) = 1; r0 = 0; exit',
    0,
    '8 bytes at -520: expected a place in the 512 bytes of stack',
  ],
  [
    'above the stack',
    '*(u64 *)(r10 + 0) = 1; r0 = 0; exit',
    0,
    '8 bytes at 0: expected a place in the 512 bytes of stack',
  ],
  ['over the end of the stack', '*(u32 *)(r10 - 2) = 1; r0 = 0; exit', 0, '4 bytes at -2: expected a place'],
  ['an unaligned place', '*(u64 *)(r10 - 12) = 1; r0 = 0; exit', 0, 'expected an aligned place'],
  [
    'stack that was not written',
    'r0 = *(u64 *)(r10 - 8); exit',
    0,
    'the stack at -8 is read before it is written',
  ],
  [
    'stack that was written in part',
    '*(u32 *)(r10 - 8) = 1; r0 = *(u64 *)(r10 - 8); exit',
    1,
    'the stack at -8 is read before it is written',
  ],
  [
    'stack that one way does not write',
    'r1 = *(u32 *)(r1 + 36); if r1 == 0 goto +1; *(u64 *)(r10 - 8) = 1; r0 = *(u64 *)(r10 - 8); exit',
    3,
    'the stack at -8 is read before',
  ],
  [
    'the stack of an ended function',
    'call f; call f; exit; f: r0 = *(u64 *)(r10 - 8); exit',
    3,
    'the stack at -8 is read before',
  ],
  [
    'stack that may not be written',
    '*(u64 *)(r10 - 8) = 0; r1 = *(u64 *)(r1 + 24); r1 &= 8; r2 = r10; r2 += -16; r2 += r1; r0 = *(u64 *)(r2 + 0); exit',
    6,
    'the stack at -16 is read before',
  ],
  [
    'a store that does not surely write',
    'r1 = *(u64 *)(r1 + 24); r1 &= 8; r2 = r10; r2 += -16; r2 += r1; *(u64 *)(r2 + 0) = 1; r0 = *(u64 *)(r10 - 8); exit',
    6,
    'the stack at -8 is read before',
  ],
  [
    'a bound that was written over',
    'r1 = *(u64 *)(r1 + 24); r4 = r1; r1 &= 63; *(u64 *)(r10 - 8) = r1; r2 = r10; r2 += -8; *(u64 *)(r2 + 0) = r4; r3 = *(u64 *)(r10 - 8); r2 = var_addr(1); r2 += r3; r0 = 0; exit',
    10,
    'without a bound',
  ],
  [
    'a pointer that was written over',
    '*(u64 *)(r10 - 8) = r1; *(u8 *)(r10 - 8) = 1; r2 = *(u64 *)(r10 - 8); r0 = *(u32 *)(r2 + 36); exit',
    3,
    'r2 is a number',
  ],
  ['a part of a pointer', '*(u64 *)(r10 - 8) = r1; r0 = *(u32 *)(r10 - 8); exit', 1, 'a part of a pointer'],
  ['half a pointer stored', '*(u32 *)(r10 - 8) = r1; r0 = 0; exit', 0, 'a pointer is stored in part'],
  [
    'a pointer stored somewhere',
    'r3 = *(u64 *)(r1 + 24); r3 &= 8; r2 = r10; r2 += -16; r2 += r3; *(u64 *)(r2 + 0) = r1; r0 = 0; exit',
    5,
    'at a place that is not known',
  ],
  [
    'an atomic operation on a pointer',
    '*(u64 *)(r10 - 8) = r1; r2 = 1; lock *(u64 *)(r10 - 8) += r2; r0 = 0; exit',
    2,
    'holds a pointer',
  ],
  [
    'an atomic addition of a pointer',
    '*(u64 *)(r10 - 8) = 1; lock *(u64 *)(r10 - 8) += r1; r0 = 0; exit',
    1,
    'r1 is a pointer',
  ],
  [
    'an atomic operation on stack that was not written',
    'r1 = 1; lock *(u64 *)(r10 - 8) += r1; r0 = 0; exit',
    1,
    'is read before it is written',
  ],
  [
    'an unaligned atomic operation',
    'r1 = var_addr(1); r2 = 1; lock *(u64 *)(r1 + 4) += r2; r0 = 0; exit',
    3,
    'expected an aligned place',
  ],
  [
    'an atomic operation on the context',
    'r2 = 1; lock *(u32 *)(r1 + 36) += r2; r0 = 0; exit',
    1,
    'of the context cannot be written',
  ],
  [
    'r0 for a comparison that was not written',
    '*(u64 *)(r10 - 8) = 1; r1 = 1; r0 = cmpxchg_64(r10 - 8, r0, r1); exit',
    2,
    'r0 is read before it is written',
  ],
  ['a field that is none', 'r0 = *(u64 *)(r1 + 0); exit', 0, '8 bytes at 0 of the context cannot be read'],
  ['two fields at once', 'r0 = *(u32 *)(r1 + 40); exit', 0, '4 bytes at 40 of the context cannot be read'],
  [
    'an unaligned part of a field',
    'r0 = *(u16 *)(r1 + 37); exit',
    0,
    '2 bytes at 37 of the context cannot be read',
  ],
  [
    'what only engines read',
    'r0 = *(u32 *)(r1 + 56); exit',
    0,
    '4 bytes at 56 of the context cannot be read',
  ],
  [
    'the context written',
    '*(u32 *)(r1 + 36) = 1; r0 = 0; exit',
    0,
    '4 bytes at 36 of the context cannot be written',
  ],
  [
    'a place in the context that is not constant',
    'r2 = *(u32 *)(r1 + 36); r2 &= 4; r1 += r2; r0 = *(u32 *)(r1 + 32); exit',
    3,
    'a place in the context that is not constant',
  ],
  ['a packet load without context', 'r0 = *(u16 *)skb[12]; exit', 0, 'r6 is read before it is written'],
  ['a packet load with another r6', 'r6 = 1; r0 = *(u16 *)skb[12]; exit', 1, 'without the context in r6'],
  [
    'a packet load with a moved context',
    'r6 = r1; r6 += 8; r0 = *(u16 *)skb[12]; exit',
    2,
    'without the context in r6',
  ],
  [
    'a packet load in a function',
    'call f; exit; f: r6 = r1; r0 = *(u16 *)skb[12]; exit',
    3,
    'inside a function',
  ],
  [
    'an index that is a pointer',
    'r6 = r1; r0 = *(u16 *)skb[r1 + 12]; exit',
    1,
    'r1 is a pointer: expected an index',
  ],
  [
    'r1 after a packet load',
    'r6 = r1; r0 = *(u16 *)skb[12]; r0 = *(u32 *)(r1 + 36); exit',
    2,
    'r1 is read before it is written',
  ],
  [
    'behind a variable',
    'r1 = var_addr(1); r0 = *(u64 *)(r1 + 57); exit',
    2,
    '8 bytes at 57 of the table: it has 64',
  ],
  [
    'before a variable',
    'r1 = var_addr(1); r0 = *(u8 *)(r1 - 1); exit',
    2,
    '1 bytes at -1 of the table: it has 64',
  ],
  [
    'a constant variable written',
    'r1 = var_addr(2); *(u8 *)(r1 + 0) = 1; r0 = 0; exit',
    2,
    'the names cannot be written',
  ],
  [
    'a pointer in a variable',
    'r2 = var_addr(1); *(u64 *)(r2 + 0) = r1; r0 = 0; exit',
    2,
    'a pointer is stored into the table',
  ],
]);

testAccepted(filter, [
  [
    'a value that was compared with 0',
    `${lookup}; if r0 == 0 goto out; r1 = *(u64 *)(r0 + 8); *(u32 *)(r0 + 4) = 7; ${out}`,
  ],
  [
    'a value that was found not to be 0',
    `${lookup}; if r0 != 0 goto use; r0 = 0; exit; use: r0 = *(u64 *)(r0 + 8); exit`,
  ],
  [
    'a copy of a value that was compared',
    `${lookup}; r6 = r0; *(u64 *)(r10 - 16) = r0; if r0 == 0 goto out; r1 = *(u64 *)(r6 + 8); r2 = *(u64 *)(r10 - 16); r2 = *(u64 *)(r2 + 0); ${out}`,
  ],
  [
    'a bounded place in a value',
    `r6 = *(u32 *)(r1 + 0); r6 &= 15; ${lookup}; if r0 == 0 goto out; r0 += r6; r0 = *(u8 *)(r0 + 0); exit; ${out}`,
  ],
  [
    'an update',
    '*(u32 *)(r10 - 4) = 0; *(u64 *)(r10 - 24) = 1; *(u64 *)(r10 - 16) = 1; r1 = map_by_fd(1); r2 = r10; r2 += -4; r3 = r10; r3 += -24; r4 = 0; call 2; exit',
  ],
  [
    'memory that a helper writes',
    'r2 = 0; r3 = r10; r3 += -16; r4 = 16; call 26; r0 = *(u64 *)(r10 - 16); exit',
  ],
  [
    'memory that a helper reads',
    '*(u64 *)(r10 - 8) = 1; r1 = map_by_fd(2); r2 = r10; r2 += -8; r3 = 8; r4 = 0; call 130; exit',
  ],
  [
    'a bounded size',
    'r6 = *(u32 *)(r1 + 0); r6 &= 7; *(u64 *)(r10 - 8) = 1; r1 = map_by_fd(2); r2 = r10; r2 += -8; r3 = r6; r4 = 0; call 130; exit',
  ],
  ['a record', `${reserve}; if r0 == 0 goto out; *(u64 *)(r0 + 8) = 1; r1 = r0; r2 = 0; call 132; ${out}`],
  ['a record that is thrown away', `${reserve}; if r0 == 0 goto out; r1 = r0; r2 = 0; call 133; ${out}`],
  ['cb of a socket buffer', '*(u32 *)(r1 + 48) = 5; r0 = *(u32 *)(r1 + 48); exit'],
]);

testRefused(filter, [
  [
    'what a helper may have left, at a place that is not constant',
    'r7 = *(u32 *)(r1 + 0); r7 &= 8; r3 = r10; r3 += -24; r3 += r7; r2 = 0; r4 = 16; call 26; r0 = *(u64 *)(r10 - 24); exit',
    8,
    'the stack at -24 is read before it is written',
  ],
  [
    'a value of too few bytes',
    '*(u64 *)(r10 - 8) = 1; r1 = map_by_fd(1); r2 = r10; r2 += -8; r3 = r2; r4 = 0; call 2; r0 = 0; exit',
    7,
    '16 bytes at -8: expected a place in the 512 bytes of stack',
  ],
  [
    'a record that is given back from a place that is not constant',
    `r6 = *(u32 *)(r1 + 0); r6 &= 7; ${reserve}; if r0 == 0 goto out; r1 = r0; r1 += r6; r2 = 0; call 132; ${out}`,
    11,
    "is not the record's start",
  ],
  [
    'a comparison with 0 that one way does not make',
    `r6 = *(u32 *)(r1 + 0); ${lookup}; if r6 == 0 goto use; if r0 == 0 goto out; use: r1 = *(u64 *)(r0 + 0); ${out}`,
    9,
    'may be null',
  ],
  [
    'a value that was not compared',
    `${lookup}; r0 = *(u64 *)(r0 + 0); exit`,
    6,
    'a load through a pointer that may be null',
  ],
  [
    'the way on which the value is 0',
    `${lookup}; if r0 != 0 goto out; r1 = *(u64 *)(r0 + 0); ${out}`,
    7,
    'r0 is a number: expected a pointer',
  ],
  [
    'another value that was compared',
    `${lookup}; r6 = r0; ${lookup}; if r0 == 0 goto out; r1 = *(u64 *)(r6 + 0); ${out}`,
    14,
    'may be null',
  ],
  [
    'arithmetic before the comparison',
    `${lookup}; r0 += 8; if r0 == 0 goto out; r1 = *(u64 *)(r0 + 0); ${out}`,
    6,
    'arithmetic on a pointer that may be null',
  ],
  [
    'behind a value',
    `${lookup}; if r0 == 0 goto out; r1 = *(u64 *)(r0 + 9); ${out}`,
    7,
    '8 bytes at 9 of the value of counts: it has 16',
  ],
  [
    'before a value',
    `${lookup}; if r0 == 0 goto out; r1 = *(u8 *)(r0 - 1); ${out}`,
    7,
    '1 bytes at -1 of the value of counts',
  ],
  [
    'a place behind a value',
    `r6 = *(u32 *)(r1 + 0); r6 &= 15; ${lookup}; if r0 == 0 goto out; r0 += r6; r0 = *(u16 *)(r0 + 0); exit; ${out}`,
    10,
    '2 bytes at 0..15 of the value of counts',
  ],
  [
    'a pointer in a value',
    `${lookup}; if r0 == 0 goto out; *(u64 *)(r0 + 0) = r10; ${out}`,
    7,
    'a pointer is stored into the value of counts',
  ],
  ['a load through a map', 'r1 = map_by_fd(1); r0 = *(u64 *)(r1 + 0); exit', 2, 'which is no memory'],
  ['a moved map', 'r1 = map_by_fd(1); r1 += 8; r0 = 0; exit', 2, 'arithmetic on a pointer that is no memory'],
  [
    'a number as a map',
    '*(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = 1; call 1; r0 = 0; exit',
    4,
    'map_lookup_elem: r1 is a number: expected a map',
  ],
  [
    'the context as a map',
    '*(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; call 1; r0 = 0; exit',
    3,
    'r1 is a pointer to the context: expected a map',
  ],
  [
    'an argument that was not written',
    'r1 = map_by_fd(1); call 1; r0 = 0; exit',
    2,
    'r2 is read before it is written: expected memory with a key',
  ],
  [
    'a number as a key',
    'r1 = map_by_fd(1); r2 = 5; call 1; r0 = 0; exit',
    3,
    'r2 is a number: expected memory with a key',
  ],
  [
    'a key that was not written',
    'r1 = map_by_fd(1); r2 = r10; r2 += -4; call 1; r0 = 0; exit',
    4,
    'the stack at -4 is read before it is written',
  ],
  [
    'a key over the end of the stack',
    '*(u64 *)(r10 - 8) = 0; r1 = map_by_fd(1); r2 = r10; r2 += -2; call 1; r0 = 0; exit',
    5,
    '4 bytes at -2: expected a place',
  ],
  [
    'a key that is the context',
    'r2 = r1; r1 = map_by_fd(1); call 1; r0 = 0; exit',
    3,
    'the context is given to a helper as memory',
  ],
  [
    'a key that may be null',
    `${lookup}; r2 = r0; r1 = map_by_fd(1); call 1; r0 = 0; exit`,
    9,
    'value of counts that may be null: expected memory with a key',
  ],
  [
    'a pointer as a number',
    '*(u32 *)(r10 - 4) = 0; *(u64 *)(r10 - 24) = 1; *(u64 *)(r10 - 16) = 1; r1 = map_by_fd(1); r2 = r10; r2 += -4; r3 = r10; r3 += -24; r4 = r10; call 2; exit',
    10,
    'map_update_elem: r4 is a pointer to the stack: expected a number',
  ],
  [
    'a size without a bound',
    '*(u64 *)(r10 - 8) = 1; r3 = *(u32 *)(r1 + 0); r1 = map_by_fd(2); r2 = r10; r2 += -8; r4 = 0; call 130; exit',
    7,
    'the size in r3 may be negative or has no bound',
  ],
  [
    'a negative size',
    '*(u64 *)(r10 - 8) = 1; r1 = map_by_fd(2); r2 = r10; r2 += -8; r3 = -1; r4 = 0; call 130; exit',
    7,
    'the size in r3 may be negative',
  ],
  [
    'a size over the end of the stack',
    '*(u64 *)(r10 - 8) = 1; r1 = map_by_fd(2); r2 = r10; r2 += -8; r3 = 9; r4 = 0; call 130; exit',
    7,
    '9 bytes at -8: expected a place',
  ],
  [
    'a size over the end of a value',
    `${lookup}; if r0 == 0 goto out; r2 = r0; r1 = map_by_fd(2); r3 = 17; r4 = 0; call 130; ${out}`,
    12,
    '17 bytes at 0 of the value of counts: it has 16',
  ],
  [
    'memory with a pointer for a helper',
    '*(u64 *)(r10 - 8) = r1; r1 = map_by_fd(2); r2 = r10; r2 += -8; r3 = 8; r4 = 0; call 130; exit',
    7,
    'the stack at -8 holds a pointer',
  ],
  [
    'what a helper may not have written',
    'r4 = *(u32 *)(r1 + 0); r4 &= 15; r2 = 0; r3 = r10; r3 += -16; call 26; r0 = *(u64 *)(r10 - 16); exit',
    6,
    'the stack at -16 is read before',
  ],
  [
    'a constant variable that a helper writes',
    'r2 = 0; r3 = var_addr(2); r4 = 16; call 26; r0 = 0; exit',
    4,
    'the names cannot be written',
  ],
  [
    'a context that was moved',
    'r1 += 8; r2 = 0; r3 = r10; r3 += -16; r4 = 16; call 26; r0 = 0; exit',
    5,
    'expected the context',
  ],
  [
    'a record that is not given back',
    `${reserve}; if r0 == 0 goto out; *(u64 *)(r0 + 8) = 1; ${out}`,
    8,
    'a record is not given back',
  ],
  ['a record of which nothing is known', `${reserve}; r0 = 0; exit`, 6, 'a record is not given back'],
  [
    'a record that is used afterwards',
    `${reserve}; if r0 == 0 goto out; r6 = r0; r1 = r0; r2 = 0; call 132; r1 = *(u64 *)(r6 + 0); ${out}`,
    10,
    'r6 is read before it is written',
  ],
  [
    'a record that is given back twice',
    `${reserve}; if r0 == 0 goto out; *(u64 *)(r10 - 8) = r0; r1 = r0; r2 = 0; call 132; r1 = *(u64 *)(r10 - 8); ${out}`,
    10,
    'the stack at -8 is read before',
  ],
  [
    'a record that may be null given back',
    `${reserve}; r1 = r0; r2 = 0; call 132; r0 = 0; exit`,
    7,
    'expected a record',
  ],
  [
    'a part of a record given back',
    `${reserve}; if r0 == 0 goto out; r1 = r0; r1 += 8; r2 = 0; call 132; ${out}`,
    9,
    "r1 is not the record's start",
  ],
  [
    'behind a record',
    `${reserve}; if r0 == 0 goto out; *(u64 *)(r0 + 16) = 1; ${out}`,
    6,
    '8 bytes at 16 of the record: it has 16',
  ],
  [
    'a record of a size that is not constant',
    'r2 = *(u32 *)(r1 + 0); r1 = map_by_fd(2); r3 = 0; call 131; r0 = 0; exit',
    4,
    'is not a constant',
  ],
  [
    'a packet load while a record is held',
    `r6 = r1; ${reserve}; r0 = *(u8 *)skb[0]; exit`,
    6,
    'before a record is given back',
  ],
  [
    'a value after a helper that gives nothing',
    `${reserve}; if r0 == 0 goto out; r1 = r0; r2 = 0; call 132; exit; ${out}`,
    9,
    'r0 is read before it is written',
  ],
]);

testAccepted(xdp, [
  [
    'the byte at a place before the end',
    `${bounds}; r4 = r2; r4 += 13; if r4 < r3 goto use; r0 = 0; exit; use: r0 = *(u8 *)(r2 + 13); exit`,
  ],
  [
    'bytes that are there',
    `${bounds}; r4 = r2; r4 += 14; if r4 > r3 goto out; r0 = *(u16 *)(r2 + 12); exit; ${out}`,
  ],
  [
    'the comparison turned around',
    `${bounds}; r4 = r2; r4 += 14; if r3 >= r4 goto use; r0 = 0; exit; use: r0 = *(u16 *)(r2 + 12); exit`,
  ],
  [
    'one byte more by a strict comparison',
    `${bounds}; r4 = r2; r4 += 13; if r4 >= r3 goto out; r0 = *(u16 *)(r2 + 12); exit; ${out}`,
  ],
  [
    'a place behind a length in the packet',
    `${bounds}; r4 = r2; r4 += 1; if r4 > r3 goto out; r5 = *(u8 *)(r2 + 0); r5 &= 15; r5 <<= 2; r2 += r5; r4 = r2; r4 += 8; if r4 > r3 goto out; r0 = *(u64 *)(r2 + 0); exit; ${out}`,
  ],
  ['a packet written', `${bounds}; r4 = r2; r4 += 6; if r4 > r3 goto out; *(u8 *)(r2 + 5) = 1; ${out}`],
  [
    'a loop over the packet',
    `${bounds}; r5 = 0; r0 = 0; again: r4 = r2; r4 += 1; if r4 > r3 goto out; r6 = *(u8 *)(r2 + 0); r0 += r6; r2 += 1; r5 += 1; if r5 < 64 goto again; ${out}`,
  ],
  [
    'a packet that is loaded again',
    `${bounds}; r4 = r2; r4 += 14; if r4 > r3 goto out; r2 = *(u32 *)(r1 + 0); r0 = *(u16 *)(r2 + 12); exit; ${out}`,
  ],
]);

testRefused(xdp, [
  [
    'a byte behind a place before the end',
    `${bounds}; r4 = r2; r4 += 13; if r4 < r3 goto use; r0 = 0; exit; use: r0 = *(u8 *)(r2 + 14); exit`,
    7,
    'only known to have 14 there',
  ],
  [
    'a comparison with the end that one way does not make',
    `r6 = *(u32 *)(r1 + 12); ${bounds}; r4 = r2; r4 += 14; if r6 == 0 goto use; if r4 > r3 goto out; use: r0 = *(u16 *)(r2 + 12); exit; ${out}`,
    7,
    'only known to have 0',
  ],
  [
    'a packet that was not compared',
    `${bounds}; r0 = *(u8 *)(r2 + 0); exit`,
    2,
    '1 bytes at 0 of the packet: the packet is only known to have 0 there',
  ],
  [
    'one byte too many',
    `${bounds}; r4 = r2; r4 += 14; if r4 > r3 goto out; r0 = *(u16 *)(r2 + 13); exit; ${out}`,
    5,
    '2 bytes at 13 of the packet: the packet is only known to have 14 there',
  ],
  [
    'the way on which it is shorter',
    `${bounds}; r4 = r2; r4 += 14; if r4 > r3 goto use; r0 = 0; exit; use: r0 = *(u16 *)(r2 + 12); exit`,
    7,
    'only known to have 0',
  ],
  [
    'a comparison that also holds at the end',
    `${bounds}; r4 = r2; r4 += 13; if r4 > r3 goto out; r0 = *(u16 *)(r2 + 12); exit; ${out}`,
    5,
    'only known to have 13',
  ],
  [
    'before the packet',
    `${bounds}; r4 = r2; r4 += 14; if r4 > r3 goto out; r0 = *(u8 *)(r2 - 1); exit; ${out}`,
    5,
    '1 bytes at -1 of the packet',
  ],
  [
    'a place that was moved after the comparison',
    `${bounds}; r4 = r2; r4 += 14; if r4 > r3 goto out; r5 = *(u8 *)(r2 + 0); r2 += r5; r0 = *(u8 *)(r2 + 0); exit; ${out}`,
    7,
    'only known to have 0 behind 0..255',
  ],
  [
    'a place that may lie before the packet',
    `${bounds}; r5 = *(u32 *)(r1 + 12); r5 &= 7; r5 -= 4; r2 += r5; r4 = r2; r4 += 8; if r4 > r3 goto out; r0 = *(u8 *)(r2 + 4); exit; ${out}`,
    9,
    'of the packet',
  ],
  [
    'a comparison before the packet',
    `${bounds}; r4 = r2; r4 += -8; if r4 > r3 goto out; r0 = *(u8 *)(r2 - 9); exit; ${out}`,
    5,
    '1 bytes at -9 of the packet',
  ],
  ['the end of the packet', `${bounds}; r0 = *(u8 *)(r3 + 0); exit`, 2, 'which is no memory'],
  [
    'the end of the packet moved',
    `${bounds}; r3 += -1; r0 = 0; exit`,
    2,
    'arithmetic on a pointer that is no memory',
  ],
  [
    'a pointer of the context as a byte',
    'r0 = *(u8 *)(r1 + 0); exit',
    0,
    '1 bytes at 0 of the context cannot be read',
  ],
  ['a packet load', 'r6 = r1; r0 = *(u8 *)skb[0]; exit', 1, 'packet loads: this program has no packet'],
  [
    'an atomic operation on the packet',
    `${bounds}; r4 = r2; r4 += 8; if r4 > r3 goto out; r5 = 1; lock *(u64 *)(r2 + 0) += r5; ${out}`,
    6,
    'an atomic operation on the packet',
  ],
]);

testAccepted(flat, [
  ['a length that was compared', `if r2 < 14 goto out; r0 = *(u16 *)(r1 + 12); exit; ${out}`],
  ['a length in 32 bits', `if w2 < 14 goto out; r0 = *(u16 *)(r1 + 12); exit; ${out}`],
  ['a copy of the length', `r3 = r2; if r3 <= 13 goto out; r0 = *(u16 *)(r1 + 12); exit; ${out}`],
  [
    'the end by the length',
    `r2 += r1; r3 = r1; r3 += 14; if r3 > r2 goto out; r0 = *(u16 *)(r1 + 12); exit; ${out}`,
  ],
  [
    'an end that was added the other way',
    `r4 = r1; r4 += r2; r3 = r1; r3 += 14; if r3 > r4 goto out; r0 = *(u16 *)(r1 + 12); exit; ${out}`,
  ],
]);

testRefused(flat, [
  [
    'an end that was added from inside of the packet',
    `r3 = r1; r3 += 4; r3 += r2; r4 = r1; r4 += 14; if r4 > r3 goto out; r0 = *(u8 *)(r1 + 13); exit; ${out}`,
    2,
    'without a bound',
  ],
  [
    'a length that was not compared',
    'r0 = *(u16 *)(r1 + 12); exit',
    0,
    'the packet is only known to have 0 there',
  ],
  [
    'a length that is too short',
    `if r2 < 13 goto out; r0 = *(u16 *)(r1 + 12); exit; ${out}`,
    1,
    'only known to have 13',
  ],
  [
    'a changed length',
    `r2 += 5; if r2 < 14 goto out; r0 = *(u16 *)(r1 + 12); exit; ${out}`,
    2,
    'only known to have 0',
  ],
  [
    'an end that is not the end',
    `r2 += 1; r2 += r1; r3 = r1; r3 += 14; if r3 > r2 goto out; r0 = *(u16 *)(r1 + 12); exit; ${out}`,
    1,
    'a number without a bound',
  ],
  [
    'a packet that is written',
    `if r2 < 14 goto out; *(u8 *)(r1 + 0) = 1; ${out}`,
    1,
    'the packet cannot be written',
  ],
]);
