/**
 * Records of several files, or of a pcap file, as one pcapng section: every interface of every file becomes an interface
 * of it. Blocks stay what they are, but for the number of their interface and, when need be, the byte order.
 */
import type { CaptureWalker } from '../bpf/classic.ts';
import type { OutputStream } from '../output/index.ts';
import {
  type CaptureInterface,
  type CaptureRecord,
  decodeBlock,
  encodeBlock,
  encodeInterfaceDescription,
  encodeSectionHeader,
  type PacketRecord,
  renumberInterface,
} from '../pcapng/index.ts';
import type { RecordOrigin, RecordSink } from './record-sink.ts';

const MICROSECONDS = 6;
/** What the obsolete Packet Block can name. */
const MOST_PACKET_BLOCK_INTERFACES = 0x1_0000;

export class PcapngSink implements RecordSink {
  readonly #stream: OutputStream;
  readonly #ids = new Map<CaptureInterface, number>();
  /** Whether the section that an input is in is little-endian; nothing for a pcap file. */
  readonly #littleEndian = new Map<number, boolean>();
  #header: Uint8Array | undefined;

  /**
   * Takes over `stream`.
   * @param application what the section says that it was written by
   * @param comment what the section says about itself
   */
  constructor(stream: OutputStream, application: string, comment: string | undefined) {
    this.#stream = stream;
    this.#header = encodeSectionHeader({
      shb_userappl: application,
      opt_comment: comment === undefined ? undefined : [comment],
    });
  }

  putPacket(packet: PacketRecord, _number: number, origin: RecordOrigin): Promise<void> | undefined {
    const { interface: from, timestampNs, data, originalLength } = packet;
    const interfaceId = this.#ids.get(from)!;
    const littleEndian = this.#littleEndian.get(origin.inputIndex);
    // A Simple Packet Block, which has no time, is of interface 0.
    const isCopied =
      timestampNs === undefined ? interfaceId === 0 : interfaceId < MOST_PACKET_BLOCK_INTERFACES;
    if (littleEndian !== undefined && isCopied) return this.#copy(origin, littleEndian, interfaceId);
    const unitsNs = littleEndian === undefined && from.tsresol === MICROSECONDS ? 1000n : 1n;
    const timestamp = (timestampNs ?? 0n) / unitsNs;
    // Without options, as a walk makes them.
    const options = { list: [], ended: false };
    return this.#put(encodeBlock({ type: 'EPB', interfaceId, timestamp, originalLength, data, options }));
  }

  putOther(record: Exclude<CaptureRecord, PacketRecord>, origin: RecordOrigin): Promise<void> | undefined {
    const littleEndian = this.#littleEndian.get(origin.inputIndex);
    switch (record.type) {
      case 'section':
        this.#littleEndian.set(origin.inputIndex, record.littleEndian);
        return undefined;
      case 'interface': {
        const { linkType, snaplen, tsresol } = record.interface;
        this.#ids.set(record.interface, this.#ids.size);
        if (littleEndian !== undefined) return this.#copy(origin, littleEndian, undefined);
        return this.#put(encodeInterfaceDescription({ linkType, snaplen, options: { if_tsresol: tsresol } }));
      }
      case 'statistics':
        return this.#copy(origin, littleEndian!, this.#ids.get(record.interface));
      case 'custom':
        return record.isCopyable ? this.#copy(origin, littleEndian!, undefined) : undefined;
      default:
        return this.#copy(origin, littleEndian!, undefined);
    }
  }

  /** Blocks that were made of a pcap file's packets. */
  putMatches(walker: CaptureWalker): Promise<void> | undefined {
    return this.#put(walker.takeRecords());
  }

  flush(): Promise<void> {
    return this.#stream.flush();
  }

  async finish(): Promise<void> {
    await this.#putHeader();
    await this.#stream.close();
  }

  #copy(
    origin: RecordOrigin,
    littleEndian: boolean,
    interfaceId: number | undefined,
  ): Promise<void> | undefined {
    const bytes = origin.borrowRecord();
    const block = littleEndian ? bytes.slice() : encodeBlock(decodeBlock(bytes, littleEndian));
    if (interfaceId !== undefined) renumberInterface(block, true, interfaceId);
    return this.#put(block);
  }

  #put(block: Uint8Array): Promise<void> | undefined {
    const waiting = this.#putHeader();
    return waiting === undefined ? this.#stream.put(block) : waiting.then(() => this.#stream.put(block));
  }

  #putHeader(): Promise<void> | undefined {
    const header = this.#header;
    this.#header = undefined;
    return header && this.#stream.put(header);
  }
}
