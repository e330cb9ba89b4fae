/**
 * From selected places to a recording: which events there are and how each lies in its stream, what a target is asked for, and
 * what attachments are to the person who reads the summary. An event is one, wherever it was selected.
 */
import { UnsupportedError } from '../base/index.ts';
import { encodeEbpf } from '../bpf/index.ts';
import type { RecordedEventShape, RecordedFieldShape } from '../ctf/index.ts';
import type { CompiledSelection, SelectedPlace } from '../script/index.ts';
import type { RecordedEvent, TraceAttachment, TraceRequest } from '../target/index.ts';
import type { ProbeArgument, ProbePoint } from '../tracepoints/index.ts';

/** LTTng's level of a point that has none: TRACE_DEBUG_LINE. */
const DEFAULT_LOG_LEVEL = 13;
/** Event numbers have 16 bits. */
const MAX_EVENTS = 65_536;
/** Arguments that nobody reads as decimal numbers. */
const HEXADECIMAL: ReadonlySet<string> = new Set(['mbuf', 'ol_flags', 'packet_type']);

/** One attachment of the request. */
export interface PlannedAttachment {
  /** What was selected: `dpdk:rx_burst:0`. */
  readonly name: string;
  /** What the recording calls it. */
  readonly recordedAs: string;
  /** The number of its event; undefined for a trigger, which records nothing. */
  readonly event: number | undefined;
}

export interface RecordingPlan {
  readonly events: readonly RecordedEventShape[];
  readonly request: TraceRequest;
  /** In the order of the request's. */
  readonly attachments: readonly PlannedAttachment[];
}

export interface RecordingPlanOptions {
  readonly selection: CompiledSelection;
  /** Places whose hits ask for a snapshot. */
  readonly trigger: CompiledSelection | undefined;
  /** Data area of each writer's ring, a power of two. */
  readonly ringBytes: number;
}

/** @throws UnsupportedError for points that lie where no record can be made of them */
export function planRecording({ selection, trigger, ringBytes }: RecordingPlanOptions): RecordingPlan {
  const programs: Uint8Array[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (predicate: SelectedPlace['predicate']): number | undefined => {
    if (predicate === undefined) return undefined;
    const bytes = encodeEbpf(predicate.program);
    const key = bytes.join();
    if (!numbers.has(key)) numbers.set(key, programs.push(bytes) - 1);
    return numbers.get(key)!;
  };
  const points = [...new Map(selection.places.map(({ point }) => [eventNameOf(point), point])).values()];
  if (points.length > MAX_EVENTS) {
    throw new UnsupportedError(`${points.length} kinds of events`, `at most ${MAX_EVENTS}`);
  }
  const events = points.map(shapeOf);
  const recorded = selection.places.map((place): readonly [PlannedAttachment, TraceAttachment] => {
    const event = points.findIndex((point) => eventNameOf(point) === eventNameOf(place.point));
    const record = recordOf(place.point, event);
    return [{ ...namesOf(place), event }, attach(place, numberOf(place.predicate), record)];
  });
  const triggers = (trigger?.places ?? []).map((place): readonly [PlannedAttachment, TraceAttachment] => [
    { ...namesOf(place), event: undefined },
    attach(place, numberOf(place.predicate), undefined),
  ]);
  const all = [...recorded, ...triggers];
  return {
    events,
    attachments: all.map(([planned]) => planned),
    request: {
      programs,
      attachments: all.map(([, attachment]) => attachment),
      contextBytes: selection.contextBytes,
      stateOffset: selection.stateOffset,
      keyedMaps: [],
      seed: 0,
      initialState: undefined,
      ringBytes,
    },
  };
}

function namesOf({ point, port, queue }: SelectedPlace): Pick<PlannedAttachment, 'name' | 'recordedAs'> {
  const places = queue === undefined ? [port] : [port ?? '*', queue];
  const name = [point.name, ...places.filter((place) => place !== undefined)].join(':');
  return { name, recordedAs: eventNameOf(point) };
}

function eventNameOf({ name, recordedAs }: ProbePoint): string {
  return recordedAs ?? name;
}

function attach(
  { point, port, queue, predicate }: SelectedPlace,
  program: number | undefined,
  record: RecordedEvent | undefined,
): TraceAttachment {
  const recorded = record?.fields.reduce((bits, { argument }) => bits | (1 << argument), 0) ?? 0;
  return {
    point: point.name,
    portId: port,
    queueId: queue,
    program,
    needsTime: record !== undefined || predicate?.needsTime === true,
    packetBytes: predicate?.packetBytes ?? 0,
    argumentsUsed: recorded | (predicate?.argumentsUsed ?? 0),
    ...(record === undefined ? {} : { record }),
  };
}

function recordOf(point: ProbePoint, id: number): RecordedEvent {
  return {
    id,
    fields: point.arguments.map(({ name, place, type }) => {
      if (place.kind !== 'context') {
        throw new UnsupportedError(`${point.name}: ${name} cannot be recorded`, 'points of the application');
      }
      return { argument: place.index, bytes: type.kind === 'text' ? 'text' : type.bytes };
    }),
  };
}

function shapeOf(point: ProbePoint, id: number): RecordedEventShape {
  return {
    id,
    name: eventNameOf(point),
    logLevel: point.logLevel ?? DEFAULT_LOG_LEVEL,
    fields: point.arguments.map(fieldOf),
  };
}

function fieldOf({ name, type, recordedAs, labels }: ProbeArgument): RecordedFieldShape {
  const field = { name: recordedAs ?? name };
  if (type.kind === 'text') return { ...field, type: { kind: 'text' } };
  const { bytes, isSigned } = type;
  return {
    ...field,
    type: { kind: 'integer', bytes, isSigned, base: HEXADECIMAL.has(name) ? 16 : 10, labels },
  };
}
