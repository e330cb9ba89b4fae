/** Packets as a pcap file with nanoseconds: no interfaces, no options, one link type for all. */
import { UsageError } from '../base/index.ts';
import type { OutputStream } from '../output/index.ts';
import {
  type CaptureRecord,
  encodePcapFileHeader,
  type PacketRecord,
  writePcapRecordHeader,
} from '../pcapng/index.ts';
import type { RecordSink } from './record-sink.ts';

const RECORD_HEADER = 16;
const LINKTYPE_ETHERNET = 1;
const NS_PER_SECOND = 1_000_000_000n;

export class PcapSink implements RecordSink {
  readonly #stream: OutputStream;
  #linkType: number | undefined;
  #hasHeader = false;
  #record = new Uint8Array(4096);
  #view = new DataView(this.#record.buffer);

  /** Takes over `stream`. */
  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** @throws UsageError when an interface is of another link type than those before */
  putOther(record: Exclude<CaptureRecord, PacketRecord>): Promise<void> | undefined {
    if (record.type !== 'interface') return undefined;
    const { linkType } = record.interface;
    this.#linkType ??= linkType;
    if (linkType === this.#linkType) return undefined;
    throw new UsageError(
      `-P: a pcap file has one link type: got ${linkType} after ${this.#linkType}; leave out -P for pcapng`,
    );
  }

  putPacket({ timestampNs = 0n, data, originalLength }: PacketRecord): Promise<void> | undefined {
    const length = RECORD_HEADER + data.length;
    if (length > this.#record.length) {
      this.#record = new Uint8Array(length * 2);
      this.#view = new DataView(this.#record.buffer);
    }
    const seconds = Number(timestampNs / NS_PER_SECOND);
    const nanoseconds = Number(timestampNs % NS_PER_SECOND);
    writePcapRecordHeader(this.#view, 0, seconds, nanoseconds, data.length, originalLength);
    this.#record.set(data, RECORD_HEADER);
    const record = this.#record.subarray(0, length);
    return this.#hasHeader ? this.#stream.put(record) : this.#putFirst(record);
  }

  flush(): Promise<void> {
    return this.#stream.flush();
  }

  async finish(): Promise<void> {
    await this.#putHeader();
    await this.#stream.close();
  }

  async #putFirst(record: Uint8Array): Promise<void> {
    await this.#putHeader();
    await this.#stream.put(record);
  }

  #putHeader(): Promise<void> | undefined {
    if (this.#hasHeader) return undefined;
    this.#hasHeader = true;
    return this.#stream.put(encodePcapFileHeader(this.#linkType ?? LINKTYPE_ETHERNET, 0));
  }
}
