/** One thread of another process, stopped by ptrace(2); the others go on. It goes on by itself when this process ends. */
import { setTimeout as delay } from 'node:timers/promises';
import { HoneError } from '../../base/index.ts';
import { ESRCH, sysError, tryPtrace, tryReadRegisterSet, tryWaitThread } from '../posix.ts';
import type { ThreadState } from './call-frame.ts';
import { ThreadRegisters } from './thread-registers.ts';
import { LEGACY_BYTES, toSignalFrame } from './vector-state.ts';

const PTRACE_CONT = 7;
const PTRACE_SINGLESTEP = 9;
const PTRACE_GETREGS = 12;
const PTRACE_SETREGS = 13;
const PTRACE_GETFPREGS = 14;
const PTRACE_DETACH = 17;
const PTRACE_SEIZE = 0x4206;
const PTRACE_INTERRUPT = 0x4207;
const PTRACE_GETSIGMASK = 0x420a;
const PTRACE_EVENT_STOP = 128;
const SIGTRAP = 5;

const NT_X86_XSTATE = 0x202;
/** More than any processor has. */
const MOST_VECTOR_BYTES = 1 << 16;
const SIGNAL_MASK_BYTES = 8;
const STOP_MS = 1000;
/** A thread stops within microseconds: looking again is quicker than being woken. */
const SPIN_MS = 2;

export class TracedThread {
  readonly tid: number;
  readonly #name: string;
  /** To be given to the thread when it goes on. */
  #signal = 0;

  private constructor(tid: number, name: string) {
    this.tid = tid;
    this.#name = name;
  }

  /**
   * Undefined when there is no such thread any more.
   * @param name of the process, for messages
   * @throws SysError when it may not be traced, also because somebody does already
   */
  static async stop(tid: number, name: string): Promise<TracedThread | undefined> {
    const thread = new TracedThread(tid, name);
    const seized = tryPtrace(PTRACE_SEIZE, tid);
    if (seized === -ESRCH) return undefined;
    if (seized < 0) throw sysError('ptrace', -seized, name);
    thread.#must(PTRACE_INTERRUPT);
    for (;;) {
      const status = await thread.#waitForStop();
      if (status >>> 16 === PTRACE_EVENT_STOP) return thread;
      // A signal was on its way.
      thread.#must(PTRACE_CONT, 0, (status >>> 8) & 0xff);
    }
  }

  readRegisters(): ThreadRegisters {
    const registers = new ThreadRegisters();
    this.#must(PTRACE_GETREGS, 0, registers.bytes);
    return registers;
  }

  writeRegisters(registers: ThreadRegisters): void {
    this.#must(PTRACE_SETREGS, 0, registers.bytes);
  }

  /** What a function may change, besides the registers. */
  readRest(): Omit<ThreadState, 'registers'> {
    const mask = new BigUint64Array(1);
    this.#must(PTRACE_GETSIGMASK, SIGNAL_MASK_BYTES, new Uint8Array(mask.buffer));
    return { vectors: toSignalFrame(this.#readVectors()), signalMask: mask[0]! };
  }

  /** One instruction. */
  async step(): Promise<void> {
    this.#must(PTRACE_SINGLESTEP, 0, this.#signal);
    const signal = ((await this.#waitForStop()) >>> 8) & 0xff;
    this.#signal = signal === SIGTRAP ? 0 : signal;
  }

  /** It goes on. */
  release(): void {
    tryPtrace(PTRACE_DETACH, this.tid, 0, this.#signal);
  }

  #readVectors(): Uint8Array {
    const saved = new Uint8Array(MOST_VECTOR_BYTES);
    const count = tryReadRegisterSet(this.tid, NT_X86_XSTATE, saved);
    if (count > 0) return saved.subarray(0, count);
    const legacy = new Uint8Array(LEGACY_BYTES);
    this.#must(PTRACE_GETFPREGS, 0, legacy);
    return legacy;
  }

  async #waitForStop(): Promise<number> {
    const begun = performance.now();
    for (;;) {
      const status = tryWaitThread(this.tid);
      if (status !== undefined) {
        if ((status & 0xff) === 0x7f) return status;
        throw new HoneError('ATTACH', `${this.#name} has ended`);
      }
      const waited = performance.now() - begun;
      if (waited > STOP_MS)
        throw new HoneError('ATTACH', `thread ${this.tid} of ${this.#name} does not stop`);
      if (waited > SPIN_MS) await delay(1);
    }
  }

  #must(request: number, address = 0, data: number | Uint8Array = 0): void {
    const result = tryPtrace(request, this.tid, address, data);
    if (result < 0) throw sysError('ptrace', -result, this.#name);
  }
}
