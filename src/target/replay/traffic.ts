/**
 * What a replay plays: packets with the port, queue and direction they passed, and their time from the start. From
 * a capture file, read as it is played, or made up. A file's Ethernet interfaces are the ports, those of
 * one name (in several sections) the same port; other link types are passed over, because a DPDK port has none.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { FormatError, SysError, UsageError } from '../../base/index.ts';
import { type SamplePacket, sampleTraffic } from '../../packet/index.ts';
import {
  type CaptureInterface,
  type CaptureReader,
  createCaptureReader,
  type PacketRecord,
} from '../../pcapng/index.ts';
import type { Direction } from '../target.ts';
import type { PacketHash } from './block-writer.ts';

const LINKTYPE_ETHERNET = 1;
const CHUNK_BYTES = 1 << 20;
const SAMPLE_PACKETS = 20_000;
/** struct hone_port has room for 63 bytes of name. */
const MAX_NAME = 63;

export interface ReplayPort {
  readonly portId: number;
  readonly name: string;
  readonly mac: Uint8Array;
  readonly speedMbps: number | undefined;
}

export interface ReplayPacket {
  readonly portId: number;
  readonly queueId: number;
  readonly direction: Direction;
  /** What was captured of it; the receiver's to keep. */
  readonly data: Uint8Array;
  readonly originalLength: number;
  readonly hash: PacketHash | undefined;
  /** Since the first packet; never less than of the packet before. */
  readonly offsetNs: number;
}

export interface Traffic {
  /** The last part of its name, without the extension: stands in for the EAL's file prefix. */
  readonly name: string;
  readonly path: string;
  /** Those known so far: a file may describe further interfaces at any place. */
  readonly ports: readonly ReplayPort[];
  /**
   * The next packet; undefined at the end.
   * @throws FormatError where the file is damaged
   */
  read(): ReplayPacket | undefined;
  /** The next read() gives the first packet again. */
  rewind(): void;
  close(): void;
}

/**
 * Opens a pcap or pcapng file. It is read up to its first packet.
 * @throws SysError when it cannot be read, FormatError when it is no capture file, UsageError without a packet
 */
export function openFileTraffic(path: string): Traffic {
  const traffic = new FileTraffic(path);
  try {
    if (traffic.read() === undefined) throw new UsageError(`${path}: no Ethernet packets in it`);
    traffic.rewind();
    return traffic;
  } catch (error) {
    traffic.close();
    throw error;
  }
}

/** Generated traffic of a small site on one port, always the same; made as it is played, and kept for the next round. */
export function openSampleTraffic(): Traffic {
  const source = sampleTraffic({ packets: SAMPLE_PACKETS });
  const made: ReplayPacket[] = [];
  let firstNs: bigint | undefined;
  let next = 0;

  function make(): ReplayPacket | undefined {
    const { value } = source.next();
    if (value === undefined) return undefined;
    firstNs ??= value.timestampNs;
    const packet = fromSample(value, firstNs);
    made.push(packet);
    return packet;
  }

  return {
    name: 'sample',
    path: 'generated sample traffic',
    ports: [{ portId: 0, name: 'sample0', mac: Uint8Array.of(2, 0, 0, 0, 0, 1), speedMbps: 10_000 }],
    read() {
      const packet = made[next] ?? make();
      if (packet !== undefined) next++;
      return packet;
    },
    rewind() {
      next = 0;
    },
    close() {},
  };
}

function fromSample({ frame, timestampNs }: SamplePacket, firstNs: bigint): ReplayPacket {
  return {
    portId: 0,
    queueId: 0,
    direction: 'in',
    data: frame,
    originalLength: frame.length,
    hash: undefined,
    offsetNs: Number(timestampNs - firstNs),
  };
}

class FileTraffic implements Traffic {
  readonly name: string;
  readonly path: string;
  readonly ports: ReplayPort[] = [];
  readonly #fd: number;
  readonly #chunk: Uint8Array = new Uint8Array(CHUNK_BYTES);
  #reader: CaptureReader = createCaptureReader();
  #position = 0;
  #first: bigint | undefined;
  #offsetNs = 0;

  constructor(path: string) {
    this.path = path;
    this.name = basename(path, extname(path)).slice(0, MAX_NAME);
    this.#fd = tryIo(path, 'open', () => openSync(path, 'r'));
  }

  read(): ReplayPacket | undefined {
    try {
      return this.#readPacket();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new FormatError(`${this.path}: ${error.message}`, error.offsetBytes, { cause: error });
    }
  }

  rewind(): void {
    this.#reader = createCaptureReader();
    this.#position = 0;
    this.#offsetNs = 0;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #readPacket(): ReplayPacket | undefined {
    for (;;) {
      const record = this.#reader.read();
      if (record === undefined) {
        if (!this.#readChunk()) return undefined;
      } else if (record.type === 'packet' && record.linkType === LINKTYPE_ETHERNET) {
        return this.#packet(record);
      }
    }
  }

  #readChunk(): boolean {
    const bytes = tryIo(this.path, 'read', () =>
      readSync(this.#fd, this.#chunk, 0, CHUNK_BYTES, this.#position),
    );
    this.#position += bytes;
    if (bytes === 0) this.#reader.end();
    else this.#reader.push(this.#chunk.subarray(0, bytes));
    return bytes > 0;
  }

  #packet(record: PacketRecord): ReplayPacket {
    const { epb_flags, epb_queue, epb_hash } = record.options;
    const hash = epb_hash?.find(({ bytes }) => bytes.length === 4);
    return {
      portId: this.#portOf(record.interface).portId,
      queueId: (epb_queue ?? 0) & 0xffff,
      direction: ((epb_flags ?? 0) & 3) === 2 ? 'out' : 'in',
      data: record.data.slice(),
      originalLength: Math.max(record.originalLength, record.data.length),
      hash: hash && {
        algorithm: hash.tag,
        value: new DataView(hash.bytes.buffer, hash.bytes.byteOffset).getUint32(0, true),
      },
      offsetNs: this.#offsetOf(record.timestampNs),
    };
  }

  /** Time does not go back: a packet that the file has out of order comes at once. */
  #offsetOf(timestampNs: bigint | undefined): number {
    if (timestampNs === undefined) return this.#offsetNs;
    this.#first ??= timestampNs;
    this.#offsetNs = Math.max(this.#offsetNs, Number(timestampNs - this.#first));
    return this.#offsetNs;
  }

  #portOf({ index, name, options }: CaptureInterface): ReplayPort {
    const wanted = (name ?? (index === 0 ? this.name : `${this.name}-${index}`)).slice(0, MAX_NAME);
    const known = this.ports.find((port) => port.name === wanted);
    if (known !== undefined) return known;
    const port: ReplayPort = {
      portId: this.ports.length,
      name: wanted,
      mac: options.if_MACaddr ?? new Uint8Array(6),
      speedMbps:
        options.if_speed === undefined
          ? undefined
          : Math.min(Number(options.if_speed / 1_000_000n), 0xfffffffe),
    };
    this.ports.push(port);
    return port;
  }
}

function tryIo<T>(path: string, syscall: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { errno = 0, message } = error as NodeJS.ErrnoException;
    throw new SysError(syscall, -errno, `${path}: ${message}`);
  }
}
