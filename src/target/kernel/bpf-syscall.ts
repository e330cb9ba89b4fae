/**
 * bpf(2) as functions: maps, programs, test runs, links. Descriptors that come back are closed on exec and the caller's
 * (fs.closeSync). Numbers and layouts of `union bpf_attr`: <linux/bpf.h>.
 */
import { type EbpfProgram, encodeEbpf } from '../../bpf/index.ts';
import { type AddressField, EACCES, ENOENT, EPERM, sysError, tryBpf } from '../posix.ts';
import { type Capability, permissionError } from './permission.ts';
import { ProgramRefusedError } from './program-refused.ts';

const BPF_MAP_CREATE = 0;
const BPF_MAP_LOOKUP_ELEM = 1;
const BPF_MAP_UPDATE_ELEM = 2;
const BPF_MAP_DELETE_ELEM = 3;
const BPF_MAP_GET_NEXT_KEY = 4;
const BPF_PROG_LOAD = 5;
const BPF_PROG_TEST_RUN = 10;
const BPF_LINK_CREATE = 28;

export const BPF_PROG_TYPE_KPROBE = 2;
export const BPF_PROG_TYPE_TRACEPOINT = 5;
export const BPF_PROG_TYPE_PERF_EVENT = 7;
export const BPF_PROG_TYPE_RAW_TRACEPOINT = 17;

/** A program of type KPROBE that is loaded with it can be attached by a link of many uprobes only. */
export const BPF_TRACE_UPROBE_MULTI = 48;
const BPF_F_UPROBE_MULTI_RETURN = 1;

const ATTR_BYTES = 128;
const NAME_BYTES = 15;

class Attr {
  readonly bytes = new Uint8Array(ATTR_BYTES);
  readonly #view = new DataView(this.bytes.buffer);

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }

  u64(offset: number, value: bigint): this {
    this.#view.setBigUint64(offset, value, true);
    return this;
  }

  /** A name of an object: letters, digits, `_` and `.`; cut to 15 bytes. */
  name(offset: number, name: string): this {
    const text = name.replace(/[^\w.]/g, '_').slice(0, NAME_BYTES);
    this.bytes.set(new TextEncoder().encode(text), offset);
    return this;
  }
}

function failure(errno: number, call: string, needed: readonly Capability[], subject?: string): Error {
  if (errno === EPERM || errno === EACCES) return permissionError(`bpf(${call})`, needed);
  return sysError(`bpf(${call})`, errno, subject);
}

export interface MapShape {
  readonly name: string;
  /** BPF_MAP_TYPE_* */
  readonly type: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
}

/** @throws PermissionError, SysError */
export function createMap({ name, type, keyBytes, valueBytes, maxEntries }: MapShape): number {
  const attr = new Attr().u32(0, type).u32(4, keyBytes).u32(8, valueBytes).u32(12, maxEntries).name(28, name);
  const fd = tryBpf(BPF_MAP_CREATE, attr.bytes);
  if (fd < 0) throw failure(-fd, 'BPF_MAP_CREATE', ['CAP_BPF'], name);
  return fd;
}

function element(fd: number, key: Uint8Array | undefined, other: Uint8Array | undefined) {
  const fields: AddressField[] = [];
  if (key !== undefined) fields.push({ offset: 8, memory: key });
  if (other !== undefined) fields.push({ offset: 16, memory: other });
  return { attr: new Attr().u32(0, fd), fields };
}

/** Copies the value into `value` (of a map with a value for each processor: all of them). @returns whether the key is there */
export function lookupElement(fd: number, key: Uint8Array, value: Uint8Array): boolean {
  const { attr, fields } = element(fd, key, value);
  return found(tryBpf(BPF_MAP_LOOKUP_ELEM, attr.bytes, fields), 'BPF_MAP_LOOKUP_ELEM');
}

/** @throws SysError, E2BIG when the map is full */
export function updateElement(fd: number, key: Uint8Array, value: Uint8Array): void {
  const { attr, fields } = element(fd, key, value);
  const result = tryBpf(BPF_MAP_UPDATE_ELEM, attr.bytes, fields);
  if (result < 0) throw failure(-result, 'BPF_MAP_UPDATE_ELEM', ['CAP_BPF']);
}

/** @returns whether the key was there */
export function deleteElement(fd: number, key: Uint8Array): boolean {
  const { attr, fields } = element(fd, key, undefined);
  return found(tryBpf(BPF_MAP_DELETE_ELEM, attr.bytes, fields), 'BPF_MAP_DELETE_ELEM');
}

/**
 * The key behind `key` in the map's order, into `next`; undefined begins, and a key that is gone begins again.
 * @returns false at the end
 */
export function nextKey(fd: number, key: Uint8Array | undefined, next: Uint8Array): boolean {
  const { attr, fields } = element(fd, key, next);
  return found(tryBpf(BPF_MAP_GET_NEXT_KEY, attr.bytes, fields), 'BPF_MAP_GET_NEXT_KEY');
}

function found(result: number, call: string): boolean {
  if (result === -ENOENT) return false;
  if (result < 0) throw failure(-result, call, ['CAP_BPF']);
  return true;
}

export interface ProgramShape {
  readonly name: string;
  /** BPF_PROG_TYPE_* */
  readonly type: number;
  readonly expectedAttachType: number;
  /** Maps are named by their descriptors (LD_IMM64 with src 1). */
  readonly program: EbpfProgram;
}

/** Helpers that read memory are for programs with this license or GPL only; it is the license of what hone generates. */
const LICENSE = new TextEncoder().encode('Dual BSD/GPL\0');
const LOG_BYTES = 1 << 22;

/**
 * Loads without a log first, which is quicker; a refusal is asked again with one.
 * @throws ProgramRefusedError with the verifier's log, PermissionError, SysError
 */
export function loadProgram(shape: ProgramShape): number {
  const fd = tryLoad(shape, undefined);
  if (fd >= 0) return fd;
  const log = new Uint8Array(LOG_BYTES);
  const again = tryLoad(shape, log);
  if (again >= 0) return again;
  const text = new TextDecoder('latin1').decode(log.subarray(0, log.indexOf(0)));
  // EACCES with a log is the verifier's word for memory that must not be touched; without one it is about rights.
  if (text === '' && (again === -EPERM || again === -EACCES)) {
    throw permissionError('bpf(BPF_PROG_LOAD)', ['CAP_BPF', 'CAP_PERFMON']);
  }
  if (text === '') throw sysError('bpf(BPF_PROG_LOAD)', -again, shape.name);
  throw new ProgramRefusedError(shape.name, text);
}

function tryLoad(
  { name, type, expectedAttachType, program }: ProgramShape,
  log: Uint8Array | undefined,
): number {
  const attr = new Attr().u32(0, type).u32(4, program.length).name(48, name).u32(68, expectedAttachType);
  const fields = [
    { offset: 8, memory: encodeEbpf(program) },
    { offset: 16, memory: LICENSE },
  ];
  if (log !== undefined) {
    attr.u32(24, 1).u32(28, log.length);
    fields.push({ offset: 32, memory: log as Uint8Array<ArrayBuffer> });
  }
  return tryBpf(BPF_PROG_LOAD, attr.bytes, fields);
}

/**
 * Runs a program of type RAW_TRACEPOINT once, here and now, in the name of this process.
 * @returns what the program gives, as a signed number
 */
export function runRawTracepoint(fd: number): number {
  const context = new Uint8Array(96);
  const attr = new Attr().u32(0, fd).u32(40, context.length);
  const result = tryBpf(BPF_PROG_TEST_RUN, attr.bytes, [{ offset: 48, memory: context }]);
  if (result < 0) throw failure(-result, 'BPF_PROG_TEST_RUN', ['CAP_BPF', 'CAP_PERFMON']);
  return new DataView(attr.bytes.buffer).getInt32(4, true);
}

export interface UprobeSites {
  readonly path: string;
  /** File offsets. */
  readonly offsets: readonly number[];
  /** Of each site's semaphore in the file; 0 where there is none. */
  readonly refCtrOffsets: readonly number[];
  readonly isReturn: boolean;
  /** The process, 0 for every one. */
  readonly pid: number;
}

/** One link for all sites of a program in one file. @returns its descriptor, or the negative errno: -EINVAL before Linux 6.6 */
export function tryUprobeMulti(programFd: number, sites: UprobeSites): number {
  const { path, offsets, refCtrOffsets, isReturn, pid } = sites;
  const attr = new Attr()
    .u32(0, programFd)
    .u32(8, BPF_TRACE_UPROBE_MULTI)
    .u32(48, offsets.length)
    .u32(52, isReturn ? BPF_F_UPROBE_MULTI_RETURN : 0)
    .u32(56, pid);
  const fields = [
    { offset: 16, memory: new TextEncoder().encode(`${path}\0`) },
    { offset: 24, memory: bytesOf(offsets) },
  ];
  if (refCtrOffsets.some((offset) => offset !== 0))
    fields.push({ offset: 32, memory: bytesOf(refCtrOffsets) });
  return tryBpf(BPF_LINK_CREATE, attr.bytes, fields);
}

function bytesOf(numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(BigUint64Array.from(numbers, BigInt).buffer);
}
