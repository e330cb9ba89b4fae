/** Where the records of a reading go: a file, lines of text, counts. */
import type { CaptureWalker } from '../bpf/classic.ts';
import type { CaptureRecord, PacketRecord } from '../pcapng/index.ts';

/** A record on its way. */
export interface RecordOrigin {
  /** Of the file among those that are read. */
  readonly inputIndex: number;
  /** The record as it is in its file; borrowed until the sink has taken it. */
  borrowRecord(): Uint8Array;
}

export interface RecordSink {
  /** Takes a packet that passed. Undefined when there is nothing to wait for. */
  putPacket(packet: PacketRecord, number: number, origin: RecordOrigin): Promise<void> | undefined;
  /** Takes everything else: sections and interfaces before their packets. */
  putOther?(record: Exclude<CaptureRecord, PacketRecord>, origin: RecordOrigin): Promise<void> | undefined;
  /** Takes what a walk has collected, of sinks that can: see `BulkSession`. */
  putMatches?(walker: CaptureWalker): Promise<void> | undefined;
  /** What was taken becomes visible, because the input makes us wait. */
  flush(): Promise<void>;
  /** Completes everything. Nothing is called afterwards. */
  finish(): Promise<void>;
}
