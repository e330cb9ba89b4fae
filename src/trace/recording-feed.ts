/**
 * A feed made of a recording: its events hit the points that they were recorded at, with their arguments; packets of its captures hit
 * dpdk:rx_packet and dpdk:tx_packet where no events tell of them.
 */
import { setImmediate } from 'node:timers/promises';
import { UnsupportedError } from '../base/index.ts';
import { decodeEbpf, traceContext } from '../bpf/index.ts';
import { type EventItem, type Item, isRepeated, type PacketItem } from '../convert/index.ts';
import type { EventDescription } from '../ctf/index.ts';
import type { EventPlan } from '../script/index.ts';
import type { TraceRequest } from '../target/index.ts';
import type { ProbeArgument, ProbePoint } from '../tracepoints/index.ts';
import { ContextArguments } from './context-arguments.ts';
import { ContextPlace } from './context-place.ts';
import { MachineFeed } from './machine-feed.ts';
import { packetArguments } from './packet-arguments.ts';
import { recordedNames } from './recorded-points.ts';
import type { Recording } from './recording.ts';
import { isOutgoing } from './trace-file.ts';

/** So many hits before whoever waits has its turn. */
const HITS_A_TURN = 4096;

interface Attached {
  readonly point: ProbePoint;
  readonly portId: number | undefined;
  readonly queueId: number | undefined;
  /** On every port and queue. */
  readonly isAnywhere: boolean;
  readonly packetBytes: number;
  readonly argumentsUsed: number;
  readonly run: () => void;
  hits: number;
}

interface HookedArgument {
  readonly argument: ProbeArgument;
  /** Its place among the event's fields; -1 when it has none. */
  readonly field: number;
}

/** What events of one kind run. */
interface Hooked {
  readonly attached: readonly Attached[];
  /** Those that any of the programs looks at, and texts, whose places depend on those before; points of one event have the same. */
  readonly arguments: readonly HookedArgument[];
  readonly portField: number;
  readonly queueField: number;
}

const NOTHING: Hooked = { attached: [], arguments: [], portField: -1, queueField: -1 };

export class RecordingFeed extends MachineFeed {
  readonly #recording: Recording;
  readonly #context: ContextArguments;
  readonly #places: ContextPlace;
  protected readonly attached: readonly Attached[];
  readonly #ofEvents = new Map<EventDescription, Hooked>();
  readonly #ofPackets: readonly [Hooked, Hooked];

  /**
   * Takes over `recording`.
   * @throws UnsupportedError for a program that looks at bytes of packets that the recording does not have
   */
  constructor(recording: Recording, request: TraceRequest, events: readonly EventPlan[]) {
    super({ name: 'recording', baseNs: recording.nowNs, request, events });
    this.#recording = recording;
    this.#context = new ContextArguments(this.machine);
    this.#places = new ContextPlace(this.machine);
    this.attached = request.attachments.map((attachment) => {
      const point = recording.points.find(({ name }) => name === attachment.point)!;
      const run = this.machine.prepare(decodeEbpf(request.programs[attachment.program!]!));
      const isAnywhere = attachment.portId === undefined && attachment.queueId === undefined;
      return { ...attachment, point, run, isAnywhere, hits: 0 };
    });
    const blind = this.attached.find(({ point, packetBytes }) => packetBytes > 0 && this.#isRecorded(point));
    if (blind !== undefined) {
      throw new UnsupportedError(
        `${blind.point.name}: recorded events have no bytes of packets`,
        'a script that looks at arguments only, or the capture beside the events',
      );
    }
    const ofPackets = (name: string) =>
      this.#hooked(
        this.attached.filter(({ point }) => point.name === name && !this.#isRecorded(point)),
        [],
      );
    this.#ofPackets = [ofPackets('dpdk:rx_packet'), ofPackets('dpdk:tx_packet')];
  }

  get nowNs(): bigint {
    return this.#recording.nowNs;
  }

  async advance(untilNs: bigint | undefined): Promise<void> {
    this.isInterrupted = false;
    const recording = this.#recording;
    await setImmediate();
    for (let turn = 0; turn < HITS_A_TURN && !this.isInterrupted; turn++) {
      const { item } = recording;
      if (item === undefined) {
        this.isOver = true;
        return;
      }
      if (untilNs !== undefined && recording.nowNs >= untilNs) return;
      this.#hit(item);
      if (!recording.tryReadOn()) await recording.readOn();
    }
  }

  close(): void {
    this.#recording.close();
  }

  #hit(item: Item): void {
    if (item.kind === 'event') this.#hitEvent(item);
    else this.#hitPacket(item);
  }

  #hitEvent(item: EventItem): void {
    const { cursor } = item;
    const { event } = cursor;
    let hooked = this.#ofEvents.get(event);
    if (hooked === undefined) {
      hooked = this.#hooked(this.#hookedBy(item), event.fieldNames);
      this.#ofEvents.set(event, hooked);
    }
    if (hooked === NOTHING) return;
    const { portField, queueField } = hooked;
    this.#enter(item);
    this.#context.begin();
    for (const { argument, field } of hooked.arguments) this.#context.put(argument, cursor.fieldAt(field));
    for (const attached of hooked.attached) {
      const isHit =
        attached.isAnywhere || isAt(attached, cursor.fieldAt(portField), cursor.fieldAt(queueField));
      if (isHit) this.#run(attached);
    }
  }

  /** What the recording has twice hits points once. */
  #hookedBy(item: EventItem): readonly Attached[] {
    if (isRepeated(item, this.#recording.kinds)) return [];
    return this.attached.filter(({ point }) => recordedNames(point).includes(item.name));
  }

  #hitPacket(item: PacketItem): void {
    const { packet } = item;
    const hooked = this.#ofPackets[isOutgoing(packet) ? 1 : 0];
    if (hooked === NOTHING) return;
    this.#enter(item);
    const values = packetArguments(packet);
    for (const { argument } of hooked.arguments) {
      this.#context.put(argument, values[argument.name as keyof typeof values] ?? 0);
    }
    const most = Math.min(packet.data.length, traceContext.maxPacketBytes);
    this.machine.context.set(packet.data.subarray(0, most), traceContext.packet);
    this.machine.context.fill(0, traceContext.packet + most, traceContext.scratch);
    for (const attached of hooked.attached) {
      this.machine.view.setUint32(traceContext.packetBytes, Math.min(most, attached.packetBytes), true);
      if (isAt(attached, values.port, values.queue)) this.#run(attached);
    }
  }

  #run(attached: Attached): void {
    attached.hits++;
    attached.run();
  }

  /** Time and thread. */
  #enter({ place, time }: Item): void {
    const { view } = this.machine;
    view.setUint32(traceContext.timeNs, time.low, true);
    view.setUint32(traceContext.timeNs + 4, time.high, true);
    this.#places.enter(place);
  }

  #isRecorded(point: ProbePoint): boolean {
    return recordedNames(point).every((name) => this.#recording.kinds.some((kind) => kind.name === name));
  }

  #hooked(attached: readonly Attached[], fieldNames: readonly string[]): Hooked {
    const [first] = attached;
    if (first === undefined) return NOTHING;
    const used = attached.reduce((bits, { argumentsUsed }) => bits | argumentsUsed, 0);
    const all = first.point.arguments.map((argument): HookedArgument => {
      const { name, recordedAs = name } = argument;
      const recorded = fieldNames.indexOf(recordedAs);
      return { argument, field: recorded === -1 ? fieldNames.indexOf(name) : recorded };
    });
    const fieldOf = (name: string) =>
      all.find(({ argument }) => argument.name === name)?.field ?? fieldNames.indexOf(name);
    return {
      attached,
      arguments: all.filter(
        ({ argument: { place, type } }) =>
          type.kind === 'text' || (place.kind === 'context' && ((used >> place.index) & 1) !== 0),
      ),
      portField: fieldOf('port'),
      queueField: fieldOf('queue'),
    };
  }

  protected get hitNs(): number {
    return Number(this.nowNs - this.baseNs);
  }
}

function isAt({ portId, queueId }: Attached, port: unknown, queue: unknown): boolean {
  return (
    (portId === undefined || Number(port) === portId) && (queueId === undefined || Number(queue) === queueId)
  );
}
