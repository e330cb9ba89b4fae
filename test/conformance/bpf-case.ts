/** What a case of the engines' suite is, the memory it runs in, and which instructions of the table it executes. */

import type { EbpfProgram } from '../../src/bpf/isa/insn.ts';
import { findRow, type InsnRow } from '../../src/bpf/isa/table.ts';
import {
  type Engine,
  type Environment,
  type Helper,
  type PreparedProgram,
  packetContext,
  TrapError,
  type TrapReason,
} from '../../src/bpf/vm/engine.ts';
import { interpreter } from '../../src/bpf/vm/interpreter.ts';
import { createMemory } from '../../src/wasm/index.ts';

export interface BpfCase {
  readonly name: string;
  readonly program: EbpfProgram;
  readonly attempts: readonly Attempt[];
}

/**
 * One run. With `packet` r1 is a context for it; otherwise r1 is the address of `memory` and r2 its length, or both are 0.
 * The result is r0, or why the program was stopped, or the message with which it was refused.
 */
export interface Attempt {
  readonly memory?: Uint8Array;
  readonly packet?: Uint8Array;
  readonly result: bigint | TrapReason | { readonly refusal: string };
  /** What `memory` holds afterwards. */
  readonly memoryAfter?: Uint8Array;
}

const STACK = 0x1000;
export const DATA = 0x4000;
const CONTEXT = 0x8000;
const PACKET = 0x9000;
export const BUDGET = 10_000;

/** Helper 1 mixes its five arguments, 2 gives all ones, 5 gives its first argument. */
const caseHelpers: ReadonlyMap<number, Helper> = new Map(
  (
    [
      [
        1,
        (registers) => {
          let low = 0;
          let high = 0;
          for (let i = 1; i <= 5; i++) {
            low = (Math.imul(low, 31) + registers[2 * i]!) | 0;
            high = (Math.imul(high, 31) ^ registers[2 * i + 1]!) | 0;
          }
          registers[0] = low;
          registers[1] = high;
        },
      ],
      [
        2,
        (registers) => {
          registers[0] = -1;
          registers[1] = -1;
        },
      ],
      [
        5,
        (registers) => {
          registers[0] = registers[2]!;
          registers[1] = registers[3]!;
        },
      ],
    ] as const satisfies readonly (readonly [number, Helper['call']])[]
  ).map(([number, call]) => [
    number,
    {
      name: `helper${number}`,
      arguments: ['scalar', 'scalar', 'scalar', 'scalar', 'scalar'],
      result: 'scalar',
      call,
    },
  ]),
);

/** A memory with all that cases need, filled for one attempt. */
interface CaseMemory extends Environment {
  readonly bytes: Uint8Array;
  budgetInsns: number;
}

export function caseMemory(budgetInsns: number = BUDGET): CaseMemory {
  const memory = createMemory(1);
  return {
    memory,
    bytes: new Uint8Array(memory.buffer),
    stack: { offset: STACK, lengthBytes: 4096 },
    areas: [
      { name: 'data', offset: DATA, lengthBytes: 4096, isWritable: true },
      { name: 'context', offset: CONTEXT, lengthBytes: packetContext.sizeBytes, isWritable: false },
      { name: 'packet', offset: PACKET, lengthBytes: 4096, isWritable: false },
    ],
    helpers: caseHelpers,
    resolve: (kind, imm, nextImm) => (imm === 404 ? undefined : DATA + kind.length * 16 + imm + nextImm),
    budgetInsns,
  };
}

/** Fills the memory and runs. */
export function runAttempt(
  prepared: PreparedProgram,
  memory: CaseMemory,
  attempt: Omit<Attempt, 'result'>,
): bigint {
  const { bytes } = memory;
  for (const start of [STACK, DATA, CONTEXT, PACKET]) bytes.fill(0, start, start + 4096);
  if (attempt.memory !== undefined) bytes.set(attempt.memory, DATA);
  if (attempt.packet !== undefined) {
    const context = new DataView(memory.memory.buffer, CONTEXT, packetContext.sizeBytes);
    context.setUint32(packetContext.bufAddr, PACKET - 128, true);
    context.setUint16(packetContext.dataOff, 128, true);
    context.setUint32(packetContext.pktLen, attempt.packet.length, true);
    context.setUint32(packetContext.capturedLength, attempt.packet.length, true);
    bytes.set(attempt.packet, PACKET);
    prepared.run(CONTEXT, 0);
  } else if (attempt.memory !== undefined) prepared.run(DATA, attempt.memory.length);
  else prepared.run(0, 0);
  return prepared.result;
}

/** Runs all attempts on the engine; gives what went wrong, undefined when nothing did. */
export function faultOf(engine: Engine, { program, attempts }: BpfCase): string | undefined {
  const memory = caseMemory();
  let prepared: PreparedProgram | undefined;
  for (const attempt of attempts) {
    let got: Attempt['result'];
    try {
      prepared ??= engine.prepare(program, memory);
      got = runAttempt(prepared, memory, attempt);
    } catch (error) {
      if (error instanceof TrapError) got = error.reason;
      else got = { refusal: (error as Error).message };
    }
    const { result, memoryAfter } = attempt;
    const isRight =
      typeof result === 'object' && typeof got === 'object'
        ? got.refusal.includes(result.refusal)
        : got === result;
    if (!isRight) return `got ${show(got)}, expected ${show(result)}`;
    if (memoryAfter === undefined) continue;
    const after = Buffer.from(memory.bytes.subarray(DATA, DATA + memoryAfter.length)).toString('hex');
    const want = Buffer.from(memoryAfter).toString('hex');
    if (after !== want) return `memory: got ${after}, expected ${want}`;
  }
  return undefined;
}

const show = (result: Attempt['result']): string =>
  typeof result === 'bigint'
    ? `0x${result.toString(16)}`
    : typeof result === 'string'
      ? result
      : `refusal: ${result.refusal}`;

/**
 * The rows that a case executes with its first 64 instructions, found by ending it after one instruction, two, three ...
 * in the interpreter. A program that is refused counts as executed.
 */
export function executedRows({ program, attempts }: BpfCase): ReadonlySet<InsnRow> {
  const memory = caseMemory();
  const rows = new Set<InsnRow>();
  const add = (pc: number): void => {
    const row = findRow(program[pc]!);
    if (row !== undefined) rows.add(row);
  };
  // The first attempts take every way that a case has.
  for (const attempt of attempts.slice(0, 4)) {
    if (typeof attempt.result === 'object') {
      for (let pc = 0; pc < program.length; pc++) add(pc);
      continue;
    }
    const prepared = interpreter.prepare(program, memory);
    for (let budget = 0; budget < 64; budget++) {
      memory.budgetInsns = budget;
      try {
        runAttempt(prepared, memory, attempt);
        break;
      } catch (error) {
        if (!(error instanceof TrapError)) throw error;
        add(error.pc!);
        if (error.reason !== 'budget') break;
      }
    }
  }
  return rows;
}
