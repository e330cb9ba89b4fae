/** Where the session's packets go: files, standard output, or text. The session asks before it gives. */
import type { FileInterface } from './interface-table.ts';

export interface PacketWriter {
  /** A stop condition has come true: nothing more is taken. */
  readonly full: boolean;
  /**
   * True when as many packets and bytes of blocks can be put at once, without a condition coming true before
   * their end.
   */
  admits(packets: number, bytes: number): boolean;
  /**
   * Takes whole Enhanced Packet Blocks of one source, after `admits`. The caller may reuse their memory when this has
   * returned undefined or resolved.
   */
  put(source: number, blocks: Uint8Array, packets: number): Promise<void> | undefined;
  /**
   * Takes the blocks of one burst one by one, until the writer is full.
   * @param count told how many packets, before they are put
   */
  split(source: number, blocks: Uint8Array, count: (packets: number) => void): Promise<void>;
  /** A further interface, before the first of its packets. */
  announce(added: FileInterface): Promise<void> | undefined;
  /** Conditions of time. */
  tick(): Promise<void> | undefined;
  /** Everything taken so far becomes visible to readers. */
  flush(): Promise<void>;
  /** Completes what is open. Nothing else may be called afterwards. */
  finish(): Promise<void>;
}
