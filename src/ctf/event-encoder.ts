/**
 * The events of one packet of a recording, from values to bytes: little-endian, one after another without padding
 * (recording-shape.ts). It knows nothing of packets; their heads are encodePacketHead's.
 */
import type { RecordedEventShape } from './recording-shape.ts';

export type RecordedValue = number | bigint | string;

/** More than any field but a text can take. */
const FIELD_ROOM = 8;
/** Of an event's header: u16 id, u64 time. */
const HEADER_BYTES = 10;
const WORD = 0x1_0000_0000;
const encoder = new TextEncoder();

export class EventEncoder {
  #bytes: Uint8Array = new Uint8Array(1 << 16);
  #view: DataView = new DataView(this.#bytes.buffer);
  lengthBytes = 0;

  /**
   * Writes one event. Integers are cut to their field's width, texts at their first zero.
   * @param values of the fields, in their order: numbers (or bigints) for integers and floats, strings for texts
   */
  add(event: RecordedEventShape, timeNs: bigint, values: readonly RecordedValue[]): void {
    this.#reserve(HEADER_BYTES + event.fields.length * FIELD_ROOM);
    this.#view.setUint16(this.lengthBytes, event.id, true);
    this.#view.setBigUint64(this.lengthBytes + 2, timeNs, true);
    this.lengthBytes += HEADER_BYTES;
    for (let index = 0; index < event.fields.length; index++) {
      const { type } = event.fields[index]!;
      const value = values[index]!;
      if (type.kind === 'text') {
        this.#text(String(value), (event.fields.length - index) * FIELD_ROOM);
        continue;
      }
      if (type.kind === 'integer') this.#integer(type.bytes, value);
      else if (type.bytes === 8) this.#view.setFloat64(this.lengthBytes, Number(value), true);
      else this.#view.setFloat32(this.lengthBytes, Number(value), true);
      this.lengthBytes += type.bytes;
    }
  }

  /** A view of what was added since the last `clear`; valid until the next `add`. */
  borrowBytes(): Uint8Array {
    return this.#bytes.subarray(0, this.lengthBytes);
  }

  clear(): void {
    this.lengthBytes = 0;
  }

  #integer(bytes: 1 | 2 | 4 | 8, value: RecordedValue): void {
    const view = this.#view;
    const at = this.lengthBytes;
    if (bytes === 8) {
      if (typeof value === 'number') {
        const whole = Math.trunc(value);
        view.setUint32(at, whole, true);
        view.setUint32(at + 4, Math.floor(whole / WORD), true);
      } else view.setBigUint64(at, BigInt(value), true);
      return;
    }
    const number = typeof value === 'bigint' ? Number(BigInt.asUintN(32, value)) : Number(value);
    if (bytes === 4) view.setUint32(at, number, true);
    else if (bytes === 2) view.setUint16(at, number, true);
    else view.setUint8(at, number);
  }

  #text(text: string, roomAfter: number): void {
    const end = text.indexOf('\0');
    const whole = end === -1 ? text : text.slice(0, end);
    // UTF-8 takes at most three bytes for a unit of UTF-16.
    this.#reserve(whole.length * 3 + 1 + roomAfter);
    const { written } = encoder.encodeInto(whole, this.#bytes.subarray(this.lengthBytes));
    this.#bytes[this.lengthBytes + written] = 0;
    this.lengthBytes += written + 1;
  }

  #reserve(count: number): void {
    const needed = this.lengthBytes + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
