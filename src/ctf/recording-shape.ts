/**
 * What recordings of hone look like as CTF traces, whichever version their metadata is written in: one stream class, one
 * stream a writer, little-endian, every field aligned to a byte.
 *
 * ```
 * packet header    u32 magic 0xC1FC1FC1, u8[16] uuid, u32 stream_id = 0, u64 stream_instance_id
 * packet context   u64 timestamp_begin, timestamp_end, content_size, packet_size (bits), packet_seq_num, events_discarded
 *                  (since the stream's start), u32 cpu_id, lcore_id (0xffffffff: none), tid, string thread_name
 * event header     u16 id, u64 timestamp (ns since 1970, the clock's offset is 0)
 * event payload    integers of 1, 2, 4 or 8 bytes; floats of 4 or 8 bytes (IEEE 754); strings with a zero byte at their end
 * ```
 *
 * The agent writes no floats, and strings of at most 64 bytes with their zero; a conversion writes both as they come.
 */
export interface RecordedFieldShape {
  readonly name: string;
  readonly type:
    | {
        readonly kind: 'integer';
        readonly bytes: 1 | 2 | 4 | 8;
        readonly isSigned: boolean;
        readonly base: 10 | 16;
        /** Names of values, in the order of the values. */
        readonly labels?: readonly { readonly label: string; readonly value: number }[] | undefined;
      }
    | { readonly kind: 'float'; readonly bytes: 4 | 8 }
    | { readonly kind: 'text' };
}

export interface RecordedEventShape {
  /** 0 to 65535, unique in the recording. */
  readonly id: number;
  readonly name: string;
  /** LTTng's numbers, 0 (TRACE_EMERG) to 14 (TRACE_DEBUG); 13 is TRACE_DEBUG_LINE. */
  readonly logLevel: number;
  readonly fields: readonly RecordedFieldShape[];
}

export interface RecordingShape {
  /** 16 bytes. */
  readonly uuid: Uint8Array;
  readonly events: readonly RecordedEventShape[];
  readonly environment: Readonly<Record<string, string | number>>;
}

export interface PacketHead {
  readonly streamInstance: number;
  readonly beginNs: bigint;
  readonly endNs: bigint;
  /** Of the events alone. */
  readonly eventBytes: number;
  readonly sequenceNumber: number;
  readonly eventsDiscarded: bigint;
  readonly cpu: number;
  /** undefined for a thread that is no lcore. */
  readonly lcore: number | undefined;
  readonly tid: number;
  readonly threadName: string;
}
