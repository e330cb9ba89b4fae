/**
 * Packets on their way: a packet that was received, sent, and captured on both occasions is one flow. Two things tell that it is the
 * same packet: the address of its mbuf, from where it was received to where it is sent next; and the number that trace and
 * capture both give to each packet that passes a hook. Where something may be missing between, nothing is joined.
 */
import type { Session } from '../session.ts';
import type { FlowMark } from './timeline-sink.ts';

interface Flow {
  readonly number: number;
  readonly sinceNs: bigint;
  hasBegun: boolean;
  /** Its event of sending was seen. */
  isSent: boolean;
}

export interface Hop {
  readonly session: Session;
  readonly timeNs: bigint;
  readonly direction: 'rx' | 'tx';
  /** Of events. */
  readonly mbuf: bigint | number | undefined;
  readonly packetId: bigint | number | undefined;
}

interface Known {
  readonly byMbuf: RecentMap<Flow>;
  readonly byPacketId: RecentMap<Flow>;
}

/** More mbufs than an application has; packets that capture and trace can be apart. */
const MOST_MBUFS = 1 << 20;
const MOST_PACKET_IDS = 1 << 18;
const NONE: readonly FlowMark[] = [];

export class Flows {
  /** Packets whose receiving and sending were joined. */
  joined = 0;
  readonly #sessions = new Map<Session, Known>();
  #flows = 0;

  /** The flows that an event of a packet belongs to: two where it joins what was not known to be one. */
  putEvent(hop: Hop): readonly FlowMark[] {
    const known = this.#knownOf(hop.session);
    return hop.direction === 'rx' ? this.#received(hop, known) : this.#sent(hop, known);
  }

  /** The same for a packet of a capture. */
  putCaptured(hop: Hop): readonly FlowMark[] {
    const { session, packetId, direction, timeNs } = hop;
    if (packetId === undefined || !session.hasEvents) return NONE;
    const { byPacketId } = this.#knownOf(session);
    const flow = byPacketId.get(packetId) ?? this.#begin(timeNs);
    byPacketId.set(packetId, flow);
    return [mark(flow, direction === 'tx' && flow.isSent)];
  }

  #received({ session, mbuf, packetId, timeNs }: Hop, { byMbuf, byPacketId }: Known): readonly FlowMark[] {
    const isCaptured = session.hasPackets && packetId !== undefined;
    const flow = (isCaptured ? byPacketId.get(packetId) : undefined) ?? this.#begin(timeNs);
    if (isCaptured) byPacketId.set(packetId, flow);
    // The mbuf has a new packet, whatever became of the one before.
    if (mbuf !== undefined) byMbuf.set(mbuf, flow);
    return [mark(flow, false)];
  }

  #sent({ session, mbuf, packetId }: Hop, { byMbuf, byPacketId }: Known): readonly FlowMark[] {
    const flows: FlowMark[] = [];
    const received = mbuf === undefined ? undefined : byMbuf.take(mbuf);
    const isCaptured = session.hasPackets && packetId !== undefined;
    const captured = isCaptured ? byPacketId.get(packetId) : undefined;
    if (received !== undefined && received.sinceNs > session.lossUntilNs) {
      this.joined++;
      received.isSent = true;
      if (isCaptured && captured === undefined) byPacketId.set(packetId, received);
      flows.push(mark(received, !isCaptured || captured !== undefined));
    }
    if (captured !== undefined) {
      captured.isSent = true;
      flows.push(mark(captured, true));
    } else if (flows.length === 0 && isCaptured) {
      // Sent, and not known to have been received: its packet in the capture may follow.
      const flow = this.#begin(0n);
      flow.isSent = true;
      byPacketId.set(packetId, flow);
      flows.push(mark(flow, false));
    }
    return flows;
  }

  #begin(sinceNs: bigint): Flow {
    return { number: ++this.#flows, sinceNs, hasBegun: false, isSent: false };
  }

  #knownOf(session: Session): Known {
    let known = this.#sessions.get(session);
    if (known === undefined) {
      known = { byMbuf: new RecentMap(MOST_MBUFS), byPacketId: new RecentMap(MOST_PACKET_IDS) };
      this.#sessions.set(session, known);
    }
    return known;
  }
}

function mark(flow: Flow, isLast: boolean): FlowMark {
  const part = !flow.hasBegun ? 'first' : isLast ? 'last' : 'middle';
  flow.hasBegun = true;
  return { flow: flow.number, part };
}

/** A map that forgets what was put in first. */
class RecentMap<Value> {
  readonly #map = new Map<bigint | number, Value>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: bigint | number): Value | undefined {
    return this.#map.get(key);
  }

  take(key: bigint | number): Value | undefined {
    const value = this.#map.get(key);
    if (value !== undefined) this.#map.delete(key);
    return value;
  }

  set(key: bigint | number, value: Value): void {
    this.#map.set(key, value);
    if (this.#map.size > this.#most) this.#map.delete(this.#map.keys().next().value!);
  }
}
