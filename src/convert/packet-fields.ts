/** What a capture says of a packet, as fields: those of events of packets where both have them. */
import type { StructureValue } from '../ctf/index.ts';
import type { PacketItem } from './item.ts';

const DIRECTIONS = [undefined, 'in', 'out', undefined];

export function packetFields({ packet, number }: PacketItem): StructureValue {
  const { options, capturedLength, originalLength } = packet;
  const { epb_flags = 0, epb_queue, epb_packetid, epb_dropcount, opt_comment } = options;
  const fields: Record<string, StructureValue[string]> = { number, interface: packet.interface.index };
  const direction = DIRECTIONS[epb_flags & 3];
  if (direction !== undefined) fields.direction = direction;
  if (epb_queue !== undefined) fields.queue = epb_queue;
  fields.len = originalLength;
  fields.captured_len = capturedLength;
  if (epb_packetid !== undefined) fields.packet_id = epb_packetid;
  if (epb_dropcount !== undefined) fields.drop_count = epb_dropcount;
  if (opt_comment?.[0] !== undefined) fields.comment = opt_comment[0];
  return fields;
}
