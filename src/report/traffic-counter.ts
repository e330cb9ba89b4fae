/** Packets one by one into what a report says of the traffic. Its memory does not grow with them. */
import { FLOWS_KEPT, type TrafficObservation } from '../findings/index.ts';
import {
  dissect,
  type Field,
  fieldsByName,
  formatFieldValue,
  type Packet,
  readField,
} from '../packet/index.ts';
import { HeavyHitters } from '../read/index.ts';

/** Wire length in bytes, without the check sequence. */
const SIZES = [0, 64, 128, 256, 512, 1024, 1519] as const;
/** Whoever has more than 1/4096 of all bytes is among them. */
const FLOWS = 4096;
const MOST_PROTOCOLS = 256;
/** 2^40 ns: 18 minutes. */
const TIME_BUCKETS = 41;

export interface CountedPacket {
  /** The captured bytes; not kept. */
  readonly data: Uint8Array;
  readonly originalLength: number;
  readonly linkType: number;
}

interface Sum {
  packets: number;
  bytes: number;
}

export class TrafficCounter {
  #packets = 0;
  #bytes = 0;
  readonly #sizes: number[] = SIZES.map(() => 0);
  readonly #protocols = new Map<string, Sum>();
  readonly #flows = new HeavyHitters(FLOWS);
  readonly #times: number[] = new Array(TIME_BUCKETS).fill(0);
  #hasTimes = false;

  add({ data, originalLength, linkType }: CountedPacket): void {
    const packet = dissect(data, originalLength, linkType);
    this.#packets++;
    this.#bytes += originalLength;
    this.#sizes[SIZES.findLastIndex((from) => originalLength >= from)]!++;
    this.#addProtocol(nameOf(packet), originalLength);
    const flow = flowOf(packet);
    if (flow !== undefined) this.#flows.add(flow, originalLength);
  }

  /** @param ns from one arrival to the next */
  addInterArrival(ns: number): void {
    if (!(ns >= 0)) return;
    this.#hasTimes = true;
    this.#times[Math.min(TIME_BUCKETS - 1, Math.floor(Math.log2(Math.max(1, ns))))]!++;
  }

  /** @param seconds that the packets are of */
  observe(seconds: number): TrafficObservation | undefined {
    if (this.#packets === 0) return undefined;
    const flows = this.#flows.top(FLOWS);
    return {
      packets: this.#packets,
      bytes: this.#bytes,
      seconds,
      sizes: SIZES.map((from, n) => ({ from, packets: this.#sizes[n]! })),
      protocols: [...this.#protocols]
        .map(([name, { packets, bytes }]) => ({ name, packets, bytes }))
        .sort((a, b) => b.packets - a.packets),
      flows: flows.slice(0, FLOWS_KEPT).map(({ key, count, weight, excess }) => ({
        name: key,
        packets: count,
        // Never more than it has.
        bytes: weight - excess,
      })),
      flowCount: flows.length < FLOWS ? flows.length : undefined,
      interArrival: this.#hasTimes
        ? this.#times.slice(0, 1 + this.#times.findLastIndex((count) => count > 0))
        : undefined,
    };
  }

  #addProtocol(name: string, bytes: number): void {
    const key = this.#protocols.has(name) || this.#protocols.size < MOST_PROTOCOLS ? name : 'other';
    const sum = this.#protocols.get(key) ?? { packets: 0, bytes: 0 };
    sum.packets++;
    sum.bytes += bytes;
    this.#protocols.set(key, sum);
  }
}

const rowsOf = (name: string): readonly Field[] => fieldsByName(name) ?? [];
const [ETHER_TYPE, IP_PROTO] = ['eth.type', 'ip.proto'].map(rowsOf) as [readonly Field[], readonly Field[]];
const ADDRESSES = [
  [rowsOf('ip.src'), rowsOf('ip.dst')],
  [rowsOf('ipv6.src'), rowsOf('ipv6.dst')],
] as const;
const PORTS = ['tcp', 'udp', 'sctp'].map(
  (name) => [name, rowsOf(`${name}.srcport`), rowsOf(`${name}.dstport`)] as const,
);

/** The last protocol that is understood; what carries something unknown is named by that. */
function nameOf(packet: Packet): string {
  const last = packet.layers.at(-1)?.protocol;
  if (last === undefined) return 'unknown link type';
  if (last === 'eth' || last === 'vlan') {
    const type = readField(ETHER_TYPE, packet).at(-1);
    return type === undefined ? last : `0x${Number(type).toString(16).padStart(4, '0')}`;
  }
  if (last === 'ip') {
    const protocol = readField(IP_PROTO, packet).at(-1);
    return protocol === undefined ? last : `ip proto ${protocol}`;
  }
  return last;
}

/** By the outermost addresses and ports; undefined without addresses. */
function flowOf(packet: Packet): string | undefined {
  for (const [source, destination] of ADDRESSES) {
    const from = textOf(source, packet);
    const to = textOf(destination, packet);
    if (from === undefined || to === undefined) continue;
    for (const [transport, sourcePort, destinationPort] of PORTS) {
      const [a, b] = [textOf(sourcePort, packet), textOf(destinationPort, packet)];
      if (a !== undefined && b !== undefined) return `${from}:${a} > ${to}:${b} ${transport}`;
    }
    return `${from} > ${to} ${nameOf(packet)}`;
  }
  return undefined;
}

function textOf(rows: readonly Field[], packet: Packet): string | undefined {
  const value = readField(rows, packet)[0];
  return value === undefined ? undefined : formatFieldValue(rows[0]!, value);
}
