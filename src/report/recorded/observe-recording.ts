/**
 * Recorded packets and events as an observation: what a report can say of an application that is not there any more. Memory is
 * bounded whatever their length; of a damaged recording everything before the damage counts.
 */
import { setImmediate } from 'node:timers/promises';
import {
  CaptureSource,
  type EventItem,
  type Item,
  type ItemSource,
  Merge,
  type OpenInputs,
  openInputs,
  type PacketItem,
  type Place,
} from '../../convert/index.ts';
import type { Observation, PortObservation } from '../../findings/index.ts';
import { EventReader, type PointRole } from './event-reader.ts';
import { RateSeries } from './rate-series.ts';
import { RecordedBursts, type Thread } from './recorded-bursts.ts';
import { portOfPackets, RecordedPackets } from './recorded-packets.ts';
import { RecordedStates } from './recorded-states.ts';

export interface ObserveRecordingOptions {
  /** Ends it early: what was read by then counts. */
  readonly signal: AbortSignal;
  /** @param share 0 to 1; undefined when nobody knows how much there is */
  readonly onProgress: (share: number | undefined) => void;
}

const ITEMS_A_TURN = 4096;
const NS_PER_MS = 1_000_000n;
const [OUT, DIRECTION] = [2, 3];

/**
 * @param path a capture, a trace, or a folder with both
 * @throws SysError, FormatError, UsageError when there is nothing to read
 */
export async function observeRecording(
  path: string,
  { signal, onProgress }: ObserveRecordingOptions,
): Promise<Observation> {
  return observeInputs(path, await openInputs([path], []), { signal, onProgress });
}

/** @param inputs closed at the end */
export async function observeInputs(
  label: string,
  inputs: OpenInputs,
  { signal, onProgress }: ObserveRecordingOptions,
): Promise<Observation> {
  try {
    const observer = new RecordingObserver(label, inputs);
    const merge = new Merge(inputs.sources);
    for (let turn = 0; !signal.aborted; turn++) {
      if (turn % ITEMS_A_TURN === 0) {
        onProgress(shareOf(inputs.sources));
        await setImmediate();
      }
      const item = merge.next();
      if (item !== undefined) observer.take(item);
      else if (!(await merge.fill())) break;
    }
    return observer.observe(signal.aborted);
  } finally {
    for (const source of inputs.sources) source.close();
  }
}

function shareOf(sources: readonly ItemSource[]): number | undefined {
  let [taken, size] = [0, 0];
  for (const { takenBytes, sizeBytes } of sources) {
    if (sizeBytes === undefined) return undefined;
    taken += takenBytes;
    size += sizeBytes;
  }
  return size === 0 ? undefined : taken / size;
}

class RecordingObserver {
  readonly #label: string;
  readonly #inputs: OpenInputs;
  readonly #events: EventReader;
  readonly #packets = new RecordedPackets();
  readonly #bursts = new RecordedBursts();
  readonly #states = new RecordedStates();
  readonly #threads = new Map<Place, Thread>();
  #series: RateSeries | undefined;
  #startNs = 0n;
  #endNs = 0n;
  #packetCount = 0;

  constructor(label: string, inputs: OpenInputs) {
    this.#label = label;
    this.#inputs = inputs;
    this.#events = new EventReader(inputs.kinds);
    for (const source of inputs.sources) {
      if (!(source instanceof CaptureSource)) continue;
      source.onOther = (record) => {
        if (record.type === 'statistics') this.#packets.addStatistics(record);
      };
    }
  }

  take(item: Item): void {
    if (this.#series === undefined) {
      this.#startNs = item.timeNs;
      this.#endNs = item.timeNs;
      this.#series = new RateSeries(item.timeNs);
    }
    if (item.timeNs > this.#endNs) this.#endNs = item.timeNs;
    if (item.kind === 'packet') this.#takePacket(item, this.#series);
    else this.#takeEvent(item, this.#series);
  }

  #takePacket({ packet, timeNs }: PacketItem, series: RateSeries): void {
    this.#packets.add(packet, timeNs);
    this.#packetCount++;
    const interval = series.at(timeNs);
    const length = Math.max(packet.originalLength, packet.data.length);
    if (((packet.options.epb_flags ?? 0) & DIRECTION) === OUT) {
      interval.txPackets++;
      interval.txBytes += length;
    } else {
      interval.rxPackets++;
      interval.rxBytes += length;
    }
  }

  #takeEvent(item: EventItem, series: RateSeries): void {
    const event = this.#events.read(item);
    if (event === undefined) return;
    const { role, fields } = event;
    const { timeNs, place } = item;
    switch (role) {
      case 'drop':
        this.#states.drop(fields);
        series.at(timeNs).drops++;
        return;
      case 'mempool-level':
      case 'ring-level':
        this.#states.level(role === 'mempool-level' ? 'mempool' : 'ring', fields);
        return;
      case 'stage-begin':
        this.#states.stageBegin(place.tid ?? place.number, fields.text('stage') ?? '', timeNs);
        return;
      case 'stage-end': {
        const packets = fields.number('count') ?? 0;
        this.#states.stageEnd(place.tid ?? place.number, fields.text('stage') ?? '', packets, timeNs);
        return;
      }
    }
    const portId = fields.number('port_id') ?? fields.number('port');
    if (portId === undefined) return;
    if (role === 'port-state') this.#states.portState(portId, fields);
    else if (role === 'port-stats') this.#states.portStats(portId, fields);
    else this.#takeBurst(role, portId, event.fields, item);
  }

  #takeBurst(
    role: Exclude<PointRole, 'drop'>,
    portId: number,
    fields: { number(name: string): number | undefined },
    { timeNs, place }: EventItem,
  ): void {
    const isOut = role === 'tx-burst';
    const packets = isOut
      ? (fields.number('nb_pkts') ?? fields.number('nb_tx'))
      : (fields.number('nb_rx') ?? (role === 'empty-poll' ? 0 : undefined));
    if (packets === undefined) return;
    this.#bursts.add({
      ...{ timeNs, portId, packets },
      thread: this.#threadOf(place),
      queueId: fields.number('queue_id') ?? fields.number('queue') ?? 0,
      direction: isOut ? 'out' : 'in',
      max: isOut ? undefined : fields.number('max'),
      sent: isOut ? fields.number('nb_tx') : undefined,
    });
  }

  #threadOf(place: Place): Thread {
    const known = this.#threads.get(place);
    if (known !== undefined) return known;
    const { tid, lcore, threadName, name } = place;
    const made = { tid, lcore, name: threadName ?? name };
    this.#threads.set(place, made);
    return made;
  }

  observe(isInterrupted: boolean): Observation {
    const seconds = Math.max(1e-6, Number(this.#endNs - this.#startNs) / 1e9);
    const has = (...roles: readonly PointRole[]) => roles.some((role) => this.#events.isRecorded(role));
    const countsEmptyPolls = has('poll', 'empty-poll');
    const queues = this.#bursts.queues(seconds, countsEmptyPolls);
    const knows = { packets: this.#packetCount > 0, drops: has('drop') };
    return {
      source: 'recording',
      label: this.#label,
      pid: undefined,
      packetFile: this.#inputs.sources.find((source) => source instanceof CaptureSource)?.name,
      startMs: Number(this.#startNs / NS_PER_MS),
      seconds,
      countedSeconds: queues.length === 0 ? 0 : seconds,
      ports: this.#ports(),
      queues,
      lcores: countsEmptyPolls ? this.#bursts.lcores() : [],
      mempools: this.#states.levels('mempool'),
      rings: this.#states.levels('ring'),
      drops: has('drop') ? this.#states.drops(seconds) : undefined,
      stages: this.#states.stages(seconds),
      traffic: this.#packets.observe(seconds),
      series: this.#series?.points(seconds, knows) ?? [],
      unknown: [
        ...(isInterrupted ? ['it was interrupted: the rest of the recording was not read'] : []),
        ...this.#inputs.sources.flatMap(({ damage }) => (damage === undefined ? [] : [`damaged: ${damage}`])),
        ...this.#inputs.sources.flatMap(({ notes }) => notes),
        ...this.#packets.unknown,
        ...missingWords(knows.packets, has),
      ],
    };
  }

  /** Those of packets and those of events; what events tell of a port is nearer to the adapter. */
  #ports(): PortObservation[] {
    const ports = this.#packets.ports.map(portOfPackets);
    const known = new Set(ports.map(({ portId }) => portId));
    const others = [...new Set([...this.#bursts.portIds, ...this.#states.portIds])].filter(
      (id) => !known.has(id),
    );
    return [...ports, ...others.map(portOfEvents)]
      .map((port) => ({ ...port, ...this.#states.port(port.portId), ...this.#bursts.sent(port.portId) }))
      .sort((a, b) => a.portId - b.portId);
  }
}

function portOfEvents(portId: number): PortObservation {
  const nothing = { rxPackets: undefined, rxBytes: undefined, txPackets: undefined, txBytes: undefined };
  return {
    ...{ portId, name: '', driver: undefined, isUp: undefined, speedMbps: undefined },
    ...{ rxQueues: undefined, txQueues: undefined, ...nothing },
    ...{ missed: undefined, rxErrors: undefined, noMbuf: undefined, txErrors: undefined },
    ...{ offered: undefined, refused: undefined },
  };
}

/** What a recording does not have, and how the next one has it. */
function missingWords(hasPackets: boolean, has: (...roles: readonly PointRole[]) => boolean): string[] {
  const by = (option: string) => `hone record -e ${option}`;
  return [
    ...(hasPackets ? [] : ['no packets: sizes, protocols and flows (hone capture, hone record --packets)']),
    ...(has('poll', 'empty-poll')
      ? []
      : has('rx-burst')
        ? [`empty polls were not recorded: how busy threads are (${by('dpdk:rx_poll')})`]
        : [`no polls: bursts, and how busy threads are (${by('dpdk:rx_poll')})`]),
    ...(has('drop') ? [] : [`what the application itself drops (${by('app:dataplane:drop')})`]),
    ...(has('port-stats') ? [] : [`counters of ports (${by('dpdk:port_stats')})`]),
    ...(has('mempool-level', 'ring-level') ? [] : [`levels of mempools and rings (${by("'dpdk:*_level'")})`]),
  ];
}
