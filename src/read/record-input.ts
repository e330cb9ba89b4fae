/** A capture file as records, one after another, as its bytes come. */
import type { FormatError } from '../base/index.ts';
import type { CaptureRecord } from '../pcapng/index.ts';
import type { ByteSource } from './byte-source.ts';

export interface RecordInput {
  readonly source: ByteSource;
  /** Set when the file has ended before its time: everything before was given. */
  readonly damage: FormatError | undefined;
  /** Packets that were not given, because they do not pass. */
  readonly passedOver: number;
  /** The next record; undefined when `fill` must be called first. Its bytes are borrowed until the next call. */
  read(): CaptureRecord | undefined;
  /** The record that `read` gave last, as it is in the file. */
  borrowRecord(): Uint8Array;
  /**
   * Reads on, after `read` has given undefined; lets the process answer signals.
   * @returns false when nothing more will come
   * @throws SysError
   */
  fill(): Promise<boolean>;
  /** Nothing more is read: what is open is closed, and a `fill` that waits ends. */
  close(): void;
}
