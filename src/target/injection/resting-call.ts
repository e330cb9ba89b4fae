/**
 * Threads that wait in a system call, where nothing is in the registers that a function may change, and no lock is held that loading a
 * library takes: they wait for events, messages or time. Linux on x86-64.
 */
import type { ThreadRegisters } from './thread-registers.ts';

/** Numbers of such calls; those first that DPDK's own threads wait in. */
const RESTFUL_CALLS: readonly number[] = [
  ...[232, 281, 441], // epoll_wait, epoll_pwait, epoll_pwait2
  ...[47, 45, 43, 288], // recvmsg, recvfrom, accept, accept4
  ...[7, 271, 23, 270, 0], // poll, ppoll, select, pselect6, read
  ...[128, 34, 61, 35, 230], // rt_sigtimedwait, pause, wait4, nanosleep, clock_nanosleep
];

export interface RestingCall {
  readonly number: number;
  readonly stackPointer: bigint;
}

/**
 * From the text of /proc/PID/task/TID/syscall; undefined for a thread that runs, or waits for something else.
 * @see proc_pid_syscall(5)
 */
export function parseRestingCall(text: string): RestingCall | undefined {
  const words = text.trim().split(' ');
  const number = Number(words[0]);
  if (words.length !== 9 || !RESTFUL_CALLS.includes(number)) return undefined;
  return { number, stackPointer: BigInt(words[7]!) };
}

/** Lower is better. */
export function rankOf({ number }: RestingCall): number {
  return RESTFUL_CALLS.indexOf(number);
}

const SYSCALL_BYTES = 2n;
const USER_CODE_64 = 0x33n;
const EINTR = 4n;
/** Of the kernel alone: ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND. What is interrupted with them is made again. */
const RESTART_ERRNOS: readonly bigint[] = [512n, 513n, 514n];
/** ERESTART_RESTARTBLOCK: the kernel has to go on with it itself. */
const RESTART_BLOCK = 516n;

/**
 * What a thread that was stopped in a restful call goes on with: the call is made again, as if nothing had been. Undefined where it has
 * left the call meanwhile, or only the kernel knows how it goes on.
 */
export function resumed(stopped: ThreadRegisters): ThreadRegisters | undefined {
  const number = BigInt.asIntN(64, stopped.get('orig_rax'));
  const result = -BigInt.asIntN(64, stopped.get('rax'));
  if (stopped.get('cs') !== USER_CODE_64 || !RESTFUL_CALLS.includes(Number(number))) return undefined;
  if (result === RESTART_BLOCK) return undefined;
  const registers = stopped.copy();
  if (result === EINTR || RESTART_ERRNOS.includes(result)) {
    registers.set('rax', number);
    registers.set('rip', stopped.get('rip') - SYSCALL_BYTES);
  }
  return registers;
}
