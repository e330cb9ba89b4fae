/**
 * Where two ways meet, the second one is walked on unless the first one's state has room for it: whatever is done behind with
 * what differs, in either order of the ways, it is seen.
 */
import { describe, expect, test } from 'vitest';
import { VerifierError } from '../../base/index.ts';
import { assemble } from '../asm/assemble.ts';
import { dpdkProfile } from './dpdk.ts';
import { kernelProfile } from './kernel.ts';
import { kernelHelpers } from './kernel-helpers.ts';
import type { Profile, Setting } from './profile.ts';
import { verifyProgram } from './verify.ts';
import { wasmProfile } from './wasm.ts';

/** Variable 1 is a table of 64 bytes. */
const setting: Setting = {
  helpers: kernelHelpers('socket_filter'),
  resolve: (kind, imm) =>
    kind === 'var_addr' && imm === 1
      ? { kind: 'memory', memory: { name: 'table', lengthBytes: 64, isWritable: true }, offset: 0 }
      : undefined,
};

interface Meeting {
  readonly name: string;
  readonly profile?: Profile;
  readonly before: string;
  /** Nothing is wrong behind the narrow way, and everything behind the wide one. */
  readonly narrow: string;
  readonly wide: string;
  readonly behind: string;
  readonly why: string;
}

/** r2 = the table, r3 = any number, r4 says which way. */
const before = 'r4 = *(u32 *)(r1 + 36); r3 = *(u64 *)(r1 + 24); r2 = var_addr(1)';
const load = 'r0 = *(u8 *)(r2 + 0); exit';
const index = { before, narrow: 'r3 &= 7', wide: 'r3 &= 127', why: '0..127 of the table' };

const meetings: readonly Meeting[] = [
  { ...index, name: 'a load from there', behind: `r2 += r3; ${load}` },
  { ...index, name: 'a store to there', behind: 'r2 += r3; *(u8 *)(r2 + 0) = 1; r0 = 0; exit' },
  {
    ...index,
    name: 'an atomic operation there',
    ...{ narrow: 'r3 &= 8', wide: 'r3 &= 120', why: 'of the table: it has 64' },
    behind: 'r2 += r3; r5 = 1; lock *(u64 *)(r2 + 0) += r5; r0 = 0; exit',
  },
  {
    ...index,
    name: 'a number that goes through the stack',
    behind: `*(u64 *)(r10 - 8) = r3; r5 = *(u64 *)(r10 - 8); r2 += r5; ${load}`,
  },
  {
    ...index,
    name: 'the bound of another number',
    behind: `r5 = *(u64 *)(r1 + 24); if r5 > r3 goto out; r2 += r5; ${load}; out: r0 = 0; exit`,
  },
  { ...index, name: 'a number whose sign is extended', behind: `r5 = (s16)r3; r2 += r5; ${load}` },
  {
    ...index,
    name: 'a number whose bytes are swapped',
    ...{ narrow: 'r3 = 0', wide: 'r3 = 0x7f00', why: '1 bytes at 127 of the table' },
    behind: `r3 = be16 r3; r2 += r3; ${load}`,
  },
  {
    ...index,
    name: 'what a function gives',
    before:
      'r4 = *(u32 *)(r1 + 36); r3 = *(u64 *)(r1 + 24); call f; r2 = var_addr(1); r2 += r0; r0 = *(u8 *)(r2 + 0); exit; f: r0 = r3',
    ...{ narrow: 'r0 &= 7', wide: 'r0 &= 127' },
    behind: 'exit',
  },
  {
    ...index,
    name: 'what a function keeps for its caller',
    ...{ narrow: 'r6 = 7', wide: 'r6 = 100', why: '1 bytes at 100 of the table' },
    behind: `r1 = r3; call f; r7 = var_addr(1); r7 += r6; r0 = *(u8 *)(r7 + 0); exit; f: r0 = 0; if r1 == 0 goto done; r0 = 1; done: exit`,
  },
  {
    name: 'the last argument of a helper',
    profile: kernelProfile('socket_filter'),
    before: 'r4 = *(u32 *)(r1 + 0)',
    narrow: 'r4 = 8',
    wide: 'r4 = 24',
    behind: 'r2 = 0; r3 = r10; r3 += -16; call 26; r0 = 0; exit',
    why: '24 bytes at -16: expected a place in the 512 bytes of stack',
  },
  {
    name: 'the index of a load from the packet',
    profile: dpdkProfile(),
    before: 'r6 = r1; r4 = *(u32 *)(r1 + 36); r5 = *(u32 *)(r1 + 36)',
    narrow: 'r7 = 7',
    wide: 'r7 = r5',
    behind: 'r0 = *(u8 *)skb[r7 + 0]; exit',
    why: 'may reach above',
  },
];

function textOf({ before: begin, behind }: Meeting, first: string, second: string): string {
  return `${begin}; if r4 == 0 goto other; ${first}; goto join; other: ${second}; join: ${behind}`;
}

describe.each(meetings)('$name', (meeting) => {
  const { narrow, wide, why, profile = wasmProfile() } = meeting;
  const verify = (first: string, second: string): void => {
    verifyProgram(assemble(textOf(meeting, first, second).replaceAll(';', '\n')), profile, setting);
  };

  test.each([
    ['the wide way is walked second', narrow, wide],
    ['the wide way is walked first', wide, narrow],
  ])('is refused where %s', (_, first, second) => {
    expect(() => verify(first, second)).toThrow(VerifierError);
    expect(() => verify(first, second)).toThrow(why);
  });

  test('is taken behind the narrow way alone', () => {
    verify(narrow, narrow);
  });
});
