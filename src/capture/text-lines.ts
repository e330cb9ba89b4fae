/**
 * Packets as text: a line each with time, interface, direction and the packet in tcpdump's words, and the bytes below
 * it when asked for. One write a slice, not one a line.
 */
import { type OpenOutput, OutputStream, openOutput } from '../output/index.ts';
import { formatHexDump, formatPacketLine, TimeColumn, type TimeStyle } from '../packet/index.ts';
import { EpbCursor } from '../pcapng/index.ts';
import type { InterfaceTable } from './interface-table.ts';
import type { PacketWriter } from './packet-writer.ts';

export interface TextLinesOptions {
  readonly interfaces: InterfaceTable;
  readonly time: TimeStyle;
  /** The bytes below each line, too. */
  readonly hexDump: boolean;
  /** Packets after which nothing is taken. */
  readonly packets: number | undefined;
  /** See OutputStreamOptions. */
  readonly givesUp: () => boolean;
}

/** Blocks that are formatted at once: longer text only makes work for the garbage collector. */
const SLICE_BYTES = 64 << 10;

const DIRECTIONS = { in: 'In ', out: 'Out' };

export class TextLines implements PacketWriter {
  readonly #options: TextLinesOptions;
  readonly #stream: OutputStream;
  readonly #cursor = new EpbCursor();
  readonly #encoder = new TextEncoder();
  readonly #time: TimeColumn;
  #room: number;

  private constructor(options: TextLinesOptions, { fd, isShared }: OpenOutput) {
    this.#options = options;
    this.#stream = new OutputStream({ name: 'standard output', fd, isShared, givesUp: options.givesUp });
    this.#time = new TimeColumn(options.time);
    this.#room = options.packets ?? Number.POSITIVE_INFINITY;
  }

  static async open(options: TextLinesOptions): Promise<TextLines> {
    return new TextLines(options, await openOutput('-', options.givesUp));
  }

  get full(): boolean {
    return this.#room <= 0;
  }

  admits(packets: number, bytes: number): boolean {
    return packets <= this.#room && bytes <= SLICE_BYTES;
  }

  put(source: number, blocks: Uint8Array): Promise<void> | undefined {
    return this.#stream.put(this.#format(source, blocks).text);
  }

  async split(source: number, blocks: Uint8Array, count: (packets: number) => void): Promise<void> {
    const { text, packets } = this.#format(source, blocks);
    count(packets);
    await this.#stream.put(text);
  }

  announce(): undefined {}

  tick(): undefined {}

  flush(): Promise<void> {
    return this.#stream.flush();
  }

  finish(): Promise<void> {
    return this.#stream.close();
  }

  #format(source: number, blocks: Uint8Array): { text: Uint8Array; packets: number } {
    const cursor = this.#cursor;
    let text = '';
    let packets = 0;
    cursor.reset(blocks);
    while (this.#room > 0 && cursor.next()) {
      text += this.#formatPacket(source);
      packets++;
      this.#room--;
    }
    return { text: this.#encoder.encode(text), packets };
  }

  #formatPacket(source: number): string {
    const { seconds, nanoseconds, interfaceId, direction, comment, originalLength } = this.#cursor;
    const frame = this.#cursor.borrowData();
    const { name } = this.#options.interfaces.get(source, interfaceId).captured;
    const way = direction === undefined ? '' : `${DIRECTIONS[direction]} `;
    const note = comment === undefined ? '' : ` [${comment}]`;
    const head = `${this.#time.format(seconds, nanoseconds)} ${name} ${way}`;
    const line = `${head}${formatPacketLine(frame, originalLength)}${note}\n`;
    return this.#options.hexDump ? line + formatHexDump(frame) : line;
  }
}
