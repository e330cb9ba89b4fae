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
import { EventLanes, FEW_EVENTS, type HookedRuns } from './event-lanes.ts';
import { MachineFeed } from './machine-feed.ts';
import { packetArguments } from './packet-arguments.ts';
import { recordedNames } from './recorded-points.ts';
import type { Recording } from './recording.ts';
import { isOutgoing } from './trace-file.ts';

/** So many hits before whoever waits has its turn; of events that are gone over, so many count as one. */
const HITS_A_TURN = 4096;
const WALKED_A_HIT = 16;

interface Attached {
  readonly point: ProbePoint;
  readonly portId: number | undefined;
  readonly queueId: number | undefined;
  /** On every port and queue. */
  readonly isAnywhere: boolean;
  readonly packetBytes: number;
  readonly argumentsUsed: number;
  /** Its place among the programs. */
  readonly program: number;
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
  readonly #lanes: EventLanes<Attached> | undefined;

  /**
   * Takes over `recording`.
   * @param fewEvents see EventLanes; undefined to look at each event by itself. It changes no result
   * @throws UnsupportedError for a program that looks at bytes of packets that the recording does not have
   */
  constructor(
    recording: Recording,
    request: TraceRequest,
    events: readonly EventPlan[],
    { fewEvents }: { readonly fewEvents: number | undefined } = { fewEvents: FEW_EVENTS },
  ) {
    const extraBytes = EventLanes.extraBytes(recording);
    super({ name: 'recording', baseNs: recording.nowNs, request, events, extraBytes });
    this.#recording = recording;
    this.#context = new ContextArguments(this.machine);
    this.#places = new ContextPlace(this.machine);
    const programs = request.programs.map((program) => decodeEbpf(program));
    this.attached = request.attachments.map((attachment) => {
      const point = recording.points.find(({ name }) => name === attachment.point)!;
      const program = attachment.program!;
      const run = this.machine.prepare(programs[program]!);
      const isAnywhere = attachment.portId === undefined && attachment.queueId === undefined;
      return { ...attachment, point, program, run, isAnywhere, hits: 0 };
    });
    if (fewEvents !== undefined) {
      const hookedOf = (item: EventItem) => walkedRuns(this.#hookedOf(item), item.cursor.event);
      const { machine } = this;
      this.#lanes = new EventLanes({
        machine,
        recording,
        places: this.#places,
        programs,
        fewEvents,
        hookedOf,
      });
    }
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
    for (let hits = 0; hits < HITS_A_TURN && !this.isInterrupted; hits++) {
      const { item } = recording;
      if (item === undefined) {
        this.isOver = true;
        return;
      }
      if (untilNs !== undefined && recording.nowNs >= untilNs) return;
      const walked = this.#lanes?.run(untilNs) ?? 0;
      if (walked === 0) {
        this.#lanes?.leave(item);
        this.#hit(item);
      }
      hits += Math.floor(walked / WALKED_A_HIT);
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
    const hooked = this.#hookedOf(item);
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

  #hookedOf(item: EventItem): Hooked {
    const { event } = item.cursor;
    let hooked = this.#ofEvents.get(event);
    if (hooked === undefined) {
      hooked = this.#hooked(this.#hookedBy(item), event.fieldNames);
      this.#ofEvents.set(event, hooked);
    }
    return hooked;
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
    const nowNs = this.#lanes?.isWalking
      ? this.machine.view.getBigInt64(traceContext.timeNs, true)
      : this.#recording.nowNs;
    return Number(nowNs - this.baseNs);
  }

  protected override interrupt(): void {
    super.interrupt();
    this.machine.stop();
  }
}

/** Undefined where more is asked for than integers whose places are known. */
function walkedRuns(
  { attached, arguments: put, portField, queueField }: Hooked,
  { layout }: EventDescription,
): HookedRuns<Attached> | undefined {
  const integerOf = (field: number) => layout?.fields[field];
  const isKnown = (field: number) => field < 0 || integerOf(field) !== undefined;
  const isInteger = put.every(({ argument, field }) => argument.type.kind === 'integer' && isKnown(field));
  if (!isInteger || !isKnown(portField) || !isKnown(queueField)) return undefined;
  const runs = attached.flatMap((one) => {
    const wanted = [
      [one.portId, portField],
      [one.queueId, queueField],
    ] as const;
    const equal = wanted.flatMap(([value, field]) =>
      value === undefined ? [] : [{ value: BigInt(value), integer: integerOf(field) }],
    );
    // An event that does not say its port is of none.
    const isPossible = equal.every(({ integer }) => integer !== undefined);
    return isPossible
      ? [{ attached: one, equal: equal.map(({ value, integer }) => ({ value, integer: integer! })) }]
      : [];
  });
  const taken = put.flatMap(({ argument: { place }, field }) =>
    place.kind === 'context' && place.index < traceContext.maxArgs
      ? [{ index: place.index, integer: integerOf(field) }]
      : [],
  );
  return { arguments: taken, runs };
}

function isAt({ portId, queueId }: Attached, port: unknown, queue: unknown): boolean {
  return (
    (portId === undefined || Number(port) === portId) && (queueId === undefined || Number(queue) === queueId)
  );
}
