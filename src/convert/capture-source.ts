/** A capture file as a source of items. What is no packet is offered to whoever copies captures. */
import { Halves } from '../ctf/index.ts';
import type { CaptureInterface, CaptureRecord, PacketRecord } from '../pcapng/index.ts';
import type { CaptureInput } from '../read/index.ts';
import type { PacketItem } from './item.ts';
import type { ItemSource, Step } from './item-source.ts';
import type { Place, Places, Process } from './place.ts';
import type { Session } from './session.ts';

type OtherRecord = Exclude<CaptureRecord, PacketRecord>;

type Writable = { -readonly [Name in keyof PacketItem]: PacketItem[Name] };

export interface CaptureSourceOptions {
  /** Taken over. */
  readonly input: CaptureInput;
  readonly session: Session;
  readonly process: Process;
  readonly places: Places;
  readonly offsetNs: bigint;
}

export class CaptureSource implements ItemSource {
  readonly input: CaptureInput;
  /** Told of sections, interfaces and what else is no packet, before the packets behind it. */
  onOther: ((record: OtherRecord, source: CaptureSource) => void) | undefined;
  readonly #options: CaptureSourceOptions;
  readonly #ofInterface = new Map<CaptureInterface, Place>();
  #item: Writable | undefined;
  #timeNs = 0n;
  #number = 0;
  /** Packets without a time, which take that of the packet before. */
  #withoutTime = 0;
  #isOver = false;

  constructor(options: CaptureSourceOptions) {
    this.input = options.input;
    this.#options = options;
  }

  get name(): string {
    return this.input.source.name;
  }

  get damage(): string | undefined {
    return this.input.damage?.message;
  }

  get notes(): readonly string[] {
    if (this.#withoutTime === 0) return [];
    return [`${this.name}: ${this.#withoutTime} packets without a time have that of the packet before`];
  }

  get takenBytes(): number {
    return this.input.source.takenBytes;
  }

  get sizeBytes(): number | undefined {
    return this.input.source.sizeBytes;
  }

  get item(): PacketItem {
    return this.#item!;
  }

  next(): Step {
    for (;;) {
      const record = this.input.read();
      if (record === undefined) return this.#isOver ? 'end' : 'wait';
      if (record.type !== 'packet') {
        this.onOther?.(record, this);
        continue;
      }
      this.#take(record);
      return 'item';
    }
  }

  async fill(): Promise<void> {
    this.#isOver = !(await this.input.fill());
  }

  close(): void {
    this.input.close();
  }

  #take(packet: PacketRecord): void {
    const { session, offsetNs } = this.#options;
    if (packet.timestampNs === undefined) this.#withoutTime++;
    else this.#timeNs = packet.timestampNs + offsetNs;
    const place = this.#placeOf(packet.interface);
    this.#item ??= {
      ...{ kind: 'packet', name: 'packet', session, place, packet, number: 0 },
      ...{ timeNs: 0n, time: new Halves() },
    };
    this.#item.place = place;
    this.#item.timeNs = this.#timeNs;
    this.#item.time.assign(this.#timeNs);
    this.#item.packet = packet;
    this.#item.number = ++this.#number;
  }

  #placeOf(of: CaptureInterface): Place {
    const known = this.#ofInterface.get(of);
    if (known !== undefined) return known;
    const { places, process } = this.#options;
    const name = of.name ?? `interface ${of.index}`;
    const place = places.ofInterface(process, `${this.name} ${of.index}`, name);
    this.#ofInterface.set(of, place);
    return place;
  }
}
