/**
 * A line a packet, in tcpdump's words: time, interface and direction where the file tells them, the packet; and its bytes
 * below when asked for.
 */
import type { OutputStream } from '../output/index.ts';
import {
  formatHexDump,
  formatLinkHeader,
  formatPacketLine,
  linkHeaderLength,
  TimeColumn,
  type TimeStyle,
} from '../packet/index.ts';
import type { PacketRecord } from '../pcapng/index.ts';
import type { RecordSink } from './record-sink.ts';
import { TextStream } from './text-stream.ts';

export interface LinesOptions {
  /** 'none' leaves the column out. */
  readonly time: TimeStyle | 'none';
  /** The link-layer header in the line (tcpdump -e). */
  readonly linkHeader: boolean;
  readonly hexDump: HexDump | undefined;
}

interface HexDump {
  /** From the link-layer header on (-xx, -XX), not from what it carries. */
  readonly withLinkHeader: boolean;
  readonly characters: boolean;
}

const NS_PER_SECOND = 1_000_000_000n;
/** By the lowest two bits of epb_flags. */
const DIRECTIONS = ['', 'In  ', 'Out ', ''];

export class LinesSink implements RecordSink {
  readonly #text: TextStream;
  readonly #options: LinesOptions;
  readonly #time: TimeColumn | undefined;

  /** Takes over `stream`. */
  constructor(stream: OutputStream, options: LinesOptions) {
    this.#text = new TextStream(stream);
    this.#options = options;
    this.#time = options.time === 'none' ? undefined : new TimeColumn(options.time);
  }

  putPacket(packet: PacketRecord): Promise<void> | undefined {
    return this.#text.put(this.#format(packet));
  }

  flush(): Promise<void> {
    return this.#text.flush();
  }

  finish(): Promise<void> {
    return this.#text.close();
  }

  #format(packet: PacketRecord): string {
    const { data, originalLength, linkType, options } = packet;
    const { linkHeader, hexDump } = this.#options;
    const name = packet.interface.name === undefined ? '' : `${packet.interface.name} `;
    const way = DIRECTIONS[(options.epb_flags ?? 0) & 3]!;
    const header = linkHeader ? formatLinkHeader(data, originalLength, linkType) : '';
    const line = this.#formatPacket(packet, header !== '');
    const comment = options.opt_comment?.[0];
    const note = comment === undefined ? '' : ` [${comment}]`;
    const text = `${this.#formatTime(packet)}${name}${way}${header}${line}${note}\n`;
    if (hexDump === undefined) return text;
    const from = hexDump.withLinkHeader ? 0 : linkHeaderLength(data, linkType);
    return text + formatHexDump(data.subarray(from), hexDump.characters);
  }

  /** What the link-layer header says is not said again. */
  #formatPacket({ data, originalLength, linkType }: PacketRecord, afterHeader: boolean): string {
    const line = formatPacketLine(data, originalLength, linkType);
    return afterHeader ? line.replace(/^(?:IP6?|ARP,) /, '') : line;
  }

  #formatTime({ timestampNs }: PacketRecord): string {
    if (this.#time === undefined) return '';
    if (timestampNs === undefined) return '(no time) ';
    return `${this.#time.format(Number(timestampNs / NS_PER_SECOND), Number(timestampNs % NS_PER_SECOND))} `;
  }
}
