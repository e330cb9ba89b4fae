/**
 * The events of one stream, in its order (CTF 1.8.3, sections 5 and 6; CTF2-SPEC-2.0, section 6.1): packets are opened and checked
 * one after another, events are walked by what their classes were compiled to. Only the event that it stands on is in memory for
 * sure. Reading ends where something is wrong.
 */
import { HoneError } from '../base/index.ts';
import type { ByteSource } from './byte-source.ts';
import { ClockTime } from './clock-time.ts';
import { updated } from './clock-update.ts';
import { type StructureCodec, setField } from './compile-fields.ts';
import type { EventCursor, EventDescription, PacketDescription } from './event-cursor.ts';
import type { EventStretch } from './event-layout.ts';
import { FieldReader, OVERRUN, StreamDamage } from './field-reader.ts';
import type { FieldValue, StructureValue } from './field-value.ts';
import { Halves } from './halves.ts';
import { PACKET_MAGIC } from './recording-layout.ts';
import type { EventDecoder, StreamDecoder, TraceDecoder } from './stream-decoder.ts';
import { MAXIMUM_WINDOW_BYTES, StreamWindow } from './stream-window.ts';
import { formatUuid } from './uuid-text.ts';

const NO_EVENT: EventDescription = {
  id: -1,
  name: '',
  logLevel: undefined,
  fieldNames: [],
  contextNames: [],
};
const NO_PACKET: PacketDescription = {
  offsetBytes: 0,
  beginNs: undefined,
  endNs: undefined,
  sequenceNumber: undefined,
  eventsDiscarded: undefined,
  context: {},
};

export class StreamCursor implements EventCursor {
  readonly name: string;
  readonly time: Halves = new Halves();
  packet: PacketDescription = NO_PACKET;
  damage: string | undefined = undefined;

  readonly #decoder: TraceDecoder;
  readonly #source: ByteSource;
  readonly #window: StreamWindow;
  readonly #reader = new FieldReader();
  #stream: StreamDecoder | undefined;
  #clock: ClockTime | undefined;
  #event: EventDecoder | undefined;

  #packetOffset = 0;
  #nextPacketOffset = 0;
  /** Of the packet's content, in bits from its beginning; as far as the file has it. */
  #contentBits = 0;
  /** Whether the limit of the reader is the content's end, and not only the window's. */
  #isLimitContent = true;
  /** Why the packet's content is less than it says; told when its events are through. */
  #cut: string | undefined;

  /** Where in the window the next event begins, and where the parts of this one do. */
  #nextBit = 0;
  #commonBit = 0;
  #contextBit = 0;
  #payloadBit = 0;
  /** Where the payload's first fields begin, as far as somebody has asked for. */
  #fieldBits: number[] = [];
  #fieldsKnown = 0;

  constructor(decoder: TraceDecoder, source: ByteSource) {
    this.name = source.name;
    this.#decoder = decoder;
    this.#source = source;
    this.#window = new StreamWindow(source);
  }

  get event(): EventDescription {
    return this.#event?.description ?? NO_EVENT;
  }

  get timeNs(): bigint {
    return this.time.signed;
  }

  next(): boolean {
    const reader = this.#reader;
    this.#fieldsKnown = 0;
    while (this.damage === undefined) {
      reader.bit = this.#nextBit;
      if (this.#nextBit >= reader.limit) {
        if (this.#isLimitContent) {
          if (!this.#openPacket()) break;
        } else this.#moveWindow();
        continue;
      }
      try {
        if (this.#tryWalkPlain() || this.#walkEvent()) return true;
        this.#nextBit = reader.limit;
      } catch (error) {
        if (error !== OVERRUN) this.#damaged(`event at byte ${this.#byteAt(this.#nextBit)}`, error);
        else if (this.#isLimitContent) {
          const what = this.#cut ?? 'it goes beyond the end of its packet';
          this.#damaged(`event at byte ${this.#byteAt(this.#nextBit)}`, new StreamDamage(what));
        } else this.#moveWindow();
      }
    }
    this.#event = undefined;
    return false;
  }

  field(name: string): FieldValue {
    return this.fieldAt(this.#event?.fieldIndex.get(name) ?? -1);
  }

  fieldAt(index: number): FieldValue {
    const event = this.#event;
    const member = event?.payload.members[index];
    if (event === undefined || member === undefined) return undefined;
    const reader = this.#reader;
    const { codec, offset } = member;
    reader.beginEvent();
    reader.bit = offset === undefined ? this.#fieldBit(event.payload, index) : this.#payloadBit + offset;
    return codec.decode(reader);
  }

  payload(): StructureValue {
    if (this.#event === undefined) return {};
    this.#reader.beginEvent();
    this.#reader.bit = this.#payloadBit;
    return this.#event.payload.decode(this.#reader);
  }

  context(): StructureValue {
    const common = this.#stream?.commonContext;
    const specific = this.#event?.context;
    const reader = this.#reader;
    reader.beginEvent();
    const value: Record<string, FieldValue> = {};
    if (this.#event !== undefined && common !== undefined) {
      reader.bit = this.#commonBit;
      assign(value, common.decode(reader));
    }
    if (specific !== undefined) {
      reader.bit = this.#contextBit;
      assign(value, specific.decode(reader));
    }
    return value;
  }

  ahead(): EventStretch | undefined {
    const layout = this.#event?.description.layout;
    const offset = this.#clock?.offset;
    const begin = this.#nextBit - 8 * (layout?.sizeBytes ?? 0);
    if (layout === undefined || offset === undefined || begin % 8 !== 0) return undefined;
    const bytes = this.#window.bytes.subarray(begin / 8, this.#reader.limit >>> 3);
    return { bytes, offsetBytes: this.#byteAt(begin), timeOffset: offset.signed };
  }

  skip(lengthBytes: number): void {
    this.#nextBit += 8 * (lengthBytes - this.#event!.description.layout!.sizeBytes);
  }

  /** False when the event is another, or not all of it is in the window. */
  #tryWalkPlain(): boolean {
    const stream = this.#stream!;
    const header = stream.plainHeader;
    if (header === undefined) return false;
    const reader = this.#reader;
    const start = this.#nextBit;
    const behindHeader = start + header.sizeBits;
    if (start % 8 !== 0 || behindHeader > reader.limit) return false;
    const at = start >>> 3;
    const { view, clock } = reader;
    const event = stream.event(header.readId(view, at));
    if (event?.plainBits === undefined) return false;
    const end = behindHeader + event.plainBits;
    if (end > reader.limit) return false;
    const { isTimeLittleEndian } = header;
    clock.set(
      view.getUint32(at + header.timeHigh, isTimeLittleEndian),
      view.getUint32(at + header.timeLow, isTimeLittleEndian),
    );
    this.#event = event;
    this.#payloadBit = behindHeader;
    this.#nextBit = end;
    this.#clock?.ns(clock, this.time);
    return true;
  }

  /** False when nothing is left of the packet but padding. */
  #walkEvent(): boolean {
    const reader = this.#reader;
    const stream = this.#stream!;
    const { eventHeader, commonContext } = stream;
    reader.beginEvent();
    reader.eventId = stream.onlyEventId;
    if (eventHeader !== undefined) {
      if (eventHeader.alignBits > 1) {
        reader.align(eventHeader.alignBits);
        if (reader.bit >= reader.limit) {
          if (this.#isLimitContent) return false;
          throw OVERRUN;
        }
      }
      eventHeader.skip(reader);
    }
    const event = stream.event(reader.eventId);
    if (event === undefined) {
      throw new StreamDamage(`no event of stream ${stream.streamClass.id} has the id ${reader.eventId}`);
    }
    if (commonContext !== undefined) {
      reader.align(commonContext.alignBits);
      this.#commonBit = reader.bit;
      commonContext.skip(reader);
    }
    const { context, payload } = event;
    if (context !== undefined) {
      reader.align(context.alignBits);
      this.#contextBit = reader.bit;
      context.skip(reader);
    }
    reader.align(payload.alignBits);
    this.#payloadBit = reader.bit;
    if (payload.isPlain) reader.bit += payload.sizeBits!;
    else payload.skip(reader);
    if (reader.bit > reader.limit) throw OVERRUN;
    if (reader.bit === this.#nextBit) throw new StreamDamage('an event without a size');
    this.#event = event;
    this.#nextBit = reader.bit;
    this.#clock?.ns(reader.clock, this.time);
    return true;
  }

  #fieldBit(payload: StructureCodec, index: number): number {
    const reader = this.#reader;
    const { members } = payload;
    let known = this.#fieldsKnown;
    reader.bit = this.#payloadBit;
    if (known > 0) {
      reader.bit = this.#fieldBits[known - 1]!;
      if (index >= known) members[known - 1]!.codec.skip(reader);
    }
    for (; known <= index; known++) {
      const { enter, codec } = members[known]!;
      enter?.(reader);
      this.#fieldBits[known] = reader.bit;
      this.#fieldsKnown = known + 1;
      if (known < index) codec.skip(reader);
    }
    return this.#fieldBits[index]!;
  }

  /** Loads the window from the next event on. */
  #moveWindow(): void {
    const window = this.#window;
    const skipped = this.#nextBit >>> 3;
    if (skipped === 0 && window.length === window.bytes.length) {
      if (!window.grow()) {
        const what = `it is larger than ${MAXIMUM_WINDOW_BYTES} bytes`;
        this.#damaged(`event at byte ${window.offset}`, new StreamDamage(what));
      }
    } else {
      const was = window.length;
      window.load(window.offset + skipped);
      if (skipped === 0 && window.length <= was) {
        this.#damaged(`event at byte ${window.offset}`, new StreamDamage('the stream became shorter'));
      }
    }
    this.#nextBit -= skipped * 8;
    this.#setLimit();
  }

  #setLimit(): void {
    const window = this.#window;
    const windowBits = (window.offset - this.#packetOffset) * 8;
    this.#reader.setWindow(window.bytes, windowBits);
    const left = this.#contentBits - windowBits;
    this.#isLimitContent = left <= window.length * 8;
    this.#reader.limit = this.#isLimitContent ? left : window.length * 8;
  }

  /** False when there is none, or what begins is none. */
  #openPacket(): boolean {
    if (this.#cut !== undefined) {
      this.#damaged(`packet at byte ${this.#packetOffset}`, new StreamDamage(this.#cut));
      return false;
    }
    if (this.#nextPacketOffset >= this.#source.sizeBytes) return false;
    this.#packetOffset = this.#nextPacketOffset;
    this.#window.load(this.#packetOffset);
    for (;;) {
      try {
        this.#readHead();
        return true;
      } catch (error) {
        if (error === OVERRUN && !this.#window.endsAtEnd && this.#window.grow()) continue;
        const why =
          error !== OVERRUN
            ? error
            : new StreamDamage(
                this.#window.endsAtEnd
                  ? 'the file ends in its header or context'
                  : `its header and context are larger than ${MAXIMUM_WINDOW_BYTES} bytes`,
              );
        this.#damaged(`packet at byte ${this.#packetOffset}`, why);
        return false;
      }
    }
  }

  #readHead(): void {
    const reader = this.#reader;
    const { packetHeader } = this.#decoder;
    this.#contentBits = (this.#source.sizeBytes - this.#packetOffset) * 8;
    this.#setLimit();
    reader.bit = 0;
    reader.beginPacket();
    // CTF 2 has the clock begin at 0 in every packet; 1.8 says nothing, and its clocks go on.
    if (this.#decoder.trace.version === '2') reader.clock.assign(0n);
    reader.beginEvent();
    packetHeader?.skip(reader);
    this.#checkHeader();
    const { packetContext } = this.#stream!;
    let context: StructureValue = {};
    if (packetContext !== undefined) {
      reader.align(packetContext.alignBits);
      const { bit } = reader;
      packetContext.skip(reader);
      reader.bit = bit;
      context = packetContext.decode(reader);
    }
    this.#checkSizes();
    const { hasBegin, endClock, endClockBits } = reader;
    const clock = this.#clock;
    this.packet = {
      offsetBytes: this.#packetOffset,
      beginNs: hasBegin ? clock?.nsOf(reader.clock.unsigned) : undefined,
      endNs:
        endClock === undefined
          ? undefined
          : clock?.nsOf(updated(reader.clock.unsigned, endClock, endClockBits)),
      sequenceNumber: reader.sequenceNumber === -1 ? undefined : reader.sequenceNumber,
      eventsDiscarded: reader.eventsDiscarded,
      context,
    };
    this.#nextBit = reader.bit;
  }

  #checkHeader(): void {
    const { magic, uuid, streamId } = this.#reader;
    const { trace } = this.#decoder;
    if (magic !== -1 && magic !== PACKET_MAGIC) {
      throw new StreamDamage(`got magic 0x${magic.toString(16)}, expected 0x${PACKET_MAGIC.toString(16)}`);
    }
    if (uuid !== undefined && trace.uuid !== undefined && formatUuid(uuid) !== formatUuid(trace.uuid)) {
      throw new StreamDamage(`it is of trace ${formatUuid(uuid)}, expected ${formatUuid(trace.uuid)}`);
    }
    const stream = streamId === -1 ? this.#decoder.onlyStream : this.#decoder.stream(streamId);
    if (stream === undefined) {
      throw new StreamDamage(
        streamId === -1 ? 'it names no stream class' : `no stream class has the id ${streamId}`,
      );
    }
    if (this.#stream !== undefined && this.#stream !== stream) {
      const was = this.#stream.streamClass.id;
      throw new StreamDamage(`it is of stream class ${streamId}, the ones before are of ${was}`);
    }
    if (this.#stream === undefined) {
      this.#stream = stream;
      const { clock } = stream.streamClass;
      this.#clock = clock && new ClockTime(clock);
    }
  }

  #checkSizes(): void {
    const { bit, contentBits, packetBits } = this.#reader;
    const fileBits = (this.#source.sizeBytes - this.#packetOffset) * 8;
    const whole =
      packetBits !== -1 ? packetBits : contentBits !== -1 ? Math.ceil(contentBits / 8) * 8 : fileBits;
    const content = contentBits !== -1 ? contentBits : whole;
    if (whole % 8 !== 0) throw new StreamDamage(`its size of ${whole} bits is no whole number of bytes`);
    if (content > whole)
      throw new StreamDamage(`its content of ${content} bits is more than its size of ${whole}`);
    if (content < bit)
      throw new StreamDamage(`its content of ${content} bits is less than its header and context`);
    this.#nextPacketOffset = this.#packetOffset + whole / 8;
    this.#cut =
      whole > fileBits ? `the file ends after ${fileBits / 8} bytes of it, expected ${whole / 8}` : undefined;
    this.#contentBits = Math.min(content, fileBits);
    this.#setLimit();
  }

  #byteAt(bit: number): number {
    return this.#window.offset + (bit >>> 3);
  }

  #damaged(where: string, error: unknown): void {
    if (!(error instanceof StreamDamage) && !(error instanceof HoneError)) throw error;
    this.damage ??= `${this.name}: ${where}: ${error.message}`;
  }
}

function assign(into: Record<string, FieldValue>, from: StructureValue): void {
  for (const name of Object.keys(from)) setField(into, name, from[name]);
}
