/** Event records that a peer may have written: checked against the plan before anything is made of them. */
import { PeerError } from '../base/index.ts';
import { type EventPlan, valueBytes } from '../script/index.ts';

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

function fieldsOf(
  plan: EventPlan,
): readonly { readonly type: Parameters<typeof valueBytes>[0]; readonly offset: number }[] {
  if ('fields' in plan) return plan.fields;
  return 'field' in plan ? [plan.field] : [];
}
