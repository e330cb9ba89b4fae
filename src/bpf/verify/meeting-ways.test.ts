/**
 * Where two ways meet, the second one is walked on unless the first one's state has room for it: whatever is done behind with
 * what differs, in either order of the ways, it is seen.
 */
import { testAccepted, testRefused } from './cases.fixture.ts';
import { dpdkProfile } from './dpdk.ts';
import { kernelProfile } from './kernel.ts';
import type { Profile } from './profile.ts';
import { wasmProfile } from './wasm.ts';

interface Meeting {
  readonly name: string;
  readonly profile?: Profile;
  readonly before: string;
  /** Nothing is wrong behind the narrow way, and everything behind the wide one. */
  readonly narrow: string;
  readonly wide: string;
  readonly behind: string;
  /** Where the program is refused: the ways are as long in either order. */
  readonly pc: number;
  readonly why: string;
}

/** r2 = the table, r3 = any number, r4 says which way. */
const before = 'r4 = *(u32 *)(r1 + 36); r3 = *(u64 *)(r1 + 24); r2 = var_addr(1)';
const load = 'r0 = *(u8 *)(r2 + 0); exit';
const halves = '*(u32 *)(r10 - 8) = 1; *(u32 *)(r10 - 4) = 1';
const index = { before, narrow: 'r3 &= 7', wide: 'r3 &= 127', why: '0..127 of the table' };

const meetings: readonly Meeting[] = [
  { ...index, name: 'a load from there', behind: `r2 += r3; ${load}`, pc: 9 },
  { ...index, name: 'a store to there', behind: 'r2 += r3; *(u8 *)(r2 + 0) = 1; r0 = 0; exit', pc: 9 },
  {
    ...index,
    name: 'an atomic operation there',
    narrow: 'r3 &= 8',
    wide: 'r3 &= 120',
    why: 'of the table: it has 64',
    behind: 'r2 += r3; r5 = 1; lock *(u64 *)(r2 + 0) += r5; r0 = 0; exit',
    pc: 10,
  },
  {
    ...index,
    name: 'a number that goes through the stack',
    behind: `*(u64 *)(r10 - 8) = r3; r5 = *(u64 *)(r10 - 8); r2 += r5; ${load}`,
    pc: 11,
  },
  {
    ...index,
    name: 'a number that each way stores',
    narrow: 'r3 &= 7; *(u64 *)(r10 - 8) = r3',
    wide: 'r3 &= 127; *(u64 *)(r10 - 8) = r3',
    behind: `r5 = *(u64 *)(r10 - 8); r2 += r5; ${load}`,
    pc: 12,
  },
  {
    before,
    name: 'a number that one way stores in two halves',
    narrow: 'r3 &= 7; *(u64 *)(r10 - 8) = r3',
    wide: halves,
    why: 'without a bound',
    behind: `r5 = *(u64 *)(r10 - 8); r2 += r5; ${load}`,
    pc: 11,
  },
  {
    before,
    name: 'half of what is a pointer behind one way',
    narrow: halves,
    wide: '*(u64 *)(r10 - 8) = r2',
    why: '4 bytes of the stack at -8 are a part of a pointer',
    behind: 'r0 = *(u32 *)(r10 - 8); exit',
    pc: 9,
  },
  {
    before,
    name: 'stack that one way writes in part',
    narrow: halves,
    wide: '*(u32 *)(r10 - 8) = 1',
    why: 'the stack at -8 is read before it is written',
    behind: 'r0 = *(u64 *)(r10 - 8); exit',
    pc: 9,
  },
  {
    ...index,
    name: 'the bound of another number',
    behind: `r5 = *(u64 *)(r1 + 24); if r5 > r3 goto out; r2 += r5; ${load}; out: r0 = 0; exit`,
    pc: 11,
  },
  { ...index, name: 'a number whose sign is extended', behind: `r5 = (s16)r3; r2 += r5; ${load}`, pc: 10 },
  {
    ...index,
    name: 'a number whose bytes are swapped',
    narrow: 'r3 = 0',
    wide: 'r3 = 0x7f00',
    why: '1 bytes at 127 of the table',
    behind: `r3 = be16 r3; r2 += r3; ${load}`,
    pc: 10,
  },
  {
    ...index,
    name: 'what a function gives',
    before:
      'r4 = *(u32 *)(r1 + 36); r3 = *(u64 *)(r1 + 24); call f; r2 = var_addr(1); r2 += r0; r0 = *(u8 *)(r2 + 0); exit; f: r0 = r3',
    narrow: 'r0 &= 7',
    wide: 'r0 &= 127',
    behind: 'exit',
    pc: 6,
  },
  {
    ...index,
    name: 'what a function keeps for its caller',
    narrow: 'r6 = 7',
    wide: 'r6 = 100',
    why: '1 bytes at 100 of the table',
    behind: `r1 = r3; call f; r7 = var_addr(1); r7 += r6; r0 = *(u8 *)(r7 + 0); exit; f: r0 = 0; if r1 == 0 goto done; r0 = 1; done: exit`,
    pc: 13,
  },
  {
    name: 'the last argument of a helper',
    profile: kernelProfile('socket_filter'),
    before: 'r4 = *(u32 *)(r1 + 0)',
    narrow: 'r4 = 8',
    wide: 'r4 = 24',
    behind: 'r2 = 0; r3 = r10; r3 += -16; call 26; r0 = 0; exit',
    pc: 8,
    why: '24 bytes at -16: expected a place in the 512 bytes of stack',
  },
  {
    name: 'the index of a load from the packet',
    profile: dpdkProfile(),
    before: 'r6 = r1; r4 = *(u32 *)(r1 + 36); r5 = *(u32 *)(r1 + 36)',
    narrow: 'r7 = 7',
    wide: 'r7 = r5',
    behind: 'r0 = *(u8 *)skb[r7 + 0]; exit',
    pc: 7,
    why: 'may reach above',
  },
];

function textOf({ before: begin, behind }: Meeting, first: string, second: string): string {
  return `${begin}; if r4 == 0 goto other; ${first}; goto join; other: ${second}; join: ${behind}`;
}

for (const meeting of meetings) {
  const { name, profile = wasmProfile(), narrow, wide, pc, why } = meeting;
  testRefused(profile, [
    [`${name}: the wide way is walked second`, textOf(meeting, narrow, wide), pc, why],
    [`${name}: the wide way is walked first`, textOf(meeting, wide, narrow), pc, why],
  ]);
  testAccepted(profile, [[`${name}: behind the narrow way alone`, textOf(meeting, narrow, narrow)]]);
}
