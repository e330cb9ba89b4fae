/**
 * Loads a library into a running process without stopping more than one thread of it, one that waits in a system call, and that for
 * less than a millisecond: it calls dlopen on its way and goes on waiting. Nothing stays behind but the library, whatever becomes of
 * this process meanwhile. Linux on x86-64.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { HoneError } from '../../base/index.ts';
import { parseMappings, stackRoom } from '../mappings.ts';
import { type FunctionCall, planCall } from './call-frame.ts';
import { findLibraryCode, type LibraryCode } from './library-code.ts';
import { parseRestingCall, rankOf, resumed } from './resting-call.ts';
import { TracedThread } from './traced-thread.ts';

export type Loading =
  | { readonly kind: 'loaded' }
  /** @param reason what the dynamic loader says */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nothing was done. */
  | { readonly kind: 'unsuitable'; readonly why: string };

const RTLD_NOW = 2n;
/** What loading may take of a thread's stack. */
const STACK_BYTES = 256 << 10;
const RETURN_MS = 10_000;
const LOOK_MS = 2;
/** How often a thread that waits is looked for, and how long between: one that was just woken waits again soon. */
const SEARCHES = 10;
const SEARCH_MS = 10;
const MOST_STEPS = 1_000_000;
const MESSAGE_BYTES = 1024;

/**
 * @param name of the process, for messages
 * @param path as the process sees it
 * @throws SysError when it may not be traced; HoneError ATTACH when it does not come back
 */
export async function loadLibrary(pid: number, name: string, path: string): Promise<Loading> {
  if (process.arch !== 'x64') return { kind: 'unsuitable', why: `not on ${process.arch}` };
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const tracer = /^TracerPid:\s+([1-9]\d*)/m.exec(status)?.[1];
  if (tracer !== undefined) {
    throw new HoneError(
      'ATTACH',
      `${name} is traced by process ${tracer}, a debugger perhaps: end that first`,
    );
  }
  if (/^x86_Thread_features:.*shstk/m.test(status)) {
    return { kind: 'unsuitable', why: 'it has a shadow stack' };
  }
  const code = findLibraryCode(mappingsOf(pid), `/proc/${pid}/root`);
  if (code === undefined) return { kind: 'unsuitable', why: 'its C library is not known' };
  const memory = openSync(`/proc/${pid}/mem`, 'r+');
  try {
    for (let search = 0; search < SEARCHES; search++) {
      if (search > 0) await delay(SEARCH_MS);
      const loading = await loadByAnyThread({ pid, name, memory, restorer: code.restorer }, path, code);
      if (loading !== undefined) return loading;
    }
  } finally {
    closeSync(memory);
  }
  return { kind: 'unsuitable', why: 'none of its threads waits in a system call' };
}

/** @returns undefined when none of its threads waits at this moment */
async function loadByAnyThread(
  within: Omit<Injected, 'tid'>,
  path: string,
  code: LibraryCode,
): Promise<Loading | undefined> {
  for (const tid of restingThreads(within.pid)) {
    const process = { ...within, tid };
    const begun = await beginCall(process, { code: code.dlopen, text: path, second: RTLD_NOW });
    if (begun === undefined) continue;
    await waitForReturn(process, begun);
    if (mappingsOf(within.pid).some((mapping) => mapping.path === path)) return { kind: 'loaded' };
    return { kind: 'refused', reason: await readError(process, code) };
  }
  return undefined;
}

interface Injected {
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  /** Its memory, open. */
  readonly memory: number;
  readonly restorer: bigint;
}

function mappingsOf(pid: number): ReturnType<typeof parseMappings> {
  return parseMappings(readFileSync(`/proc/${pid}/maps`, 'utf8'));
}

/** Those that suit best first. */
function restingThreads(pid: number): number[] {
  const mappings = mappingsOf(pid);
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((text) => {
      const call = restingCall(pid, Number(text));
      const hasRoom = call !== undefined && stackRoom(mappings, Number(call.stackPointer)) >= STACK_BYTES;
      return hasRoom ? [{ tid: Number(text), rank: rankOf(call) }] : [];
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ tid }) => tid);
}

function restingCall(pid: number, tid: number): ReturnType<typeof parseRestingCall> {
  try {
    return parseRestingCall(readFileSync(`/proc/${pid}/task/${tid}/syscall`, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Lets the thread call the function.
 * @returns the stack pointer that it will have when it is back; undefined when it does not wait any more
 */
async function beginCall(injected: Injected, call: FunctionCall): Promise<bigint | undefined> {
  const thread = await TracedThread.stop(injected.tid, injected.name);
  if (thread === undefined) return undefined;
  try {
    return prepareCall(injected, thread, call);
  } finally {
    thread.release();
  }
}

function prepareCall(
  { memory, restorer }: Injected,
  thread: TracedThread,
  call: FunctionCall,
): bigint | undefined {
  const registers = resumed(thread.readRegisters());
  if (registers === undefined) return undefined;
  const planned = planCall({ registers, ...thread.readRest() }, call, restorer);
  const written = writeSync(memory, planned.bytes, 0, planned.bytes.length, Number(planned.address));
  if (written !== planned.bytes.length) return undefined;
  thread.writeRegisters(planned.registers);
  return registers.get('rsp');
}

/** It waits again where it did. */
async function waitForReturn({ pid, tid, name }: Injected, stackPointer: bigint): Promise<void> {
  const deadline = performance.now() + RETURN_MS;
  while (restingCall(pid, tid)?.stackPointer !== stackPointer) {
    if (performance.now() > deadline) {
      throw new HoneError('ATTACH', `thread ${tid} of ${name} has not loaded it after ${RETURN_MS / 1000} s`);
    }
    await delay(LOOK_MS);
  }
}

/** What dlerror says in that thread: the text's address is in a register only until the function has returned. */
async function readError(injected: Injected, { dlerror }: LibraryCode): Promise<string> {
  const unknown = 'the dynamic loader does not say why';
  const thread = await TracedThread.stop(injected.tid, injected.name);
  if (thread === undefined) return unknown;
  try {
    if (prepareCall(injected, thread, { code: dlerror }) === undefined) return unknown;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      await thread.step();
      const registers = thread.readRegisters();
      if (registers.get('rip') !== injected.restorer) continue;
      return readText(injected.memory, registers.get('rax')) ?? unknown;
    }
    return unknown;
  } finally {
    thread.release();
  }
}

function readText(memory: number, address: bigint): string | undefined {
  const bytes = Buffer.alloc(MESSAGE_BYTES);
  try {
    const count = readSync(memory, bytes, 0, bytes.length, Number(address));
    const end = bytes.indexOf(0);
    return bytes.toString('utf8', 0, end < 0 ? count : end);
  } catch {
    return undefined;
  }
}
