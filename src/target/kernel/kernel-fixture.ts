/** What tests of the kernel's half share: whether this machine lets them, and small programs in assembly. */
import { assemble, type EbpfProgram } from '../../bpf/index.ts';
import { tryKernelBpf } from '../posix.ts';

export const needsBpf: string | undefined =
  tryKernelBpf() === 0 ? undefined : 'needs CAP_BPF and CAP_PERFMON';

/** Text to program, where `map[N]` stands for the descriptor `fds[N]`. */
export function program(source: string, fds: readonly number[]): EbpfProgram {
  const insns = assemble(source.replace(/map\[(\d+)\]/g, (_, n: string) => String(fds[Number(n)])));
  return insns.map((insn) => (insn.code === 0x18 ? { ...insn, src: 1 } : insn));
}
