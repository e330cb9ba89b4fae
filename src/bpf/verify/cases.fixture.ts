/** What the tables of programs in the tests of the verifier share: two maps, two memories, the helpers of Linux. */
import { describe, expect, test } from 'vitest';
import { VerifierError } from '../../base/index.ts';
import { assemble } from '../asm/assemble.ts';
import { kernelHelpers } from './kernel-helpers.ts';
import type { Address, MapShape, Profile, Setting } from './profile.ts';
import { verifyProgram } from './verify.ts';

const counts: MapShape = { name: 'counts', keyBytes: 4, valueBytes: 16 };
const events: MapShape = { name: 'events', keyBytes: 0, valueBytes: 0 };

const addresses: Readonly<Record<string, Address>> = {
  'map_by_fd 1': { kind: 'map', map: counts },
  'map_by_fd 2': { kind: 'map', map: events },
  'var_addr 1': { kind: 'memory', memory: { name: 'table', lengthBytes: 64, isWritable: true }, offset: 0 },
  'var_addr 2': { kind: 'memory', memory: { name: 'names', lengthBytes: 32, isWritable: false }, offset: 0 },
};

/** Helpers of socket filters; maps 1 `counts` (key 4, value 16) and 2 `events`; variables 1 `table` (64 bytes), 2 `names`. */
const setting: Setting = {
  helpers: kernelHelpers('socket_filter'),
  resolve: (kind, imm) => addresses[`${kind} ${imm}`],
};

/** Instructions, one behind the other with semicolons between them. */
export type Accepted = readonly [name: string, text: string];
export type Refused = readonly [name: string, text: string, pc: number, why: string];

const program = (text: string) => assemble(text.replaceAll(';', '\n'));

export function testAccepted(profile: Profile, cases: readonly Accepted[]): void {
  describe(`${profile.name} takes`, () => {
    for (const [name, text] of cases) {
      test(name, () => {
        verifyProgram(program(text), profile, setting);
      });
    }
  });
}

export function testRefused(profile: Profile, cases: readonly Refused[]): void {
  describe(`${profile.name} refuses`, () => {
    for (const [name, text, pc, why] of cases) {
      test(name, () => {
        expect(() => verifyProgram(program(text), profile, setting)).toThrow(VerifierError);
        try {
          verifyProgram(program(text), profile, setting);
        } catch (error) {
          expect((error as VerifierError).message).toContain(why);
          expect((error as VerifierError).pc).toBe(pc);
        }
      });
    }
  });
}
