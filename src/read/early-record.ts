/** What stands before the first packet, kept until it is known where it goes. */
import type { CaptureRecord, PacketRecord } from '../pcapng/index.ts';

export interface EarlyRecord {
  readonly record: Exclude<CaptureRecord, PacketRecord>;
  /** Of its file among those that are read. */
  readonly inputIndex: number;
  /** A copy. */
  readonly bytes: Uint8Array;
}
