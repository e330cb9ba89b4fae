/**
 * Which packets of the window match a filter that was set for looking, found a slice at a time so that the host does
 * everything else meanwhile. Rows are the matches, numbered from 0 since the filter was set.
 */
import { type CbpfProgram, runCbpf } from '../../bpf/classic.ts';
import { compileFilter } from '../../filter/index.ts';
import type { PacketWindow } from './packet-window.ts';

const SLICE_MS = 8;
const PACKETS_BETWEEN_CLOCKS = 256;
const FIRST_ROOM = 4096;

export class DisplayFilter {
  readonly #programs: { readonly in: CbpfProgram; readonly out: CbpfProgram };
  /** Packet numbers of rows firstRow, firstRow + 1, ... */
  #matches = new Uint32Array(FIRST_ROOM);
  #length = 0;
  firstRow = 0;
  /** Packets before this were looked at. */
  filtered = 0;

  /** @throws CompileError */
  constructor(filter: string) {
    this.#programs = {
      in: compileFilter(filter, { direction: 'in' }),
      out: compileFilter(filter, { direction: 'out' }),
    };
  }

  get endRow(): number {
    return this.firstRow + this.#length;
  }

  /** Looks at more packets, for some milliseconds. True when there are more. */
  advance(window: PacketWindow): boolean {
    this.#forgetBefore(window.firstPacket);
    const endMs = performance.now() + SLICE_MS;
    this.filtered = Math.max(this.filtered, window.firstPacket);
    window.visit(this.filtered, window.packets, (cursor, packet) => {
      const program = cursor.direction === 'out' ? this.#programs.out : this.#programs.in;
      if (runCbpf(program, cursor.borrowData(), cursor.originalLength) !== 0) this.#add(packet);
      this.filtered = packet + 1;
      return packet % PACKETS_BETWEEN_CLOCKS !== 0 || performance.now() < endMs;
    });
    return this.filtered < window.packets;
  }

  /** The packets of rows [from, to); rows that are gone are left out. */
  packetsOf(from: number, to: number): readonly number[] {
    const start = Math.max(0, from - this.firstRow);
    return [...this.#matches.subarray(start, Math.max(start, Math.min(this.#length, to - this.firstRow)))];
  }

  #add(packet: number): void {
    if (this.#length === this.#matches.length) {
      const larger = new Uint32Array(2 * this.#length);
      larger.set(this.#matches);
      this.#matches = larger;
    }
    this.#matches[this.#length++] = packet;
  }

  /** Rows of packets that the window no longer holds go, when they are many: moving the others costs. */
  #forgetBefore(packet: number): void {
    if (this.#length === 0 || this.#matches[0]! >= packet) return;
    let gone = 0;
    while (gone < this.#length && this.#matches[gone]! < packet) gone++;
    this.#matches.copyWithin(0, gone, this.#length);
    this.#length -= gone;
    this.firstRow += gone;
  }
}
