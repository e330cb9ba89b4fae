/**
 * Columns by their names: what every item has, fields of packets (`ip.src`: docs/fields.md), and fields of events, which are not known
 * before they come. A name means the first of these that an item has.
 */
import type { FieldValue, StructureValue } from '../ctf/index.ts';
import {
  dissect,
  type Field,
  fieldsByName,
  formatFieldValue,
  formatPacketLine,
  type Packet,
  readField,
} from '../packet/index.ts';
import { formatSeconds } from './format-time.ts';
import type { Item, PacketItem } from './item.ts';
import { packetFields } from './packet-fields.ts';

type Reader = (item: Item) => string | number | undefined;

/** What every item has, where it is known. */
export const ITEM_COLUMNS: Readonly<Record<string, Reader>> = {
  time: ({ timeNs }) => formatSeconds(timeNs),
  input: ({ session }) => session.name,
  process: ({ place }) => place.process.name,
  pid: ({ place }) => place.process.pid,
  place: ({ place }) => place.name,
  tid: ({ place }) => place.tid,
  lcore: ({ place }) => place.lcore,
  cpu: ({ place }) => place.cpu,
  event: ({ name }) => name,
};

interface Column {
  readonly name: string;
  readonly ofItem: Reader | undefined;
  readonly ofPacket: readonly Field[] | undefined;
}

export class Columns {
  readonly names: readonly string[];
  readonly #columns: readonly Column[];
  readonly #found = new Set<string>();

  constructor(names: readonly string[]) {
    this.names = names;
    this.#columns = names.map((name) => ({
      name,
      ofItem: Object.hasOwn(ITEM_COLUMNS, name) ? ITEM_COLUMNS[name] : undefined,
      ofPacket: fieldsByName(name),
    }));
  }

  /** The values of an item, a column each; undefined where it has none. */
  read(item: Item): readonly FieldValue[] {
    let fields: StructureValue | undefined;
    let packet: Packet | undefined;
    return this.#columns.map(({ name, ofItem, ofPacket }) => {
      let value: FieldValue = ofItem?.(item);
      if (value === undefined && ofPacket !== undefined && item.kind === 'packet') {
        packet ??= dissectItem(item);
        value = readText(ofPacket, packet);
      }
      if (value === undefined) {
        fields ??= itemFields(item);
        value = Object.hasOwn(fields, name) ? fields[name] : undefined;
      }
      if (value !== undefined) this.#found.add(name);
      return value;
    });
  }

  /** Columns that no item had. */
  get notes(): readonly string[] {
    return this.names.filter((name) => !this.#found.has(name)).map((name) => `-e ${name}: nothing has it`);
  }
}

/** All fields: of an event its payload, of a packet what the capture says of it, and the packet in a line. */
export function itemFields(item: Item): StructureValue {
  if (item.kind === 'event') return item.fields();
  const { data, originalLength, linkType } = item.packet;
  return { ...packetFields(item), summary: formatPacketLine(data, originalLength, linkType) };
}

function dissectItem({ packet, timeNs, number }: PacketItem): Packet {
  const { data, originalLength, linkType, options } = packet;
  return dissect(data, originalLength, linkType, {
    number,
    timestampNs: timeNs,
    interfaceId: packet.interface.index,
    interfaceName: packet.interface.name,
    comment: options.opt_comment?.[0],
  });
}

/** As `hone read -T fields` prints it; an array where several layers have it. */
function readText(rows: readonly Field[], packet: Packet): FieldValue {
  const values = readField(rows, packet).map((value) => formatFieldValue(rows[0]!, value));
  return values.length > 1 ? values : values[0];
}
