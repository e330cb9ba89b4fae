/**
 * The part of a recording that is the same whatever its events are: packet header, packet context and event header, as tables.
 * Both forms of the metadata and the encoder of packet heads derive from them. The names are those to which CTF 1.8 gives a
 * meaning (sections 5.1, 5.2, 6.1); the roles say the same to CTF 2 (section 5.3.1).
 */
export interface LayoutMember {
  readonly name: string;
  /** Unsigned, of so many bytes; or a text with a zero byte at its end; or the 16 bytes of the trace's UUID. */
  readonly type: 2 | 4 | 8 | 'text' | 'uuid';
  readonly base?: 16;
  /** Its value is a time of the recording's clock. */
  readonly isTime?: true;
  readonly roles?: readonly string[];
}

/** Which clock the times are of; its values are nanoseconds since 1970. */
export const CLOCK_NAME = 'realtime';
export const CLOCK_FREQUENCY = 1_000_000_000;

export const PACKET_MAGIC = 0xc1fc1fc1;
/** The one class that all streams are of. */
export const STREAM_CLASS_ID = 0;
/** lcore_id of a thread that is none: LCORE_ID_ANY of DPDK. */
export const NO_LCORE = 0xffff_ffff;

const TIME = { type: 8, isTime: true } as const;

export const PACKET_HEADER: readonly LayoutMember[] = [
  { name: 'magic', type: 4, base: 16, roles: ['packet-magic-number'] },
  { name: 'uuid', type: 'uuid', roles: ['metadata-stream-uuid'] },
  { name: 'stream_id', type: 4, roles: ['data-stream-class-id'] },
  { name: 'stream_instance_id', type: 8, roles: ['data-stream-id'] },
];

export const PACKET_CONTEXT: readonly LayoutMember[] = [
  { name: 'timestamp_begin', ...TIME, roles: ['default-clock-timestamp'] },
  { name: 'timestamp_end', ...TIME, roles: ['packet-end-default-clock-timestamp'] },
  { name: 'content_size', type: 8, roles: ['packet-content-length'] },
  { name: 'packet_size', type: 8, roles: ['packet-total-length'] },
  { name: 'packet_seq_num', type: 8, roles: ['packet-sequence-number'] },
  { name: 'events_discarded', type: 8, roles: ['discarded-event-record-counter-snapshot'] },
  { name: 'cpu_id', type: 4 },
  { name: 'lcore_id', type: 4 },
  { name: 'tid', type: 4 },
  { name: 'thread_name', type: 'text' },
];

export const EVENT_HEADER: readonly LayoutMember[] = [
  { name: 'id', type: 2, roles: ['event-record-class-id'] },
  { name: 'timestamp', ...TIME, roles: ['default-clock-timestamp'] },
];
