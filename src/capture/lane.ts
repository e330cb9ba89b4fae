/**
 * One ring as the merge sees it: the bursts that were pending at the last look, taken one after another. Times are
 * on the session's clock, so that lanes of several applications compare. A lane copies nothing and
 * checks what the order and the counts rest on: that a burst starts with a packet block. The blocks after it are
 * the writer's.
 */
import { PeerError } from '../base/index.ts';
import type { Ring } from '../target/index.ts';

const EPB_TYPE = 6;
/** A whole Enhanced Packet Block is at least this long. */
const EPB_MINIMUM = 32;

export class Lane {
  readonly ring: Ring;
  /** Which of the session's sources the ring belongs to. */
  readonly source: number;
  /** Time of the newest burst seen so far (ns on the session's clock). */
  newestNs: number = Number.NEGATIVE_INFINITY;

  /** The pending bytes of the last look, or what is left of them after a release. */
  view: Uint8Array = new Uint8Array(0);
  /** Where the next burst starts in `view`: bytes taken and not yet released. */
  offset = 0;
  /** The next burst; meaningful while `ready`. */
  timeNs = 0;
  bytes = 0;
  packets = 0;

  #baseNs: number;
  #pending = 0;
  #taken = 0;

  /** @param baseNs the zero of the ring's clock on the session's clock */
  constructor(ring: Ring, source: number, baseNs: number) {
    this.ring = ring;
    this.source = source;
    this.#baseNs = baseNs;
  }

  /** Looks at what the writer has published. Nothing may be taken that is not yet released. */
  look(): void {
    const { ring } = this;
    ring.refresh();
    this.#pending = ring.pendingBursts;
    if (this.#pending > 0) this.newestNs = ring.burstTime(this.#pending - 1) + this.#baseNs;
    this.#rewind();
  }

  /** A burst is left of those seen at the last look. */
  get ready(): boolean {
    return this.#taken < this.#pending;
  }

  /** Bytes seen at the last look and not yet taken. */
  get leftBytes(): number {
    return this.view.length - this.offset;
  }

  /**
   * The interface of the next burst, on the source's own count.
   * @throws PeerError PEER_PROTOCOL when the burst does not start with a packet block
   */
  get interfaceId(): number {
    const { view, offset } = this;
    const type = readU32(view, offset);
    const length = readU32(view, offset + 4);
    if (type !== EPB_TYPE || length < EPB_MINIMUM || length > this.bytes) {
      throw new PeerError(
        'PEER_PROTOCOL',
        `ring ${this.ring.ringId}: broken packet block (got type ${type} of ${length} bytes, ` +
          `expected type ${EPB_TYPE} of ${EPB_MINIMUM} to ${this.bytes} bytes)`,
      );
    }
    return readU32(view, offset + 8);
  }

  /** Takes the next burst: it stays in `view`, before `offset`, until it is released. */
  take(): void {
    this.offset += this.bytes;
    this.#taken++;
    this.#describe();
  }

  /** Gives the room of what was taken back to the writer. Views of it are invalid afterwards. */
  release(): void {
    if (this.#taken === 0) return;
    this.ring.release(this.#taken, this.offset);
    this.#pending -= this.#taken;
    this.#rewind();
  }

  #rewind(): void {
    this.#taken = 0;
    this.offset = 0;
    this.view = this.ring.borrow(this.ring.pendingBytes);
    this.#describe();
  }

  #describe(): void {
    const { ring } = this;
    const burst = this.#taken;
    if (burst >= this.#pending) return;
    this.timeNs = ring.burstTime(burst) + this.#baseNs;
    this.bytes = ring.burstBytes(burst);
    this.packets = ring.burstPackets(burst);
    if (this.bytes > this.leftBytes) {
      throw new PeerError(
        'PEER_PROTOCOL',
        `ring ${ring.ringId}: got a burst of ${this.bytes} bytes, expected at most ${this.leftBytes}`,
      );
    }
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
