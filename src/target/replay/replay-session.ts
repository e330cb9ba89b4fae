/**
 * One client's capture of a replay: its ring, its hooks and their counters. The agent does the same in C
 * (native/agent/src/session.c, capture.c); packets come in bursts of one direction of one queue of one port.
 */
import { closeSync } from 'node:fs';
import { UsageError } from '../../base/index.ts';
import { ABI, STRUCTS } from '../abi.ts';
import { SESSION_MEMORY_BYTES } from '../hook-counters.ts';
import { type Mapping, mapMemory } from '../mapping.ts';
import { createSealedMemory } from '../posix.ts';
import { encodeStruct } from '../struct-codec.ts';
import type { CapturePort, CaptureRequest, Direction } from '../target.ts';
import { type Block, blockLength, writeBlock } from './block-writer.ts';
import { type PacketFilter, preparePacketFilter } from './packet-filter.ts';
import { packetIdHigh, packetIdLow } from './packet-id.ts';
import { RingWriter } from './ring-writer.ts';
import type { ReplayPacket, ReplayPort } from './traffic.ts';

const MEMORY = STRUCTS.hone_session_memory.fields;
const COUNTER_WORDS = STRUCTS.hone_counters.size / 8;
/** What the agent says of a plain mbuf: no packet type known, one segment. */
const META_COMMENT = new TextEncoder().encode('ptype=0x0 segs=1');

interface Interface {
  readonly id: number;
  readonly wanted: CapturePort;
}

interface Hook {
  readonly interface: Interface;
  readonly filter: PacketFilter | undefined;
  /** Its struct hone_counters in the ring: seen, matched, captured, dropped, bytes. */
  readonly counters: BigUint64Array;
  /** Since the last captured packet. */
  lost: number;
}

/** A moment, as it stands in blocks: nanoseconds since 1970 in two halves. */
export interface Timestamp {
  high: number;
  low: number;
}

export class ReplaySession {
  readonly ring: RingWriter;
  readonly memoryFd: number;
  readonly #request: CaptureRequest;
  readonly #filters = new Map<Uint8Array, PacketFilter>();
  readonly #interfaces = new Map<number, Interface>();
  readonly #hooks = new Map<number, Hook | undefined>();
  readonly #memory: Mapping;
  #hookCount = 0;
  /** Used again for each packet: nothing is allocated on the way. */
  readonly #block: Block = {
    interfaceId: 0,
    timestampHigh: 0,
    timestampLow: 0,
    data: new Uint8Array(0),
    capturedLength: 0,
    originalLength: 0,
    direction: 0,
    queue: 0,
    hash: undefined,
    lost: 0,
    comment: undefined,
    packetIdHigh: 0,
    packetIdLow: 0,
  };

  /**
   * @throws UsageError for a port that is not there; VerifierError for a program that does not pass; SysError when
   * there is not enough memory
   */
  constructor(request: CaptureRequest, ports: readonly ReplayPort[]) {
    this.#request = request;
    this.#block.comment = request.meta ? META_COMMENT : undefined;
    for (const { programs } of request.ports) {
      for (const program of [programs.in, programs.out]) {
        if (program !== undefined) this.#filters.set(program, preparePacketFilter(program));
      }
    }
    for (const wanted of request.ports) {
      if (wanted.portId === 'any') continue;
      if (!ports.some(({ portId }) => portId === wanted.portId))
        throw new UsageError(`no port ${wanted.portId}`);
      this.#interfaces.set(wanted.portId, { id: this.#interfaces.size, wanted });
    }
    this.memoryFd = createSealedMemory('hone-session', SESSION_MEMORY_BYTES);
    this.#memory = mapMemory(this.memoryFd, {
      plainBytes: SESSION_MEMORY_BYTES,
      mirroredBytes: 0,
      writer: true,
    });
    const view = new DataView(this.#memory.buffer);
    view.setUint32(MEMORY.magic.offset, ABI.HONE_MAGIC, true);
    view.setUint32(MEMORY.abi_version.offset, ABI.HONE_ABI_VERSION, true);
    this.ring = new RingWriter(0, request.ringBytes);
    for (const port of ports) this.addPort(port);
  }

  get interfaceCount(): number {
    return this.#interfaces.size;
  }

  /**
   * A port that has appeared: it is captured from now on when the request has a place for such ports.
   * @returns its interface, undefined when it was known or is not wanted
   */
  addPort(port: ReplayPort): number | undefined {
    const known = this.#interfaces.get(port.portId);
    if (known !== undefined) {
      for (const direction of known.wanted.directions) this.#hook(port.portId, 0, direction);
      return undefined;
    }
    const wanted = this.#request.ports.find(({ portId }) => portId === 'any');
    if (wanted === undefined || this.#interfaces.size === ABI.HONE_MAX_SESSION_PORTS) return undefined;
    this.#interfaces.set(port.portId, { id: this.#interfaces.size, wanted });
    this.addPort(port);
    return this.#interfaces.size - 1;
  }

  /**
   * Captures packets of one direction of one queue. Exact: matched = captured + dropped.
   * @param firstPacket how many packets were played before this burst
   * @param now the start of the burst
   * @param times of each packet, in place of the adapter's; undefined is the burst's for all
   */
  capture(
    burst: readonly ReplayPacket[],
    firstPacket: number,
    now: Timestamp,
    times: readonly Timestamp[] | undefined,
  ): void {
    const { portId, queueId, direction } = burst[0]!;
    const hook = this.#hook(portId, queueId, direction);
    if (hook === undefined) return;
    const useTimes = this.#request.hostClock ? undefined : times;
    let matched = 0;
    let captured = 0;
    let bytes = 0;
    for (const [n, packet] of burst.entries()) {
      if (hook.filter !== undefined && !hook.filter(packet)) continue;
      matched++;
      if (!this.#write(packet, firstPacket + n, hook, useTimes?.[n] ?? now)) continue;
      captured++;
      bytes += packet.originalLength;
    }
    const { counters } = hook;
    for (const [n, more] of [burst.length, matched, captured, matched - captured, bytes].entries()) {
      counters[n] = counters[n]! + BigInt(more);
    }
    if (captured > 0) this.ring.publish(now.high, now.low, captured);
  }

  close(): void {
    this.ring.close();
    this.#memory.close();
    closeSync(this.memoryFd);
  }

  /** @returns false when the ring has no room. */
  #write(packet: ReplayPacket, number: number, hook: Hook, { high, low }: Timestamp): boolean {
    const block = this.#block;
    block.interfaceId = hook.interface.id;
    block.timestampHigh = high;
    block.timestampLow = low;
    block.data = packet.data;
    block.capturedLength = Math.min(packet.data.length, hook.interface.wanted.snaplen);
    block.originalLength = packet.originalLength;
    block.direction = packet.direction === 'in' ? ABI.HONE_DIRECTION_IN : ABI.HONE_DIRECTION_OUT;
    block.queue = packet.queueId;
    block.hash = packet.hash;
    block.lost = hook.lost;
    block.packetIdHigh = packetIdHigh(number);
    block.packetIdLow = packetIdLow(number);
    const length = blockLength(block);
    const at = this.ring.reserve(length);
    if (at < 0) {
      hook.lost++;
      return false;
    }
    writeBlock(this.ring.data, this.ring.dataView, at, block);
    this.ring.commit(length);
    hook.lost = 0;
    return true;
  }

  /** The hook of a place, made when it is first needed; undefined when nobody wants it, or there is no room. */
  #hook(portId: number, queueId: number, direction: Direction): Hook | undefined {
    const key = (portId * 0x10000 + queueId) * 2 + (direction === 'in' ? 0 : 1);
    const known = this.#hooks.get(key);
    if (known !== undefined || this.#hooks.has(key)) return known;
    const port = this.#interfaces.get(portId);
    const wanted = port?.wanted.directions.includes(direction) && this.#hookCount < ABI.HONE_MAX_HOOKS;
    const hook = port !== undefined && wanted ? this.#addHook(port, portId, queueId, direction) : undefined;
    this.#hooks.set(key, hook);
    return hook;
  }

  #addHook(port: Interface, portId: number, queueId: number, direction: Direction): Hook {
    const number = this.#hookCount++;
    const view = new DataView(this.#memory.buffer);
    encodeStruct('hone_hook', view, MEMORY.hooks.offset + number * STRUCTS.hone_hook.size, {
      interface: port.id,
      port_id: portId,
      queue_id: queueId,
      direction: direction === 'in' ? ABI.HONE_DIRECTION_IN : ABI.HONE_DIRECTION_OUT,
    });
    Atomics.store(new Int32Array(this.#memory.buffer, MEMORY.nb_hooks.offset, 1), 0, this.#hookCount);
    const program = port.wanted.programs[direction];
    const countersAt = ABI.HONE_RING_COUNTERS + number * STRUCTS.hone_counters.size;
    return {
      interface: port,
      filter: program && this.#filters.get(program),
      counters: new BigUint64Array(this.ring.buffer, countersAt, COUNTER_WORDS),
      lost: 0,
    };
  }
}
