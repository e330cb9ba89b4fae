/**
 * Classic programs as text, byte for byte as tcpdump prints them: `-d` (for people), `-dd` (a C array), `-ddd`
 * (numbers, with a count first). Not a parser.
 */
import { BPF_JA, BPF_JMP, type CbpfInsn, type CbpfProgram, classOf, operationOf } from './isa.ts';
import { opcodes } from './table.ts';

export type CbpfStyle = 'd' | 'dd' | 'ddd';

/** The whole program in the style asked for, each line ended by a newline. */
export function formatCbpf(program: CbpfProgram, style: CbpfStyle = 'd'): string {
  if (style === 'ddd') {
    return `${[program.length, ...program.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k}`)].join('\n')}\n`;
  }
  const line = style === 'd' ? formatInsn : formatInitializer;
  return program.map((insn, pc) => `${line(insn, pc)}\n`).join('');
}

function formatInitializer({ code, jt, jf, k }: CbpfInsn): string {
  return `{ 0x${code.toString(16)}, ${jt}, ${jf}, 0x${k.toString(16).padStart(8, '0')} },`;
}

function formatInsn(insn: CbpfInsn, pc: number): string {
  const { code, jt, jf } = insn;
  const head = `(${String(pc).padStart(3, '0')}) ${(opcodes.get(code)?.mnemonic ?? 'unimp').padEnd(8)}`;
  const operand = formatOperand(insn, pc);
  const branches = classOf(code) === BPF_JMP && operationOf(code) !== BPF_JA;
  if (!branches) return `${head} ${operand}`;
  return `${head} ${operand.padEnd(16)} jt ${pc + 1 + jt}\tjf ${pc + 1 + jf}`;
}

function formatOperand({ code, k }: CbpfInsn, pc: number): string {
  switch (opcodes.get(code)?.operand) {
    case undefined:
      return `0x${code.toString(16)}`;
    case 'none':
      return '';
    case 'decimal':
      return `#${k | 0}`;
    case 'hex':
      return `#0x${k.toString(16)}`;
    case 'absolute':
      return `[${k | 0}]`;
    case 'indirect':
      return `[x + ${k | 0}]`;
    case 'msh':
      return `4*([${k | 0}]&0xf)`;
    case 'memory':
      return `M[${k | 0}]`;
    case 'pktlen':
      return '#pktlen';
    case 'x':
      return 'x';
    case 'target':
      return String((pc + 1 + k) | 0);
  }
}
