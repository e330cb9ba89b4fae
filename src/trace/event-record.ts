/** Event records that a peer may have written: checked against the plan before anything is made of them. */
import { PeerError } from '../base/index.ts';
import { type EventField, type EventPlan, valueBytes } from '../script/index.ts';

const HEAD_BYTES = 8;

/** The plan of a record. @throws PeerError PEER_PROTOCOL for one that is none of the script's */
export function eventOf(events: readonly EventPlan[], record: Uint8Array): EventPlan {
  const number =
    record.length < HEAD_BYTES ? -1 : new DataView(record.buffer, record.byteOffset).getUint32(0, true);
  const plan = events[number];
  if (plan === undefined) throw new PeerError('PEER_PROTOCOL', `an event has the number ${number}`);
  const end = fieldsOf(plan).reduce(
    (most, { type, offset }) => Math.max(most, offset + valueBytes(type)),
    HEAD_BYTES,
  );
  if (record.length >= end) return plan;
  throw new PeerError('PEER_PROTOCOL', `a ${plan.kind} event has ${record.length} bytes, expected ${end}`);
}

/** Whether the maps have to be as they are now before the event is run. */
export function needsMaps(plan: EventPlan): boolean {
  return OF_MAPS.has(plan.kind) || fieldsOf(plan).some(({ lengthOf }) => lengthOf !== undefined);
}

const OF_MAPS: ReadonlySet<EventPlan['kind']> = new Set(['print', 'print-entry', 'clear', 'zero']);

/** The values that a record of the plan holds. */
export function fieldsOf(plan: EventPlan): readonly EventField[] {
  if ('fields' in plan) return plan.fields;
  return 'field' in plan ? [plan.field] : [];
}
