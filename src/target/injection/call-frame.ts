/**
 * A call that a stopped thread makes on its way: it looks to the thread as if a signal had come whose handler is the function. The
 * kernel's own way back from handlers, rt_sigreturn(2), then puts every register back, so that nobody has to be there when the function
 * returns. Linux on x86-64: struct rt_sigframe, ucontext and sigcontext of arch/x86/include/uapi/asm/sigcontext.h.
 *
 * ```
 *   rsp of the thread ─► what it keeps below: 128 bytes (System V ABI, section 3.2.2)
 *                        text, ends with a zero
 *                        x87 and vector registers, aligned to 64 (vector-state.ts)
 *                        information about a signal, 128 bytes: none
 *                        ucontext, 304 bytes
 *   rsp of the function ─► its return address: code that calls rt_sigreturn
 * ```
 */
import type { RegisterName, ThreadRegisters } from './thread-registers.ts';

/** Everything that the function may change and the thread relies on. */
export interface ThreadState {
  /** As it goes on with afterwards. */
  readonly registers: ThreadRegisters;
  /** Those of x87 and vectors, as a signal frame has them. */
  readonly vectors: Uint8Array;
  /** Signals that are blocked. */
  readonly signalMask: bigint;
}

export interface FunctionCall {
  readonly code: bigint;
  /** First argument: the address of this text. */
  readonly text?: string;
  /** Second argument. */
  readonly second?: bigint;
}

export interface PlannedCall {
  /** Where the thread's memory gets `bytes`. */
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** What the thread goes on with. */
  readonly registers: ThreadRegisters;
}

const RED_ZONE_BYTES = 128n;
const SIGINFO_BYTES = 128;
const UCONTEXT_BYTES = 304;
const ADDRESS_BYTES = 8;

/** In a ucontext: its flags, the alternate stack, the registers, and the mask behind them. */
const uc = { flags: 0, stackFlags: 24, registers: 40, signalMask: 296 } as const;
/** UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS: all of the registers are to be put back. */
const UC_FLAGS = 7n;
/** No kind of stack: the kernel leaves the alternate one as it is (EINVAL, which rt_sigreturn passes over). */
const NO_STACK_FLAGS = 0x7fff;

/** In a sigcontext, in its order from the start. */
const CONTEXT_REGISTERS: readonly RegisterName[] = [
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
  ...(['rdi', 'rsi', 'rbp', 'rbx', 'rdx', 'rax', 'rcx', 'rsp', 'rip', 'eflags'] as const),
];
const sigcontext = { cs: 144, gs: 146, fs: 148, ss: 150, vectors: 184 } as const;

/** @param restorer the address of code that calls rt_sigreturn */
export function planCall(
  { registers, vectors, signalMask }: ThreadState,
  { code, text = '', second = 0n }: FunctionCall,
  restorer: bigint,
): PlannedCall {
  const textBytes = new TextEncoder().encode(`${text}\0`);
  const textAddress = registers.get('rsp') - RED_ZONE_BYTES - BigInt(textBytes.length);
  const vectorsAddress = (textAddress - BigInt(vectors.length)) & -64n;
  // A function finds its stack 8 bytes off a multiple of 16, the return address on top.
  const frameBytes = BigInt(ADDRESS_BYTES + UCONTEXT_BYTES + SIGINFO_BYTES);
  const address = ((vectorsAddress - frameBytes) & -16n) - 8n;

  const bytes = new Uint8Array(Number(textAddress - address) + textBytes.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, restorer, true);
  writeContext(new DataView(bytes.buffer, ADDRESS_BYTES, UCONTEXT_BYTES), registers, {
    signalMask,
    vectorsAddress,
  });
  bytes.set(vectors, Number(vectorsAddress - address));
  bytes.set(textBytes, Number(textAddress - address));

  const calling = registers.copy();
  calling.set('rip', code);
  calling.set('rsp', address);
  calling.set('rdi', textAddress);
  calling.set('rsi', second);
  calling.set('rax', 0n);
  // No system call is interrupted any more.
  calling.set('orig_rax', -1n);
  return { address, bytes, registers: calling };
}

function writeContext(
  view: DataView,
  registers: ThreadRegisters,
  more: { readonly signalMask: bigint; readonly vectorsAddress: bigint },
): void {
  view.setBigUint64(uc.flags, UC_FLAGS, true);
  view.setUint32(uc.stackFlags, NO_STACK_FLAGS, true);
  for (const [index, name] of CONTEXT_REGISTERS.entries()) {
    view.setBigUint64(uc.registers + 8 * index, registers.get(name), true);
  }
  for (const name of ['cs', 'gs', 'fs', 'ss'] as const) {
    view.setUint16(uc.registers + sigcontext[name], Number(registers.get(name) & 0xffffn), true);
  }
  view.setBigUint64(uc.registers + sigcontext.vectors, more.vectorsAddress, true);
  view.setBigUint64(uc.signalMask, more.signalMask, true);
}
