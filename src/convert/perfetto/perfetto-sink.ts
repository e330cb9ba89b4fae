/**
 * A timeline in Perfetto's native format: packets of one sequence, names that repeat written once. It opens in Perfetto's UI and trace
 * processor. Times are nanoseconds since 1970; what is said to be the clock since boot is the same, so that nothing is shifted.
 */
import type { OutputStream } from '../../output/index.ts';
import type { FlowMark, Moment, TimelineSink, Track } from '../timeline/timeline-sink.ts';
import { writeAnnotation } from './annotation.ts';
import { InternedNames } from './interned-names.ts';
import { ProtoWriter } from './proto-writer.ts';
import * as field from './trace-fields.ts';

const SEQUENCE = 1;
/** int64 of counters. */
const LARGEST_INTEGER = (1n << 63n) - 1n;
const GATHERED_BYTES = 256 << 10;

export class PerfettoSink implements TimelineSink {
  readonly #stream: OutputStream;
  readonly #writer = new ProtoWriter();
  readonly #names = new InternedNames(field.internedData.eventNames);
  readonly #annotationNames = new InternedNames(field.internedData.debugAnnotationNames);
  #hasBegun = false;

  /** Takes over `stream`. */
  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  addTrack({ number, parent, process, kind, name, tid }: Track): void {
    const { trackDescriptor, processDescriptor, threadDescriptor } = field;
    const writer = this.#writer;
    this.#openPacket();
    writer.open(field.tracePacket.trackDescriptor);
    writer.uint(trackDescriptor.uuid, number);
    if (parent !== undefined) writer.uint(trackDescriptor.parentUuid, parent.number);
    if (kind === 'process' && process.pid !== undefined) {
      writer.open(trackDescriptor.process);
      writer.int(processDescriptor.pid, process.pid);
      writer.string(processDescriptor.processName, name);
      writer.close();
    } else if (kind === 'thread' && process.pid !== undefined) {
      writer.open(trackDescriptor.thread);
      writer.int(threadDescriptor.pid, process.pid);
      writer.int(threadDescriptor.tid, tid!);
      writer.string(threadDescriptor.threadName, name);
      writer.close();
    } else {
      writer.string(trackDescriptor.name, name);
      if (kind === 'counter') {
        writer.open(trackDescriptor.counter);
        writer.close();
      }
    }
    writer.close();
    this.#closePacket();
  }

  begin(track: Track, moment: Moment): void {
    this.#putMoment(track, moment, field.eventType.sliceBegin);
  }

  end(track: Track, timeNs: bigint): void {
    this.#openEvent(track, timeNs, field.eventType.sliceEnd);
    this.#closeEvent();
  }

  instant(track: Track, moment: Moment): void {
    this.#putMoment(track, moment, field.eventType.instant);
  }

  count(track: Track, timeNs: bigint, value: number | bigint): void {
    this.#openEvent(track, timeNs, field.eventType.counter);
    const isInteger = typeof value === 'bigint' ? value <= LARGEST_INTEGER : Number.isSafeInteger(value);
    if (isInteger) this.#writer.int(field.trackEvent.counterValue, value);
    else this.#writer.double(field.trackEvent.doubleCounterValue, Number(value));
    this.#closeEvent();
  }

  /** What was gathered goes out. Undefined when there is nothing to wait for. */
  flush(): Promise<void> | undefined {
    return this.#writer.length < GATHERED_BYTES ? undefined : this.#stream.put(this.#writer.take());
  }

  async finish(): Promise<void> {
    await this.#stream.put(this.#writer.take());
    await this.#stream.close();
  }

  #putMoment(track: Track, moment: Moment, type: number): void {
    const writer = this.#writer;
    const { name, isNameRepeated, fields, flows } = moment;
    this.#openEvent(track, moment.timeNs, type);
    const iid = isNameRepeated ? this.#names.find(name) : undefined;
    if (iid === undefined) writer.string(field.trackEvent.name, name);
    else writer.uint(field.trackEvent.nameIid, iid);
    for (const key in fields) {
      writeAnnotation(writer, field.trackEvent.debugAnnotations, key, fields[key], this.#annotationNames);
    }
    for (const flow of flows) this.#putFlow(flow);
    this.#closeEvent();
  }

  #putFlow({ flow, part }: FlowMark): void {
    const { flowIds, terminatingFlowIds } = field.trackEvent;
    this.#writer.fixed64(part === 'last' ? terminatingFlowIds : flowIds, flow);
  }

  #openEvent(track: Track, timeNs: bigint, type: number): void {
    if (!this.#hasBegun) this.#putClocks(timeNs);
    this.#openPacket();
    this.#writer.uint(field.tracePacket.timestamp, timeNs);
    this.#writer.open(field.tracePacket.trackEvent);
    this.#writer.uint(field.trackEvent.type, type);
    this.#writer.uint(field.trackEvent.trackUuid, track.number);
  }

  /** Names that this event has used first come with it. */
  #closeEvent(): void {
    this.#writer.close();
    if (this.#names.hasNew || this.#annotationNames.hasNew) {
      this.#writer.open(field.tracePacket.internedData);
      this.#names.writeNew(this.#writer);
      this.#annotationNames.writeNew(this.#writer);
      this.#writer.close();
    }
    this.#closePacket();
  }

  #openPacket(): void {
    this.#writer.open(field.trace.packet);
  }

  #closePacket(): void {
    this.#writer.uint(field.tracePacket.trustedPacketSequenceId, SEQUENCE);
    const flags = this.#isFirst
      ? field.sequenceFlags.incrementalStateCleared
      : field.sequenceFlags.needsIncrementalState;
    this.#writer.uint(field.tracePacket.sequenceFlags, flags);
    if (this.#isFirst) this.#writer.bool(field.tracePacket.firstPacketOnSequence, true);
    this.#isFirst = false;
    this.#writer.close();
  }

  #isFirst = true;

  #putClocks(timeNs: bigint): void {
    const { clockSnapshot, clocks } = field;
    this.#hasBegun = true;
    this.#openPacket();
    this.#writer.open(field.tracePacket.clockSnapshot);
    for (const clock of [clocks.boottime, clocks.realtime]) {
      this.#writer.open(clockSnapshot.clocks);
      this.#writer.uint(clockSnapshot.clockId, clock);
      this.#writer.uint(clockSnapshot.timestamp, timeNs);
      this.#writer.close();
    }
    this.#writer.close();
    this.#closePacket();
  }
}
