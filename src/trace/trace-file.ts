/**
 * The packets of a recorded file as a trace sees them: Ethernet frames one after another, with a time that does not go
 * back. Interfaces are ports by their number, direction and queue are what the file says, `in` and 0 where it does not.
 */
import { type FormatError, UsageError } from '../base/index.ts';
import type { PacketRecord } from '../pcapng/index.ts';
import { type ByteSource, CaptureInput, openSource } from '../read/index.ts';

const LINKTYPE_ETHERNET = 1;
const DIRECTION_OUT = 2;

export class TraceFile {
  /** Packets of other links, which no DPDK port has. */
  passedOver = 0;
  readonly #input: CaptureInput;
  #next: PacketRecord | undefined;
  #nowNs: bigint | undefined;

  private constructor(input: CaptureInput) {
    this.#input = input;
  }

  /** @throws SysError, FormatError when it is no capture file, UsageError without a packet */
  static async open(path: string): Promise<TraceFile> {
    return TraceFile.from(await openSource(path));
  }

  /** Takes over `source`. @throws as `open` does */
  static async from(source: ByteSource): Promise<TraceFile> {
    const file = new TraceFile(new CaptureInput(source));
    try {
      await file.readOn();
      if (file.#next !== undefined) return file;
      throw file.damage ?? new UsageError(`${source.name}: no Ethernet packets in it`);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The time of the packet at hand, of the first one at the start, ns since 1970. */
  get nowNs(): bigint {
    return this.#nowNs ?? 0n;
  }

  /** What ended the file before its time; all before was given. */
  get damage(): FormatError | undefined {
    return this.#input.damage;
  }

  /** The packet at hand, borrowed until readOn or tryReadOn; undefined at the end. */
  get packet(): PacketRecord | undefined {
    return this.#next;
  }

  /** The next packet that is in memory; false when readOn must be called. */
  tryReadOn(): boolean {
    for (;;) {
      const record = this.#input.read();
      if (record === undefined) return false;
      if (record.type !== 'packet') continue;
      if (record.linkType !== LINKTYPE_ETHERNET) {
        this.passedOver++;
        continue;
      }
      this.#next = record;
      const timeNs = record.timestampNs ?? this.nowNs;
      if (this.#nowNs === undefined || timeNs > this.#nowNs) this.#nowNs = timeNs;
      return true;
    }
  }

  /** The next packet, or the end. */
  async readOn(): Promise<void> {
    this.#next = undefined;
    while (!this.tryReadOn()) if (!(await this.#input.fill()) && !this.tryReadOn()) return;
  }

  close(): void {
    this.#input.close();
  }
}

export function isOutgoing({ options }: PacketRecord): boolean {
  return ((options.epb_flags ?? 0) & 3) === DIRECTION_OUT;
}
