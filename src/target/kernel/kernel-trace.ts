/**
 * A running trace in the kernel: maps, programs, where they are attached, the ring that their events come through. Opens
 * all or nothing; close() takes everything away again, and so does the kernel when this process ends, however it ends.
 */
import { closeSync } from 'node:fs';
import { UsageError } from '../../base/index.ts';
import {
  BPF_PSEUDO_MAP_IDX,
  type EbpfProgram,
  encodeEbpf,
  kernelMapType,
  LOST_EVENTS_MAP,
  NO_ROOM_MAP,
  STACKS_MAP,
  START_TIME_MAP,
} from '../../bpf/index.ts';
import type { ProbeKind, ProbePoint } from '../../tracepoints/index.ts';
import { bootTimeNs } from '../posix.ts';
import { attachSite, attachUprobeEvents, attachUprobeLinks, closeAll, type UprobeSite } from './attach.ts';
import {
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_PERF_EVENT,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_TRACE_UPROBE_MULTI,
  loadProgram,
  type MapShape,
  type ProgramShape,
  runRawTracepoint,
} from './bpf-syscall.ts';
import { KernelMap, sumWords } from './kernel-map.ts';
import { isKernelPoint, type KernelPoint } from './kernel-point.ts';
import { resolveKernelPoints } from './points.ts';
import { RingBuffer } from './ring-buffer.ts';

export interface KernelProgram {
  /** Of resolveKernelPoints; BEGIN, END and clocks need only have their names. */
  readonly point: ProbePoint;
  /** Names maps by LD_IMM64 with src_reg 5 and imm = the number in `maps`. */
  readonly program: EbpfProgram;
}

export interface KernelTraceRequest {
  readonly programs: readonly KernelProgram[];
  /** At most one ring buffer; LOST_EVENTS_MAP beside it counts what it did not take. */
  readonly maps: readonly MapShape[];
  /** Uprobes and USDT probes of this process only. The other kinds see every process: their programs look. */
  readonly pid?: number | undefined;
}

const programTypes: Readonly<Partial<Record<ProbeKind, number>>> = {
  usdt: BPF_PROG_TYPE_KPROBE,
  uprobe: BPF_PROG_TYPE_KPROBE,
  uretprobe: BPF_PROG_TYPE_KPROBE,
  tracepoint: BPF_PROG_TYPE_TRACEPOINT,
  software: BPF_PROG_TYPE_PERF_EVENT,
  profile: BPF_PROG_TYPE_PERF_EVENT,
  interval: BPF_PROG_TYPE_PERF_EVENT,
  begin: BPF_PROG_TYPE_RAW_TRACEPOINT,
  end: BPF_PROG_TYPE_RAW_TRACEPOINT,
};

/** A program that is loaded once for all points that have the same. */
interface Loaded {
  readonly shape: ProgramShape;
  readonly points: KernelPoint[];
  fd: number;
}

export class KernelTrace {
  /** In the order of the request. */
  readonly maps: readonly KernelMap[];
  readonly #pid: number | undefined;
  readonly #loaded: readonly Loaded[];
  readonly #ring: RingBuffer | undefined;
  readonly #attached: number[] = [];
  #isOpen = true;

  /**
   * Makes the maps and loads the programs; nothing runs yet.
   * @throws PermissionError, ProgramRefusedError, SysError, UsageError
   */
  constructor({ programs, maps, pid }: KernelTraceRequest) {
    const opened: KernelMap[] = [];
    const loaded = new Map<string, Loaded>();
    this.#pid = pid;
    this.maps = opened;
    try {
      for (const shape of maps) opened.push(new KernelMap(shape));
      for (const program of programs) this.#load(program, loaded);
      this.#loaded = [...loaded.values()];
      const ring = opened.find(({ shape }) => shape.type === kernelMapType.ringBuffer);
      this.#ring = ring === undefined ? undefined : new RingBuffer(ring.fd, ring.shape.maxEntries);
    } catch (error) {
      for (const { fd } of loaded.values()) closeSync(fd);
      for (const map of opened) map.close();
      throw error;
    }
  }

  /** Runs BEGIN, then attaches everything or nothing. @throws PermissionError, SysError */
  start(): void {
    const startTime = this.#mapNamed(START_TIME_MAP);
    startTime?.update(new Uint8Array(4), new Uint8Array(BigUint64Array.of(bootTimeNs()).buffer));
    this.#runEdge('begin');
    try {
      for (const loaded of this.#loaded) this.#attach(loaded);
    } catch (error) {
      closeAll(this.#attached);
      throw error;
    }
  }

  /** Events that are there, oldest first: views that are valid during the call. @returns how many were taken */
  poll(take: (record: Uint8Array) => void, most?: number): number {
    return this.#ring?.poll(take, most) ?? 0;
  }

  /** Events that found the ring full since the start; exact. */
  lostEvents(): bigint {
    return this.#counter(LOST_EVENTS_MAP, 0);
  }

  /** Updates of the script's n-th map that found no room for their key; exact. */
  withoutRoom(map: number): bigint {
    return this.#counter(NO_ROOM_MAP, map);
  }

  /** The addresses of a stack, innermost first; empty when there is none under the id. */
  stack(depth: number, id: number): readonly bigint[] {
    const [value] =
      this.#mapNamed(`${STACKS_MAP}${depth}`)?.lookup(new Uint8Array(Uint32Array.of(id).buffer)) ?? [];
    if (value === undefined) return [];
    const addresses = [...new BigUint64Array(value.slice().buffer)];
    const end = addresses.indexOf(0n);
    return end < 0 ? addresses : addresses.slice(0, end);
  }

  /** No program runs any more; maps and events stay. */
  stop(): void {
    closeAll(this.#attached);
  }

  /** Runs END, after `stop`. */
  runEnd(): void {
    this.#runEdge('end');
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeAll(this.#attached);
    this.#ring?.close();
    for (const { fd } of this.#loaded) closeSync(fd);
    for (const map of this.maps) map.close();
  }

  #mapNamed(name: string): KernelMap | undefined {
    return this.maps.find(({ shape }) => shape.name === name);
  }

  #counter(name: string, index: number): bigint {
    const values = this.#mapNamed(name)?.lookup(new Uint8Array(Uint32Array.of(index).buffer));
    return values === undefined ? 0n : sumWords(values)[0]!;
  }

  #load({ point: given, program }: KernelProgram, loaded: Map<string, Loaded>): void {
    const type = programTypes[given.kind];
    const isOwn = ['begin', 'end', 'interval', 'profile'].includes(given.kind);
    const point = isOwn ? resolveKernelPoints(given.name)[0]! : given;
    if (type === undefined || !isKernelPoint(point)) {
      throw new UsageError(`${given.name} is no probe of the kernel`);
    }
    const linked = program.map((insn) =>
      insn.code === 0x18 && insn.src === BPF_PSEUDO_MAP_IDX
        ? { ...insn, src: BPF_PSEUDO_MAP_FD, imm: this.maps[insn.imm]!.fd }
        : insn,
    );
    const key = `${point.kind === 'end'} ${type} ${Buffer.from(encodeEbpf(linked)).toString('base64')}`;
    const known = loaded.get(key);
    if (known !== undefined) {
      known.points.push(point);
      return;
    }
    const expectedAttachType = type === BPF_PROG_TYPE_KPROBE ? BPF_TRACE_UPROBE_MULTI : 0;
    const shape = { name: point.name, type, expectedAttachType, program: linked };
    loaded.set(key, { shape, points: [point], fd: loadProgram(shape) });
  }

  #attach(loaded: Loaded): void {
    const uprobes: UprobeSite[] = [];
    for (const point of loaded.points) {
      for (const site of point.sites) {
        if (site.kind === 'uprobe') uprobes.push(site);
        else this.#attached.push(...attachSite(loaded.fd, site, point.name));
      }
    }
    if (uprobes.length === 0) return;
    const links = attachUprobeLinks(loaded.fd, uprobes, this.#pid);
    if (links !== undefined) {
      this.#attached.push(...links);
      return;
    }
    const forEvents = loadProgram({ ...loaded.shape, expectedAttachType: 0 });
    closeSync(loaded.fd);
    loaded.fd = forEvents;
    this.#attached.push(...attachUprobeEvents(loaded.fd, uprobes, this.#pid));
  }

  #runEdge(kind: 'begin' | 'end'): void {
    for (const { fd, points } of this.#loaded) {
      for (const point of points) if (point.kind === kind) runRawTracepoint(fd);
    }
  }
}

/** src_reg of LD_IMM64: imm is a map's descriptor. */
const BPF_PSEUDO_MAP_FD = 1;
