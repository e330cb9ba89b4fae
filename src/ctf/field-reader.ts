/**
 * Where decoders stand in the bytes of a packet, and what they have found: positions are in bits from the beginning of a window
 * of the stream. It checks that nothing is read beyond the window's or the packet's end, and bounds what one event can
 * ask for. It knows nothing of classes.
 */
import { Halves } from './halves.ts';

/** Thrown when a field goes beyond `limit`: more of the packet must be read, or it is damaged. */
export const OVERRUN: { readonly overrun: true } = { overrun: true };

/** Thrown for values that no field can have; the message goes on from "event at byte N: ". */
export class StreamDamage {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** Elements of arrays in one event, those without a size included. */
const MAXIMUM_ELEMENTS = 1 << 24;
/** Alignments are at most this, so that a window's place in its packet is of no further interest. */
const PHASE_BITS = 1 << 24;

export class FieldReader {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  /** Where the next field begins. */
  bit = 0;
  /** What lies behind it must not be read. */
  limit = 0;
  /** Values that other fields refer to; a number where that is exact. */
  readonly slots: (number | bigint | undefined)[] = [];

  /** The value of the stream's clock. */
  readonly clock: Halves = new Halves();

  /** What fields with roles said; -1 where none did. Bits for the lengths. */
  magic = -1;
  streamId = -1;
  streamInstance = -1;
  contentBits = -1;
  packetBits = -1;
  sequenceNumber = -1;
  eventId = -1;
  eventsDiscarded: bigint | undefined = undefined;
  hasBegin = false;
  endClock: bigint | undefined = undefined;
  endClockBits = 64;
  uuid: Uint8Array | undefined = undefined;

  #phase = 0;
  #elementsLeft = MAXIMUM_ELEMENTS;

  /** @param windowBits where the window begins, counted from the packet's beginning */
  setWindow(bytes: Uint8Array, windowBits: number): void {
    if (this.bytes.buffer !== bytes.buffer) {
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.bytes = bytes;
    this.#phase = windowBits % PHASE_BITS;
  }

  /** Forgets what the roles of a packet's head said. */
  beginPacket(): void {
    this.magic = this.streamId = this.streamInstance = this.contentBits = this.packetBits = -1;
    this.sequenceNumber = -1;
    this.eventsDiscarded = this.endClock = this.uuid = undefined;
    this.hasBegin = false;
  }

  beginEvent(): void {
    this.#elementsLeft = MAXIMUM_ELEMENTS;
  }

  advance(bits: number): void {
    const end = this.bit + bits;
    if (end > this.limit) throw OVERRUN;
    this.bit = end;
  }

  /** Goes on to a multiple of `alignBits`, a power of two, counted from the packet's beginning. */
  align(alignBits: number): void {
    const phase = this.#phase;
    this.bit = ((this.bit + phase + alignBits - 1) & -alignBits) - phase;
  }

  /** To be called with the number of elements before an array is gone through. */
  claimElements(count: number): void {
    if (count > this.#elementsLeft) {
      throw new StreamDamage(`arrays of more than ${MAXIMUM_ELEMENTS} elements`);
    }
    this.#elementsLeft -= count;
  }
}
