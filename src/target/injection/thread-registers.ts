/**
 * The registers of a stopped thread on x86-64, as PTRACE_GETREGS gives them: struct user_regs_struct of sys/user.h, 64 bits each,
 * little-endian.
 */

type General =
  | ('r15' | 'r14' | 'r13' | 'r12' | 'rbp' | 'rbx' | 'r11' | 'r10' | 'r9' | 'r8')
  | ('rax' | 'rcx' | 'rdx' | 'rsi' | 'rdi' | 'orig_rax' | 'rip' | 'eflags' | 'rsp');
type Segment = 'cs' | 'ss' | 'fs_base' | 'gs_base' | 'ds' | 'es' | 'fs' | 'gs';
export type RegisterName = General | Segment;

const NAMES: readonly RegisterName[] = [
  ...(['r15', 'r14', 'r13', 'r12', 'rbp', 'rbx', 'r11', 'r10', 'r9', 'r8'] as const),
  ...(['rax', 'rcx', 'rdx', 'rsi', 'rdi', 'orig_rax', 'rip', 'cs', 'eflags', 'rsp', 'ss'] as const),
  ...(['fs_base', 'gs_base', 'ds', 'es', 'fs', 'gs'] as const),
];

const REGISTER_BYTES = 8;

export class ThreadRegisters {
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(NAMES.length * REGISTER_BYTES);
  readonly #view = new DataView(this.bytes.buffer);

  get(name: RegisterName): bigint {
    return this.#view.getBigUint64(NAMES.indexOf(name) * REGISTER_BYTES, true);
  }

  /** @param value modulo 2^64 */
  set(name: RegisterName, value: bigint): void {
    this.#view.setBigUint64(NAMES.indexOf(name) * REGISTER_BYTES, BigInt.asUintN(64, value), true);
  }

  copy(): ThreadRegisters {
    const copied = new ThreadRegisters();
    copied.bytes.set(this.bytes);
    return copied;
  }
}
