/** What the tests ask to be recorded, and how they read it out of record rings: as ctf/recording-shape.ts has it. */
import type { RecordedEvent, TraceFeed } from '../../src/target/index.ts';
import { attachment } from './traces.ts';

export interface TakenRecord {
  readonly ring: number;
  readonly id: number;
  readonly ns: bigint;
  /** In the order of the event's fields. */
  readonly values: readonly (bigint | string)[];
}

/** An attachment that records, without a program unless there is one. */
export function recording(
  point: string,
  record: RecordedEvent,
  more: Parameters<typeof attachment>[1] = {},
): ReturnType<typeof attachment> {
  return attachment(point, { program: undefined, argumentsUsed: 0, record, ...more });
}

/** Takes everything that is pending now, and gives the room back. */
export function takeRecords(feed: TraceFeed, events: readonly RecordedEvent[]): TakenRecord[] {
  return feed.recordRings.flatMap((ring) => {
    ring.refresh();
    const bytes = Buffer.from(ring.borrow(ring.pendingBytes));
    const records = decodeRecords(bytes, events).map((record) => ({ ring: ring.ringId, ...record }));
    if (records.length > 0) {
      const [first, last] = [records[0]!.ns, records.at(-1)!.ns];
      if (ring.firstNs !== first || ring.lastNs !== last) {
        throw new Error(`got ${ring.firstNs} to ${ring.lastNs} for records from ${first} to ${last}`);
      }
    }
    ring.release(bytes.length);
    return records;
  });
}

function decodeRecords(bytes: Buffer, events: readonly RecordedEvent[]): Omit<TakenRecord, 'ring'>[] {
  const records: Omit<TakenRecord, 'ring'>[] = [];
  for (let at = 0; at < bytes.length; ) {
    const id = bytes.readUInt16LE(at);
    const event = events.find((each) => each.id === id);
    if (event === undefined) throw new Error(`got an event ${id} at ${at}`);
    const ns = bytes.readBigUInt64LE(at + 2);
    at += 10;
    const values = event.fields.map((field): bigint | string => {
      if (field.bytes === 'text') {
        const end = bytes.indexOf(0, at);
        const text = bytes.toString('utf8', at, end);
        at = end + 1;
        return text;
      }
      at += field.bytes;
      return field.bytes === 8
        ? bytes.readBigUInt64LE(at - 8)
        : BigInt(bytes.readUIntLE(at - field.bytes, field.bytes));
    });
    records.push({ id, ns, values });
  }
  return records;
}
