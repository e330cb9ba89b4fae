/**
 * The system calls that Node does not offer: Unix sockets that pass file descriptors, sealed shared memory, and
 * mappings. The only file that does FFI. Nothing is loaded before the first call, because loading takes 40 ms.
 * The layouts (msghdr, cmsghdr, sockaddr_un, ucred, timespec) are those of 64-bit Linux.
 */
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import type koffiModule from 'koffi';
import { SysError } from '../base/index.ts';

type Koffi = typeof koffiModule;
type Argument = number | bigint | string | ArrayBufferView | null;
type Syscall = (...args: Argument[]) => number;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SCM_RIGHTS = 1;
const MSG_CTRUNC = 8;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const CLOCK_REALTIME = 0;
const CLOCK_BOOTTIME = 7;
const SC_PAGESIZE = 30;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
const EINTR = 4;
export const EAGAIN = 11;
export const EACCES = 13;
export const EINVAL = 22;
export const ENOSPC = 28;
const ENOSYS = 38;
export const EPROTO = 71;
export const EUSERS = 87;
export const ECONNREFUSED = 111;

export const F_SEAL_SHRINK = 2;
export const F_SEAL_GROW = 4;

const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
const PROT_EXEC = 4;

/** Descriptors that one message may carry; more is cut by the kernel and reported as `truncated`. */
const MAX_FDS = 4;
const MSGHDR_BYTES = 56;
const CMSGHDR_BYTES = 16;
const SUN_PATH_BYTES = 108;

function bind(koffi: Koffi) {
  const libc = koffi.load(null);
  const call = (prototype: string): Syscall => libc.func(prototype) as unknown as Syscall;
  // A msghdr, its one iovec and its control area, reused by each call: neither call keeps anything.
  const scratch = new ArrayBuffer(256);
  return {
    koffi,
    scratch: new DataView(scratch),
    scratchAddress: koffi.address(new Uint8Array(scratch)),
    socket: call('int socket(int, int, int)'),
    bind: call('int bind(int, const void *, uint32_t)'),
    listen: call('int listen(int, int)'),
    accept4: call('int accept4(int, void *, void *, int)'),
    connect: call('int connect(int, const void *, uint32_t)'),
    getsockopt: call('int getsockopt(int, int, int, void *, void *)'),
    sendmsg: call('intptr_t sendmsg(int, intptr_t, int)'),
    recvmsg: call('intptr_t recvmsg(int, intptr_t, int)'),
    memfd_create: call('int memfd_create(const char *, unsigned int)'),
    ftruncate: call('int ftruncate(int, int64_t)'),
    fcntl: call('int fcntl(int, int, int)'),
    sysconf: call('long sysconf(int)'),
    mmap: call('intptr_t mmap(intptr_t, size_t, int, int, int, int64_t)'),
    munmap: call('int munmap(intptr_t, size_t)'),
    clock_gettime: call('int clock_gettime(int, void *)'),
    bpf: call('long syscall(long, int, const void *, unsigned int)'),
    perf_event_open: call('long syscall(long, const void *, int, int, int, unsigned long)'),
    ioctl: call('int ioctl(int, unsigned long, int64_t)'),
    ptrace: call('long ptrace(long, int, intptr_t, int64_t)'),
    ptraceMemory: call('long ptrace(long, int, intptr_t, void *)'),
    waitpid: call('int waitpid(int, void *, int)'),
  };
}

type Libc = ReturnType<typeof bind>;

let bound: Libc | undefined;

function libc(): Libc {
  bound ??= bind(createRequire(import.meta.url)('koffi') as Koffi);
  return bound;
}

/** An error with the name and the meaning of `errno`: "connect /run/hone/1.sock: EACCES". */
export function sysError(syscall: string, errno: number, subject?: string): SysError {
  const what = subject === undefined ? syscall : `${syscall} ${subject}`;
  return new SysError(syscall, errno, `${what}: ${errorName(errno)}`);
}

function errorName(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `errno ${errno}`;
  }
}

type SyscallName = Exclude<keyof Libc, 'koffi' | 'scratch' | 'scratchAddress'>;

/** The result, or the negative errno; interrupted calls are made again. */
function attempt(name: SyscallName, ...args: Argument[]): number {
  const lib = libc();
  for (;;) {
    const result = lib[name](...args);
    if (result !== -1) return result;
    const errno = lib.koffi.errno();
    if (errno !== EINTR) return -errno;
  }
}

function mustSucceed(name: SyscallName, ...args: Argument[]): number {
  const result = attempt(name, ...args);
  if (result < 0) throw sysError(name, -result);
  return result;
}

/** The path as a sockaddr_un, zero-terminated. */
function socketAddress(path: string): Uint8Array {
  const bytes = new TextEncoder().encode(path);
  if (bytes.length >= SUN_PATH_BYTES) {
    throw new SysError('socket', EINVAL, `${path}: a socket's path has at most ${SUN_PATH_BYTES - 1} bytes`);
  }
  const address = new Uint8Array(2 + bytes.length + 1);
  address[0] = AF_UNIX;
  address.set(bytes, 2);
  return address;
}

/** A Unix socket, of a stream or of whole messages, non-blocking and closed on exec. Close it with fs.closeSync. */
export function openSocket(kind: 'stream' | 'seqpacket' = 'stream'): number {
  const type = kind === 'stream' ? SOCK_STREAM : SOCK_SEQPACKET;
  return mustSucceed('socket', AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/** @returns 0 or the errno: EAGAIN when the listener's backlog is full. */
export function tryConnect(fd: number, path: string): number {
  const address = socketAddress(path);
  return -attempt('connect', fd, address, address.length);
}

/** @throws SysError, EADDRINUSE when something has that name already. */
export function bindSocket(fd: number, path: string): void {
  const address = socketAddress(path);
  const result = attempt('bind', fd, address, address.length);
  if (result < 0) throw sysError('bind', -result, path);
}

export function listenSocket(fd: number, backlog: number): void {
  mustSucceed('listen', fd, backlog);
}

/** The next connection, non-blocking and closed on exec; undefined when none waits. */
export function acceptSocket(fd: number): number | undefined {
  const result = attempt('accept4', fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (result === -EAGAIN) return undefined;
  if (result < 0) throw sysError('accept4', -result);
  return result;
}

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
}

/** Who was at the other end when the connection was made (SO_PEERCRED). */
export function peerCredentials(fd: number): PeerCredentials {
  const ucred = new Int32Array(3);
  mustSucceed('getsockopt', fd, SOL_SOCKET, SO_PEERCRED, ucred, new Uint32Array([12]));
  return { pid: ucred[0]!, uid: ucred[1]! >>> 0 };
}

function prepareMessage(lib: Libc, bytes: Uint8Array, controlBytes: number): void {
  const { scratch, scratchAddress } = lib;
  const iovec = MSGHDR_BYTES;
  const control = MSGHDR_BYTES + 16;
  for (let at = 0; at < control; at += 8) scratch.setBigUint64(at, 0n, true);
  scratch.setBigUint64(16, scratchAddress + BigInt(iovec), true);
  scratch.setBigUint64(24, 1n, true);
  scratch.setBigUint64(iovec, lib.koffi.address(bytes), true);
  scratch.setBigUint64(iovec + 8, BigInt(bytes.length), true);
  if (controlBytes === 0) return;
  scratch.setBigUint64(32, scratchAddress + BigInt(control), true);
  scratch.setBigUint64(40, BigInt(controlBytes), true);
}

const CONTROL = MSGHDR_BYTES + 16;

/**
 * Sends what fits now, the descriptors with the first byte.
 * @returns the number of bytes taken, or the negative errno: -EAGAIN when the socket is full.
 */
export function trySend(fd: number, bytes: Uint8Array, fds: readonly number[] = []): number {
  const lib = libc();
  const length = CMSGHDR_BYTES + 4 * fds.length;
  prepareMessage(lib, bytes, fds.length === 0 ? 0 : (length + 7) & ~7);
  if (fds.length > 0) {
    lib.scratch.setBigUint64(CONTROL, BigInt(length), true);
    lib.scratch.setInt32(CONTROL + 8, SOL_SOCKET, true);
    lib.scratch.setInt32(CONTROL + 12, SCM_RIGHTS, true);
    for (const [n, passed] of fds.entries()) lib.scratch.setInt32(CONTROL + 16 + 4 * n, passed, true);
  }
  return attempt('sendmsg', fd, lib.scratchAddress, MSG_NOSIGNAL);
}

export interface Received {
  /** Bytes written into the buffer; 0 at the end of the stream; the negative errno on failure. */
  readonly result: number;
  /** Descriptors that came along, closed on exec; the caller owns them. */
  readonly fds: readonly number[];
  /** Some control data did not fit and is lost. */
  readonly truncated: boolean;
}

/** Receives what is there, up to the size of `into` (which must not be empty). Never waits. */
export function tryReceive(fd: number, into: Uint8Array): Received {
  const lib = libc();
  const { scratch } = lib;
  const room = CMSGHDR_BYTES + 4 * MAX_FDS;
  prepareMessage(lib, into, room);
  const result = attempt('recvmsg', fd, lib.scratchAddress, MSG_CMSG_CLOEXEC);
  if (result < 0) return { result, fds: [], truncated: false };
  const fds: number[] = [];
  const controlBytes = Number(scratch.getBigUint64(40, true));
  if (controlBytes >= CMSGHDR_BYTES && scratch.getInt32(CONTROL + 12, true) === SCM_RIGHTS) {
    const end = Math.min(room, Number(scratch.getBigUint64(CONTROL, true)));
    for (let at = CMSGHDR_BYTES; at + 4 <= end; at += 4) fds.push(scratch.getInt32(CONTROL + at, true));
  }
  return { result, fds, truncated: (scratch.getInt32(48, true) & MSG_CTRUNC) !== 0 };
}

export interface Watch {
  /** What to look for from now on. */
  setEvents(events: WatchedEvents): void;
  /** Whether this watch keeps the process alive. */
  setRef(referenced: boolean): void;
  close(): void;
}

type WatchedEvents = 'read' | 'read-write';

/**
 * Calls back whenever the descriptor can be read (or written, when asked for) or was hung up. Close the watch
 * before the descriptor.
 */
export function watchDescriptor(fd: number, callback: () => void): Watch {
  let scheduled = false;
  let closed = false;
  // koffi calls outside Node's callback scope, where promises would not run on: leave it at once.
  const onEvent = () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (!closed) callback();
    });
  };
  const handle = libc().koffi.node.poll(fd, { readable: true }, onEvent);
  return {
    setEvents(events) {
      if (!closed) handle.start({ readable: true, writable: events === 'read-write' }, onEvent);
    },
    setRef(referenced) {
      // koffi looks at no handle: after close there is none, and touching it would end the process.
      if (closed) return;
      if (referenced) handle.ref();
      else handle.unref();
    },
    close() {
      closed = true;
      handle.close();
    },
  };
}

/** Anonymous shared memory of exactly that size, closed on exec, sealed so that nobody can resize it. */
export function createSealedMemory(name: string, bytes: number): number {
  const fd = mustSucceed('memfd_create', name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  mustSucceed('ftruncate', fd, bytes);
  mustSucceed('fcntl', fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
  return fd;
}

/** The pages that the kernel maps and accounts in: a power of two. */
export function pageBytes(): number {
  return mustSucceed('sysconf', SC_PAGESIZE);
}

/** The seals of a memfd; the negative errno (-EINVAL) when the descriptor is none. */
export function tryGetSeals(fd: number): number {
  return attempt('fcntl', fd, F_GET_SEALS, 0);
}

/** Address space of that size in which nothing is mapped yet. */
export function reserveAddresses(bytes: number): number {
  return mustSucceed('mmap', 0, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/** Maps a part of the file over reserved addresses. Offset and address are multiples of the page size. */
export function mapOver(
  address: number,
  bytes: number,
  protection: number,
  fd: number,
  offset: number,
): void {
  mustSucceed('mmap', address, bytes, protection, MAP_SHARED | MAP_FIXED, fd, offset);
}

/** Maps pages of zeros of this process's own over mapped addresses. */
export function mapZerosOver(address: number, bytes: number): void {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  mustSucceed('mmap', address, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
}

/** Where the memory lies, which must be one that does not move: a typed array's own may. */
export function addressOf(memory: Uint8Array): number {
  return Number(libc().koffi.address(memory));
}

export function unmap(address: number, bytes: number): void {
  mustSucceed('munmap', address, bytes);
}

export interface MappedCode {
  /** Calls it as `void f(long)`. */
  call(argument: number): void;
  close(): void;
}

/** Maps a file of machine code from its start, to be called there; privately, as programs are, so that uprobes take it. */
export function mapCode(fd: number, bytes: number): MappedCode {
  const { koffi } = libc();
  const address = mustSucceed('mmap', 0, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  codePrototype ??= koffi.proto('void hone_code(long)');
  const prototype = codePrototype;
  return {
    call: (argument) => void koffi.call(BigInt(address), prototype, argument),
    close: () => unmap(address, bytes),
  };
}

let codePrototype: ReturnType<Koffi['proto']> | undefined;

/** The memory itself, not a copy. It must not be touched after it was unmapped: the process would die. */
export function viewMemory(address: number, bytes: number): ArrayBuffer {
  return libc().koffi.view(BigInt(address), bytes);
}

const timespec = new BigInt64Array(2);

/** CLOCK_REALTIME in ns since 1970-01-01 UTC. */
export function realtimeNs(): bigint {
  return clockNs(CLOCK_REALTIME);
}

/** CLOCK_BOOTTIME in ns since the machine was started, time asleep included. */
export function bootTimeNs(): bigint {
  return clockNs(CLOCK_BOOTTIME);
}

function clockNs(clock: number): bigint {
  mustSucceed('clock_gettime', clock, timespec);
  return timespec[0]! * 1_000_000_000n + timespec[1]!;
}

/** Numbers of calls that the C library has no function for. */
const SYS_BPF: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 321, arm64: 280 };
const SYS_PERF_EVENT_OPEN: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 298, arm64: 241 };

/** Memory whose address a call finds in its argument: a field of 8 bytes at `offset` there. */
export interface AddressField {
  readonly offset: number;
  readonly memory: Uint8Array;
}

/** What a running call points to: seen from here, so that it is not collected meanwhile. */
const lent: { fields: readonly AddressField[] } = { fields: [] };

function lendAddresses(attr: Uint8Array, fields: readonly AddressField[]): void {
  const view = new DataView(attr.buffer, attr.byteOffset, attr.length);
  for (const { offset, memory } of fields) {
    const address = memory.length === 0 ? 0n : libc().koffi.address(memory);
    view.setBigUint64(offset, address, true);
  }
  lent.fields = fields;
}

/**
 * bpf(2). The addresses of `fields` are put into `attr`; the kernel keeps none of them.
 * @returns what the command gives (a descriptor that is closed on exec, or 0), or the negative errno
 */
export function tryBpf(command: number, attr: Uint8Array, fields: readonly AddressField[] = []): number {
  const number = SYS_BPF[process.arch];
  if (number === undefined) return -ENOSYS;
  lendAddresses(attr, fields);
  try {
    return attempt('bpf', number, command, attr, attr.length);
  } finally {
    lent.fields = [];
  }
}

const PERF_FLAG_FD_CLOEXEC = 8;

/**
 * perf_event_open(2), without a group.
 * @param pid -1 for every process
 * @param cpu -1 for every processor (only with a pid)
 * @returns a descriptor, or the negative errno
 */
export function tryPerfEventOpen(
  attr: Uint8Array,
  fields: readonly AddressField[],
  pid: number,
  cpu: number,
): number {
  const number = SYS_PERF_EVENT_OPEN[process.arch];
  if (number === undefined) return -ENOSYS;
  lendAddresses(attr, fields);
  try {
    return attempt('perf_event_open', number, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  } finally {
    lent.fields = [];
  }
}

/** ioctl(2) with a number as its argument. @returns what it gives, or the negative errno */
export function tryIoctl(fd: number, request: number, argument: number): number {
  return attempt('ioctl', fd, request, argument);
}

/**
 * Whether this process may use the kernel's BPF.
 * @returns 0, or why not: EPERM, or ENOSYS
 */
export function tryKernelBpf(): number {
  // BPF_MAP_CREATE of nothing: who may make maps is told that this is none.
  const errno = -tryBpf(0, new Uint8Array(128));
  return errno === EINVAL ? 0 : errno;
}

const PTRACE_GETREGSET = 0x4204;

/**
 * Registers of a stopped thread, of one kind (NT_*).
 * @returns the bytes that `into` got, or the negative errno
 */
export function tryReadRegisterSet(tid: number, kind: number, into: Uint8Array): number {
  // A struct iovec.
  const vector = new BigUint64Array([libc().koffi.address(into), BigInt(into.length)]);
  const result = tryPtrace(PTRACE_GETREGSET, tid, kind, new Uint8Array(vector.buffer));
  return result < 0 ? result : Number(vector[1]);
}

const WNOHANG = 1;
/** Threads that are no children, too. */
const WALL = 0x4000_0000;

/**
 * ptrace(2), from this thread: a tracer is a thread, and calls of this file are all of one.
 * @param data a number, or memory that it reads or fills
 * @returns 0, or the negative errno
 */
export function tryPtrace(request: number, tid: number, address = 0, data: number | Uint8Array = 0): number {
  if (typeof data === 'number') return attempt('ptrace', request, tid, address, data);
  return attempt('ptraceMemory', request, tid, address, data);
}

/**
 * waitpid(2) for a traced thread, without waiting.
 * @returns its status; undefined when nothing happened to it, or it is not traced
 */
export function tryWaitThread(tid: number): number | undefined {
  const status = new Int32Array(1);
  return attempt('waitpid', tid, status, WNOHANG | WALL) === tid ? status[0] : undefined;
}
