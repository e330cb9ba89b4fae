/** A stream of a trace made of a list: what its reader would give. */
import {
  type EventCursor,
  type EventDescription,
  Halves,
  type PacketDescription,
  type StructureValue,
} from '../../src/ctf/index.ts';

export interface MadeEvent {
  readonly timeNs: bigint;
  readonly name: string;
  readonly fields?: StructureValue;
  readonly context?: StructureValue;
}

export interface MadePacket {
  readonly events: readonly MadeEvent[];
  readonly context?: StructureValue;
  readonly eventsDiscarded?: bigint;
  readonly sequenceNumber?: number;
}

export class MadeCursor implements EventCursor {
  readonly name: string;
  readonly time: Halves = new Halves();
  damage: string | undefined;
  readonly #events: { readonly event: MadeEvent; readonly packet: PacketDescription }[];
  readonly #descriptions = new Map<string, EventDescription>();
  readonly #last: PacketDescription;
  readonly #damage: string | undefined;
  #at = -1;

  constructor(name: string, packets: readonly MadePacket[], damage?: string) {
    this.name = name;
    this.#damage = damage;
    const described = packets.map((packet, index) => ({ packet, description: describe(packet, index) }));
    this.#last = described.at(-1)?.description ?? describe({ events: [] }, 0);
    this.#events = described.flatMap(({ packet, description }) =>
      packet.events.map((event) => ({ event, packet: description })),
    );
  }

  next(): boolean {
    if (this.#at < this.#events.length) this.#at++;
    if (this.#at < this.#events.length) {
      this.time.assign(this.timeNs);
      return true;
    }
    this.damage = this.#damage;
    return false;
  }

  get #here() {
    return this.#events[this.#at]!;
  }

  get event(): EventDescription {
    const { name, fields = {}, context = {} } = this.#here.event;
    let description = this.#descriptions.get(name);
    if (description === undefined) {
      description = {
        id: this.#descriptions.size,
        name,
        logLevel: 13,
        fieldNames: Object.keys(fields),
        contextNames: Object.keys(context),
      };
      this.#descriptions.set(name, description);
    }
    return description;
  }

  get timeNs(): bigint {
    return this.#here.event.timeNs;
  }

  get packet(): PacketDescription {
    return this.#events[this.#at]?.packet ?? this.#last;
  }

  field(name: string): StructureValue[string] {
    return this.#here.event.fields?.[name];
  }

  fieldAt(index: number): StructureValue[string] {
    const name = this.event.fieldNames[index];
    return name === undefined ? undefined : this.field(name);
  }

  payload(): StructureValue {
    return { ...this.#here.event.fields };
  }

  context(): StructureValue {
    return { ...this.#here.event.context };
  }
}

function describe(packet: MadePacket, index: number): PacketDescription {
  return {
    offsetBytes: index * 4096,
    beginNs: packet.events[0]?.timeNs,
    endNs: packet.events.at(-1)?.timeNs,
    sequenceNumber: packet.sequenceNumber ?? index,
    eventsDiscarded: packet.eventsDiscarded ?? 0n,
    context: packet.context ?? { cpu_id: 1, lcore_id: 1, tid: 100, thread_name: 'worker' },
  };
}
