/** Events as `babeltrace2 --clock-seconds --no-delta --fields=loglevel` prints them, from what hone's reader gives. */
import {
  EnumerationValue,
  type EventCursor,
  type FieldClass,
  type FieldValue,
  type StreamClass,
  type Trace,
} from '../../src/ctf/index.ts';

type Structure = FieldClass & { kind: 'structure' };

/** Of the packet context, what babeltrace2 takes for itself. */
const OWN = new Set([
  'timestamp_begin',
  'timestamp_end',
  'content_size',
  'packet_size',
  'packet_seq_num',
  'events_discarded',
]);

export interface EventText {
  readonly timeNs: bigint;
  readonly text: string;
}

export function babeltraceText(trace: Trace, cursor: EventCursor): EventText {
  const stream = streamOf(trace, cursor);
  const event = stream.events.get(cursor.event.id)!;
  const contexts = cursor.context();
  const parts = [
    part(stream.packetContext, cursor.packet.context, OWN),
    part(stream.eventContext, contexts),
    part(event.context, contexts),
    part(event.payload, cursor.payload()),
  ].filter((text) => text !== undefined);
  return { timeNs: cursor.timeNs, text: `${cursor.event.name}: ${parts.join(', ')}` };
}

/** Traces of these tests have one stream class, or events whose names tell. */
function streamOf({ traceClass }: Trace, cursor: EventCursor): StreamClass {
  for (const stream of traceClass.streams.values()) {
    if (stream.events.get(cursor.event.id)?.name === cursor.event.name) return stream;
  }
  throw new Error(`no class for ${cursor.event.name}`);
}

function part(
  of: FieldClass | undefined,
  values: FieldValue,
  without = new Set<string>(),
): string | undefined {
  if (of === undefined) return undefined;
  const structure = of as Structure;
  return format(
    { ...structure, members: structure.members.filter(({ name }) => !without.has(name)) },
    values,
  );
}

function format(of: FieldClass, value: FieldValue): string {
  if (of.kind === 'structure') {
    const fields = of.members.map(
      ({ name, fieldClass }) =>
        `${name} = ${format(fieldClass, (value as Record<string, FieldValue>)[name])}`,
    );
    return fields.length === 0 ? '{ }' : `{ ${fields.join(', ')} }`;
  }
  if (typeof value === 'string') return `"${value}"`;
  if (of.kind === 'array') {
    const items = (value as FieldValue[]).map((item, index) => `[${index}] = ${format(of.element, item)}`);
    return items.length === 0 ? '[ ]' : `[ ${items.join(', ')} ]`;
  }
  if (value instanceof EnumerationValue) {
    const label = value.labels.length === 0 ? '<unknown>' : `"${value.labels[0]}"`;
    return `( ${label} : container = ${value.value} )`;
  }
  if (of.kind === 'float') return percentG(value as number);
  if (of.kind === 'integer' && of.base === 16)
    return `0x${BigInt(value as number)
      .toString(16)
      .toUpperCase()}`;
  return String(value);
}

/** C's %g: six significant digits, without the zeros at their end. */
function percentG(value: number): string {
  if (value === 0) return '0';
  const exponent = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(6)))));
  if (exponent >= -4 && exponent < 6) return String(Number(value.toPrecision(6)));
  const [digits, power] = value.toExponential(5).split('e') as [string, string];
  return `${Number(digits)}e${power[0]}${power.slice(1).padStart(2, '0')}`;
}

/** Lines of babeltrace2; its order among events of the same time is its own. */
export function parseBabeltrace(stdout: string): EventText[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const match = /^\[(\d+)\.(\d{9})\] (?:TRACE_\w+ \(\d+\) )?(.*)$/.exec(line);
      if (match === null) throw new Error(`no line of an event: ${line}`);
      return { timeNs: BigInt(match[1]! + match[2]!), text: match[3]! };
    });
}

export function inOrder(events: readonly EventText[]): EventText[] {
  return [...events].sort((one, other) =>
    one.timeNs !== other.timeNs ? (one.timeNs < other.timeNs ? -1 : 1) : one.text < other.text ? -1 : 1,
  );
}
