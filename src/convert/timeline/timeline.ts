/**
 * Items become a timeline. Bursts become slices of their thread: from the burst to the next time that the thread asks for packets,
 * where empty polls were recorded, else to the last that the thread was seen doing before its next burst. Stages, and being idle or
 * busy, are slices in rows of their own below the thread. Samples become counters. Everything else is a moment.
 */
import type { StructureValue } from '../../ctf/index.ts';
import { formatPacketLine } from '../../packet/index.ts';
import type { EventItem, Item, PacketItem } from '../item.ts';
import { packetFields } from '../packet-fields.ts';
import { integer, type Place, text } from '../place.ts';
import { counterValues } from './counter-values.ts';
import { type EventRole, roleOf } from './event-role.ts';
import { Flows, type Hop } from './flows.ts';
import { StageStack } from './stage-stack.ts';
import type { FlowMark, TimelineSink, Track } from './timeline-sink.ts';
import { Tracks } from './tracks.ts';

/** What a thread is in. */
interface ThreadState {
  readonly track: Track;
  isInBurst: boolean;
  /** The last that it was seen doing. */
  lastNs: bigint;
  stages: { readonly track: Track; readonly stack: StageStack } | undefined;
  activity: Track | undefined;
}

const NO_FLOWS: readonly FlowMark[] = [];
const DIRECTION_OUT = 2;

export class Timeline {
  /** Ends of stages that had not begun, because the recording began later or an event is missing. */
  stagesWithoutBegin = 0;
  readonly #sink: TimelineSink;
  readonly #tracks: Tracks;
  readonly #flows = new Flows();
  readonly #threads = new Map<Place, ThreadState>();
  readonly #roles = new Map<string, EventRole | undefined>();

  constructor(sink: TimelineSink) {
    this.#sink = sink;
    this.#tracks = new Tracks(sink);
  }

  /** Packets whose receiving and sending were joined. */
  get joined(): number {
    return this.#flows.joined;
  }

  put(item: Item): void {
    if (item.kind === 'packet') this.#putPacket(item);
    else this.#putEvent(item);
  }

  /** Completes bursts; stages that did not end stay open. */
  finish(): void {
    for (const thread of this.#threads.values()) this.#endBurst(thread, thread.lastNs);
  }

  #putPacket(item: PacketItem): void {
    const { packet, session, place, timeNs } = item;
    const { data, originalLength, linkType, options } = packet;
    const direction = ((options.epb_flags ?? 0) & 3) === DIRECTION_OUT ? 'tx' : 'rx';
    const hop: Hop = { session, timeNs, direction, mbuf: undefined, packetId: options.epb_packetid };
    const flows = this.#flows.putCaptured(hop);
    const name = formatPacketLine(data, originalLength, linkType);
    const moment = { timeNs, name, isNameRepeated: false, fields: packetFields(item), flows };
    this.#sink.instant(this.#tracks.ofPlace(place), moment);
  }

  #putEvent(item: EventItem): void {
    const thread = this.#threadOf(item.place);
    const { timeNs } = item;
    switch (this.#roleOf(item.name)) {
      case 'empty-poll':
        this.#endBurst(thread, timeNs);
        break;
      case 'poll':
        this.#endBurst(thread, timeNs);
        if (integer(item.cursor.field('nb_rx')) === 0) break;
        this.#beginBurst(item, thread);
        return;
      case 'rx-burst':
        this.#beginBurst(item, thread);
        return;
      case 'stage-begin':
        this.#beginStage(item, thread);
        return;
      case 'stage-end':
        if (this.#endStage(item, thread)) return;
        break;
      case 'idle':
        this.#endBurst(thread, thread.lastNs);
        this.#changeActivity(item, thread, 'idle');
        return;
      case 'busy':
        this.#changeActivity(item, thread, 'busy');
        return;
      case 'counters':
        this.#putCounters(item);
        return;
      case 'rx-packet':
        this.#instant(item, thread, this.#flowsOf(item, 'rx'));
        return;
      case 'tx-packet':
        this.#instant(item, thread, this.#flowsOf(item, 'tx'));
        return;
      case 'tx-burst':
      case undefined:
        break;
    }
    this.#instant(item, thread, NO_FLOWS);
  }

  #beginBurst(item: EventItem, thread: ThreadState): void {
    const { timeNs } = item;
    this.#endBurst(thread, thread.lastNs);
    thread.isInBurst = true;
    thread.lastNs = timeNs;
    this.#sink.begin(thread.track, {
      timeNs,
      name: item.name,
      isNameRepeated: true,
      fields: item.fields(),
      flows: NO_FLOWS,
    });
  }

  #endBurst(thread: ThreadState, timeNs: bigint): void {
    if (!thread.isInBurst) return;
    thread.isInBurst = false;
    this.#sink.end(thread.track, timeNs);
  }

  #beginStage(item: EventItem, thread: ThreadState): void {
    const { timeNs } = item;
    thread.lastNs = timeNs;
    thread.stages ??= {
      track: this.#tracks.below(thread.track, 'row', `${thread.track.name} stages`),
      stack: new StageStack(),
    };
    const stage = stageName(item);
    if (!thread.stages.stack.begin(stage)) return;
    const { track } = thread.stages;
    const fields = item.fields();
    this.#sink.begin(track, { timeNs, name: stage, isNameRepeated: true, fields, flows: NO_FLOWS });
  }

  #endStage(item: EventItem, thread: ThreadState): boolean {
    thread.lastNs = item.timeNs;
    const ended = thread.stages?.stack.end(stageName(item)) ?? 0;
    if (ended === 0) this.stagesWithoutBegin++;
    for (let i = 0; i < ended; i++) this.#sink.end(thread.stages!.track, item.timeNs);
    return ended > 0;
  }

  #changeActivity(item: EventItem, thread: ThreadState, name: 'idle' | 'busy'): void {
    const { timeNs } = item;
    if (thread.activity === undefined) {
      thread.activity = this.#tracks.below(thread.track, 'row', `${thread.track.name} activity`);
    } else {
      this.#sink.end(thread.activity, timeNs);
    }
    if (name === 'busy') thread.lastNs = timeNs;
    const fields = item.fields();
    this.#sink.begin(thread.activity, { timeNs, name, isNameRepeated: true, fields, flows: NO_FLOWS });
  }

  #putCounters(item: EventItem): void {
    const parent = this.#tracks.ofProcess(item.place.process);
    for (const { name, value } of counterValues(item.fields())) {
      this.#sink.count(this.#tracks.below(parent, 'counter', name), item.timeNs, value);
    }
  }

  #flowsOf({ session, timeNs, cursor }: EventItem, direction: 'rx' | 'tx'): readonly FlowMark[] {
    const mbuf = wide(cursor.field('mbuf'));
    const packetId = wide(cursor.field('packet_id'));
    return this.#flows.putEvent({ session, timeNs, direction, mbuf, packetId });
  }

  #instant(item: EventItem, thread: ThreadState, flows: readonly FlowMark[]): void {
    const { timeNs, name } = item;
    thread.lastNs = timeNs;
    const fields = item.fields();
    this.#sink.instant(thread.track, { timeNs, name, isNameRepeated: true, fields, flows });
  }

  #threadOf(place: Place): ThreadState {
    let thread = this.#threads.get(place);
    if (thread === undefined) {
      const track = this.#tracks.ofPlace(place);
      thread = { track, isInBurst: false, lastNs: 0n, stages: undefined, activity: undefined };
      this.#threads.set(place, thread);
    }
    return thread;
  }

  #roleOf(name: string): EventRole | undefined {
    if (this.#roles.has(name)) return this.#roles.get(name);
    const role = roleOf(name);
    if (this.#roles.size < MOST_NAMES) this.#roles.set(name, role);
    return role;
  }
}

const MOST_NAMES = 1 << 16;

function stageName({ cursor }: EventItem): string {
  const stage = cursor.field('stage');
  return text(stage) ?? (stage === undefined ? 'stage' : `stage ${integer(stage) ?? '?'}`);
}

function wide(value: StructureValue[string]): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
}
