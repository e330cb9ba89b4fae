/**
 * Cases of the engines' suite as programs of the profile `dpdk`, for the engines of the agent: a first instruction that takes
 * the mbuf, constants built from 32-bit ones, data in the stack instead of memory, one exit, and a comparison of r0 with
 * what is expected, because those engines only say whether a packet is accepted.
 */
import { VerifierError } from '../../src/base/index.ts';
import { assemble } from '../../src/bpf/asm/assemble.ts';
import type { EbpfInsn, EbpfProgram } from '../../src/bpf/isa/insn.ts';
import { type InsnRow, isWide } from '../../src/bpf/isa/table.ts';
import { jumpTarget, validateProgram } from '../../src/bpf/isa/validate.ts';
import { checkMbufProgram } from '../../src/bpf/mbuf/check.ts';
import type { Attempt, BpfCase } from './bpf-case.ts';

export interface AgentProgram {
  readonly program: EbpfProgram;
  /** The packet that it runs on, and whether it accepts it when the engine is right. */
  readonly packet: Uint8Array;
  readonly isAccepted: boolean;
}

/** Attempts of a case that are tried: all of a few, some of many. */
const MAX_ATTEMPTS = 25;

/** librte_bpf ends the program, with 0, when a divisor is 0. */
const dividesByZero = (name: string): boolean => /by[- ](zero|0)/.test(name);

/**
 * What librte_bpf 22.11 has not, or has wrong: it refuses the 32-bit arithmetic shift, and its interpreter keeps the upper bits
 * in le16 and le32.
 */
const isDefective = (row: InsnRow | undefined): boolean =>
  (row?.operation === 'arsh' && row.bits === 32) || (row?.operation === 'le' && row.sizeBits < 64);

/** The programs for a case; undefined when the profile has no room for it. */
export function agentPrograms({ name, program, attempts }: BpfCase): readonly AgentProgram[] | undefined {
  if (dividesByZero(name) || validateProgram(program).some(isDefective)) return undefined;
  const step = Math.ceil(attempts.length / MAX_ATTEMPTS);
  const isDivision = /^(div|mod)/.test(name);
  const chosen = attempts.filter(
    (attempt, i) => i % step === 0 && !(isDivision && hasZeroDivisor(name, attempt)),
  );
  const programs: AgentProgram[] = [];
  for (const attempt of chosen) {
    if (typeof attempt.result !== 'bigint' || attempt.memoryAfter !== undefined) return undefined;
    const translated = translate(program, attempt, attempt.result);
    if (translated === undefined) return undefined;
    // A packet load beyond the packet gives 0 without the comparison.
    const isAccepted = attempt.result !== 0n;
    programs.push({ program: translated, packet: attempt.packet ?? new Uint8Array(64), isAccepted });
  }
  return programs;
}

/** Whether the second number in memory, cut to the division's width, is 0. */
function hasZeroDivisor(name: string, { memory }: Attempt): boolean {
  if (memory === undefined || !name.endsWith(' reg')) return false;
  const divisor = new DataView(memory.buffer, memory.byteOffset).getBigUint64(8, true);
  return BigInt.asUintN(name.includes('32') ? 32 : 64, divisor) === 0n;
}

/** Where in the stack the memory of an attempt is. */
const MEMORY = -512;

function translate(program: EbpfProgram, attempt: Attempt, result: bigint): EbpfProgram | undefined {
  const rows = validateProgram(program);
  const usesMemory = attempt.memory !== undefined;
  const epilogue = [
    ...wideConstant(1, result),
    ...assemble(
      `if r0 == r1 goto +2\nw0 = ${result === 0n ? 1 : 0}\ngoto +1\nw0 = ${result === 0n ? 0 : 1}\nexit`,
    ),
  ];
  // The places of the slots in the new program, the epilogue's behind them.
  const places: number[] = [];
  const body: { readonly insn: EbpfInsn; readonly target?: number }[] = [];
  program.forEach((insn, pc) => {
    places.push(body.length);
    const row = rows[pc];
    if (row === undefined) return;
    body.push(...replacement(row, insn, program[pc + 1]?.imm ?? 0, usesMemory, pc, program.length));
  });
  places.push(body.length);
  const starts = program[0]!.code === 0xbf && program[0]!.dst === 6 && program[0]!.src === 1;
  const first = starts ? [] : assemble('r6 = r1');
  const data = usesMemory ? storeAll(attempt.memory!) : [];
  const whole = [
    ...first,
    ...(starts ? [] : data),
    ...body.map(({ insn, target }, at) =>
      target === undefined ? insn : { ...insn, off: places[target]! - at - 1 },
    ),
    ...epilogue,
  ];
  try {
    checkMbufProgram(whole);
    return whole;
  } catch (error) {
    if (error instanceof VerifierError) return undefined;
    throw error;
  }
}

/** What stands for an instruction; `target` is the slot of the old program that a jump leads to. */
function replacement(
  row: InsnRow,
  insn: EbpfInsn,
  next: number,
  usesMemory: boolean,
  pc: number,
  end: number,
): readonly { readonly insn: EbpfInsn; readonly target?: number }[] {
  if (row.kind === 'exit') return [{ insn: { code: 0x05, dst: 0, src: 0, off: 0, imm: 0 }, target: end }];
  if (isWide(insn.code) && row.operation === 'imm64') {
    const value = (BigInt(next) << 32n) | BigInt(insn.imm >>> 0);
    return wideConstant(insn.dst, value).map((each) => ({ insn: each }));
  }
  const target = jumpTarget(row, insn, pc);
  if (target !== undefined) return [{ insn, target }];
  if (row.kind === 'load' && insn.src === 1 && usesMemory) {
    return [{ insn: { ...insn, src: 10, off: insn.off + MEMORY } }];
  }
  return [{ insn }];
}

/** A 64-bit constant in three instructions. */
function wideConstant(register: number, value: bigint): EbpfProgram {
  const low = BigInt.asIntN(32, value);
  const high = BigInt.asIntN(32, (value - low) >> 32n);
  return assemble(`r${register} = ${high}\nr${register} <<= 32\nr${register} += ${low}`);
}

/** The bytes into the stack from MEMORY on, by way of r0. */
function storeAll(memory: Uint8Array): EbpfProgram {
  const padded = new Uint8Array(Math.ceil(memory.length / 8) * 8);
  padded.set(memory);
  const words = [...new BigUint64Array(padded.buffer)].slice(0, 32);
  return words.flatMap((word, i) => [
    ...wideConstant(0, word),
    ...assemble(`*(u64 *)(r10 - ${-MEMORY - 8 * i}) = r0`),
  ]);
}
