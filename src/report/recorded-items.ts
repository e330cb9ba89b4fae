/** What is recorded, one item after another, into what a report knows of it. Memory does not grow with their number. */
import {
  type EventItem,
  type EventKind,
  integer,
  isRepeated,
  type PacketItem,
  text,
} from '../convert/index.ts';
import { EnumerationValue, type EventDescription, type FieldValue } from '../ctf/index.ts';
import type { DropObservation, SeriesPoint } from '../findings/index.ts';
import type { CaptureInterface, CaptureRecord } from '../pcapng/index.ts';
import { isOutgoing, queueOf } from '../trace/index.ts';
import { dataplaneTable } from '../tracepoints/index.ts';
import type { CounterName, Passed, Seen } from './recorded-counters.ts';
import { TellingEvents, type Topic } from './recorded-events.ts';
import { RecordedLevels } from './recorded-levels.ts';
import { isFiltered, RecordedLosses } from './recorded-losses.ts';
import { type PortStats, RecordedPorts } from './recorded-ports.ts';
import { RecordedQueues } from './recorded-queues.ts';
import { RecordedSeries } from './recorded-series.ts';
import { RecordedSpan } from './recorded-span.ts';
import { RecordedStages } from './recorded-stages.ts';
import { RecordedThreads } from './recorded-threads.ts';
import { TrafficCounter } from './traffic-counter.ts';

/** Of a hostile file that names more: they are left out. */
const MOST_REASONS = 1024;
const MOST_PIDS = 64;
const SAME_TIME = 1.02;
const PORT_STATES: readonly string[] = ['', 'added', 'removed', 'link_up', 'link_down', 'started', 'stopped'];
const UNKNOWN_SPEED = 0xffff_ffff;

export class RecordedItems {
  readonly telling: TellingEvents;
  readonly ports: RecordedPorts = new RecordedPorts();
  readonly queues: RecordedQueues = new RecordedQueues();
  readonly threads: RecordedThreads = new RecordedThreads();
  readonly stages: RecordedStages = new RecordedStages();
  readonly mempools: RecordedLevels = new RecordedLevels();
  readonly rings: RecordedLevels = new RecordedLevels();
  readonly losses: RecordedLosses = new RecordedLosses();
  readonly spans: Readonly<Record<'events' | 'packets', RecordedSpan>> = {
    events: new RecordedSpan(),
    packets: new RecordedSpan(),
  };
  readonly traffic: Readonly<Record<'in' | 'out', TrafficCounter>> = {
    in: new TrafficCounter(),
    out: new TrafficCounter(),
  };
  packets = 0;
  events = 0;
  isFiltered = false;
  /** Events that would tell more if they said which thread they are of. */
  hasThreadless = false;
  readonly pids: Set<number> = new Set();

  readonly #kinds: readonly EventKind[];
  readonly #series: Readonly<Record<'events' | 'packets', RecordedSeries>> = {
    events: new RecordedSeries(),
    packets: new RecordedSeries(),
  };
  readonly #topics = new Map<EventDescription, Topic | undefined>();
  readonly #drops = new Map<string, { portId: number; reason: string; packets: number }>();
  readonly #lastArrival = new WeakMap<
    CaptureInterface,
    { in: bigint | undefined; out: bigint | undefined }
  >();
  readonly #seen = { in: false, out: false };

  /** @param kinds of events that can be in it */
  constructor(kinds: readonly EventKind[]) {
    this.#kinds = kinds;
    this.telling = new TellingEvents(kinds);
  }

  /** Whether events count what passes ports, and so what rates are of. */
  get #countsByEvents(): boolean {
    return (['port-stats', 'rx-poll', 'tx-burst'] as const).some((topic) => this.telling.has(topic));
  }

  /** What rates are of: of what counts packets, all of it where nothing is known to be there all the time. */
  get span(): RecordedSpan {
    const { events, packets } = this.spans;
    if (this.#countsByEvents && events.firstNs !== undefined) return events;
    return packets.firstNs === undefined ? events : packets.with(events);
  }

  get sees(): Seen {
    const has = (topic: Topic) => this.telling.has(topic);
    // Packets of a longer time are more, and not of these rates.
    const isSameTime = this.spans.packets.seconds <= this.span.seconds * SAME_TIME;
    const isSampled = this.ports.all.some(({ sampled }) => sampled !== undefined);
    return {
      stats: { rx: isSampled, tx: isSampled },
      captured: { rx: this.#seen.in && isSameTime, tx: this.#seen.out && isSameTime },
      bursts: { rx: has('rx-poll'), tx: has('tx-burst') },
      packetEvents: { rx: has('rx-packet'), tx: has('tx-packet') },
    };
  }

  /** Rates over that time. */
  observeSeries(): SeriesPoint[] {
    const none = { rx: false, tx: false };
    const { sees } = this;
    if (!this.#countsByEvents) {
      const seen = { ...sees, stats: none, bursts: none, packetEvents: none };
      return this.#series.packets.observe(this.spans.packets.seconds, seen, false);
    }
    const drops = this.telling.has('drop');
    return this.#series.events.observe(this.spans.events.seconds, { ...sees, captured: none }, drops);
  }

  /** Undefined when the application has not told, or nobody listened. */
  drops(seconds: number): DropObservation[] | undefined {
    if (!this.telling.has('drop')) return undefined;
    return [...this.#drops.values()].map((drop) => ({ ...drop, countedSeconds: seconds }));
  }

  addPacket({ packet, timeNs, session }: PacketItem, file: string): void {
    this.packets++;
    this.#happened(timeNs, 'packets');
    const { interface: of, data, originalLength, linkType } = packet;
    const direction = isOutgoing(packet) ? 'out' : 'in';
    this.#seen[direction] = true;
    if (isFiltered(of)) this.isFiltered = true;
    const counter = this.traffic[direction];
    counter.add({ data, originalLength, linkType });
    let last = this.#lastArrival.get(of);
    if (last === undefined) {
      last = { in: undefined, out: undefined };
      this.#lastArrival.set(of, last);
    }
    const before = last[direction];
    if (before !== undefined && timeNs > before) counter.addInterArrival(Number(timeNs - before));
    last[direction] = timeNs;
    const port = this.ports.ofInterface(of, file);
    if (port === undefined) return;
    this.losses.addPacket(port.portId, packet);
    this.#pass(port.passed.captured, 'captured', direction, timeNs, 1, originalLength);
    if (packet.options.epb_queue !== undefined && !session.hasEvents) {
      this.queues.addPacket({ portId: port.portId, queueId: queueOf(packet.options), direction });
    }
  }

  /** What captures have beside packets. @param isOfHone whether hone made the file */
  addOther(record: CaptureRecord, file: string, isOfHone: boolean): void {
    if (record.type !== 'statistics') return;
    const port = this.ports.ofInterface(record.interface, file);
    if (port !== undefined) this.losses.addStatistics(port.portId, record, isOfHone);
  }

  addEvent(item: EventItem): void {
    this.events++;
    this.#happened(item.timeNs, 'events');
    const { event } = item.cursor;
    let topic = this.#topics.get(event);
    if (topic === undefined && !this.#topics.has(event)) {
      topic = isRepeated(item, this.#kinds) ? undefined : this.telling.topicOf(item);
      this.#topics.set(event, topic);
    }
    if (topic === undefined) return;
    const { pid } = item.place.process;
    if (pid !== undefined && this.pids.size < MOST_PIDS) this.pids.add(pid);
    this.#tell(topic, item);
  }

  #happened(timeNs: bigint, what: 'events' | 'packets'): void {
    this.spans[what].add(timeNs);
    this.#series[what].begin(timeNs);
  }

  #tell(topic: Topic, item: EventItem): void {
    const { place, timeNs, session } = item;
    switch (topic) {
      case 'rx-poll':
        this.#addBurst(item, 'in', number(item, 'nb_rx'));
        break;
      case 'tx-burst':
        this.#addBurst(item, 'out', number(item, 'nb_pkts') ?? number(item, 'nb_tx'));
        break;
      case 'rx-packet':
      case 'tx-packet': {
        const direction = topic === 'rx-packet' ? 'in' : 'out';
        const port = this.ports.byId(portOf(item));
        if (port === undefined) break;
        this.#pass(port.passed.packetEvents, 'packetEvents', direction, timeNs, 1, number(item, 'len') ?? 0);
        break;
      }
      case 'port-stats':
        this.#addStats(item);
        break;
      case 'port-state':
        this.#addPortState(item);
        break;
      case 'queue-state': {
        const queues = this.ports.byId(portOf(item))?.queues;
        queues?.[number(item, 'direction') === 1 ? 'rx' : 'tx'].add(
          (number(item, 'queue_id', 'queue') ?? 0) & 0xffff,
        );
        break;
      }
      case 'mempool':
        this.mempools.add(word(item, 'name'), number(item, 'available') ?? 0, number(item, 'size') ?? 0);
        break;
      case 'ring':
        this.rings.add(word(item, 'name'), number(item, 'count') ?? 0, number(item, 'capacity') ?? 0);
        break;
      case 'drop':
        this.#addDrop(item);
        break;
      case 'stage-begin':
      case 'stage-end':
        if (place.tid === undefined) this.hasThreadless = true;
        else if (topic === 'stage-begin') this.stages.begin(place, word(item, 'stage'), timeNs);
        else {
          const [stage, count] = [word(item, 'stage'), number(item, 'count') ?? 0];
          this.stages.end(place, stage, count, timeNs, session.lossUntilNs);
        }
    }
  }

  #addBurst(item: EventItem, direction: 'in' | 'out', told: number | undefined): void {
    const { place, timeNs, session } = item;
    // An empty poll of DPDK's own trace points does not say so in a field.
    const packets = told ?? 0;
    const portId = portOf(item);
    const port = this.ports.byId(portId);
    if (port === undefined) return;
    this.queues.addBurst({
      ...{ portId, direction, packets, tid: place.tid },
      queueId: number(item, 'queue_id', 'queue') ?? 0,
      asked: direction === 'in' ? number(item, 'max', 'nb_pkts') : undefined,
    });
    this.#pass(port.passed.bursts, 'bursts', direction, timeNs, packets, 0);
    if (direction === 'out') {
      port.offered = (port.offered ?? 0) + packets;
      const taken =
        told === undefined || item.cursor.field('nb_pkts') === undefined ? undefined : number(item, 'nb_tx');
      if (taken !== undefined) port.refused = (port.refused ?? 0) + Math.max(0, packets - taken);
    } else if (this.telling.hasEmptyPolls) {
      if (place.tid === undefined) this.hasThreadless = true;
      else this.threads.addPoll(place, timeNs, packets, session.lossUntilNs);
    }
  }

  #addStats(item: EventItem): void {
    const port = this.ports.byId(portOf(item));
    const of = (name: keyof PortStats) => large(item.cursor.field(name));
    const since = port?.addStats(item.timeNs, {
      ...{ ipackets: of('ipackets'), opackets: of('opackets'), ibytes: of('ibytes'), obytes: of('obytes') },
      ...{ imissed: of('imissed'), ierrors: of('ierrors'), oerrors: of('oerrors') },
      rx_nombuf: of('rx_nombuf'),
    });
    if (since !== undefined) this.#series.events.addSampled(since.span, since.passed);
  }

  #addPortState(item: EventItem): void {
    const port = this.ports.byId(portOf(item));
    if (port === undefined) return;
    const state = PORT_STATES[number(item, 'state') ?? 0];
    if (state === 'link_up' || state === 'link_down') port.isUp = state === 'link_up';
    const speed = number(item, 'speed_mbps');
    if (speed !== undefined && speed !== 0 && speed !== UNKNOWN_SPEED) port.speedMbps = speed;
  }

  #addDrop(item: EventItem): void {
    const portId = portOf(item);
    const reason = reasonOf(item.cursor.field('reason'));
    const key = `${portId} ${reason}`;
    let drop = this.#drops.get(key);
    if (drop === undefined) {
      if (this.#drops.size >= MOST_REASONS) return;
      drop = { portId, reason, packets: 0 };
      this.#drops.set(key, drop);
    }
    drop.packets++;
    this.#series.events.addDrop(item.timeNs);
  }

  #pass(
    passed: Passed,
    who: CounterName,
    direction: 'in' | 'out',
    timeNs: bigint,
    packets: number,
    bytes: number,
  ): void {
    const [packetField, byteField] = direction === 'in' ? IN : OUT;
    passed[packetField] += packets;
    passed[byteField] += bytes;
    const series = this.#series[who === 'captured' ? 'packets' : 'events'];
    series.add(timeNs, who, packetField, packets);
    if (bytes > 0) series.add(timeNs, who, byteField, bytes);
  }
}

const IN = ['rxPackets', 'rxBytes'] as const;
const OUT = ['txPackets', 'txBytes'] as const;

const REASONS = dataplaneTable.enumerations.find(({ name }) => name === 'drop_reason')!.values;

function reasonOf(field: FieldValue): string {
  const value = integer(field);
  return REASONS.find((reason) => reason.value === value)?.label ?? text(field) ?? `${value ?? 'unknown'}`;
}

function portOf(item: EventItem): number {
  return (number(item, 'port_id', 'port') ?? 0) & 0xffff;
}

/** The first of the fields that the event has. */
function number({ cursor }: EventItem, ...fields: readonly string[]): number | undefined {
  for (const field of fields) {
    if (!cursor.event.fieldNames.includes(field)) continue;
    const value = integer(cursor.field(field));
    if (value !== undefined && value >= 0) return value;
  }
  return undefined;
}

function word({ cursor }: EventItem, field: string): string {
  return text(cursor.field(field)) ?? '';
}

function large(value: FieldValue): bigint {
  const bare = value instanceof EnumerationValue ? value.value : value;
  if (typeof bare === 'bigint') return bare < 0n ? 0n : bare;
  return typeof bare === 'number' && Number.isSafeInteger(bare) && bare >= 0 ? BigInt(bare) : 0n;
}
