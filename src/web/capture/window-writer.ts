/** Where a capture for a page goes: into the window, with no condition that ends it. */
import type { PacketWriter } from '../../capture/index.ts';
import { createPcapngFormat, type InterfaceTable } from '../../capture/index.ts';
import type { PacketWindow } from './packet-window.ts';

/** So that a segment is not much longer than it is meant to be. */
const MOST_RUN_BYTES = 1 << 20;

export class WindowWriter implements PacketWriter {
  readonly full = false;
  readonly #window: PacketWindow;
  readonly #interfaces: InterfaceTable;
  readonly #format = createPcapngFormat();

  constructor(window: PacketWindow, interfaces: InterfaceTable) {
    this.#window = window;
    this.#interfaces = interfaces;
  }

  admits(_packets: number, bytes: number): boolean {
    return bytes <= MOST_RUN_BYTES;
  }

  put(source: number, blocks: Uint8Array): undefined {
    this.#window.put(this.#format.encode(blocks, this.#interfaces.fileIds(source)));
  }

  async split(source: number, blocks: Uint8Array, count: (packets: number) => void): Promise<void> {
    const before = this.#window.packets;
    this.put(source, blocks);
    count(this.#window.packets - before);
  }

  announce(): undefined {}

  tick(): undefined {}

  async flush(): Promise<void> {}

  async finish(): Promise<void> {}
}
