/** A packet of a file taken apart, with what the file says about it. */
import { dissect, type Packet } from '../packet/index.ts';
import type { PacketRecord } from '../pcapng/index.ts';

/** The packet borrows the record's bytes. */
export function dissectRecord(record: PacketRecord, number: number): Packet {
  const { data, originalLength, linkType, timestampNs, options } = record;
  return dissect(data, originalLength, linkType, {
    number,
    timestampNs,
    interfaceId: record.interface.index,
    interfaceName: record.interface.name,
    comment: options.opt_comment?.[0],
  });
}
