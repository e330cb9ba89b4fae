/**
 * What makes a classic program safe to run: known opcodes, jumps forward and inside the program, scratch cells that
 * exist, no division by a constant 0, and a `ret` at the end. The same rules as bpf_validate(3) of libpcap.
 */
import { FormatError } from '../../base/index.ts';
import * as isa from './isa.ts';
import { opcodes } from './table.ts';

/** Most instructions that the kernel and libpcap accept (BPF_MAXINSNS). */
const BPF_MAXINSNS = 4096;

/** Throws FormatError (`offsetBytes`: 8 bytes an instruction) at the first instruction that breaks a rule. */
export function validateCbpf(program: isa.CbpfProgram): void {
  if (program.length < 1 || program.length > BPF_MAXINSNS) {
    throw new FormatError(
      `classic BPF program: got ${program.length} instructions, expected 1 to ${BPF_MAXINSNS}`,
      0,
    );
  }
  program.forEach((insn, pc) => {
    const why = fault(insn, pc, program.length);
    if (why !== undefined) throw new FormatError(`classic BPF instruction ${pc}: ${why}`, pc * 8);
  });
  if (isa.classOf(program.at(-1)!.code) !== isa.BPF_RET) {
    throw new FormatError('classic BPF program: the last instruction is not a ret', (program.length - 1) * 8);
  }
}

function fault({ code, jt, jf, k }: isa.CbpfInsn, pc: number, length: number): string | undefined {
  const opcode = opcodes.get(code);
  if (opcode === undefined) return `unknown opcode 0x${code.toString(16)}`;
  if (opcode.operand === 'memory' && k >= isa.BPF_MEMWORDS) return `scratch cell ${k}, expected 0 to 15`;
  const operation = isa.operationOf(code);
  switch (isa.classOf(code)) {
    case isa.BPF_ALU:
      if ((operation === isa.BPF_DIV || operation === isa.BPF_MOD) && (code & isa.BPF_X) === 0 && k === 0) {
        return 'division by a constant 0';
      }
      return undefined;
    case isa.BPF_JMP: {
      const furthest = operation === isa.BPF_JA ? k : Math.max(jt, jf);
      return pc + 1 + furthest < length
        ? undefined
        : `jump to ${pc + 1 + furthest}, past the last instruction`;
    }
    default:
      return undefined;
  }
}
