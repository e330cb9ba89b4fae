/**
 * The metadata of a recording in the form of CTF 2: a JSON text sequence (RFC 7464) of fragments (CTF2-SPEC-2.0, section 5). Events
 * carry their log level as babeltrace2 writes it.
 */
import { assertUnreachable } from '../base/index.ts';
import { LOG_LEVEL_NAMESPACE, logLevelName } from './log-level.ts';
import {
  CLOCK_FREQUENCY,
  CLOCK_NAME,
  EVENT_HEADER,
  type LayoutMember,
  PACKET_CONTEXT,
  PACKET_HEADER,
  STREAM_CLASS_ID,
} from './recording-layout.ts';
import type { RecordedEventShape, RecordedFieldShape, RecordingShape } from './recording-shape.ts';
import { formatUuid } from './uuid-text.ts';

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json | undefined };

const TEXT = { type: 'null-terminated-string' } as const;

export function formatCtf2Metadata(shape: RecordingShape): string {
  const fragments: Json[] = [
    { type: 'preamble', version: 2, uuid: [...shape.uuid] },
    {
      type: 'trace-class',
      uid: formatUuid(shape.uuid),
      environment: Object.fromEntries(
        Object.entries(shape.environment).map(([name, value]) => [
          name,
          typeof value === 'number' ? Math.trunc(value) : value,
        ]),
      ),
      'packet-header-field-class': layoutStructure(PACKET_HEADER),
    },
    {
      type: 'clock-class',
      id: CLOCK_NAME,
      name: CLOCK_NAME,
      description: 'nanoseconds since 1970-01-01 00:00:00 UTC',
      frequency: CLOCK_FREQUENCY,
      precision: 1,
      origin: 'unix-epoch',
    },
    {
      type: 'data-stream-class',
      id: STREAM_CLASS_ID,
      'default-clock-class-id': CLOCK_NAME,
      'packet-context-field-class': layoutStructure(PACKET_CONTEXT),
      'event-record-header-field-class': layoutStructure(EVENT_HEADER),
    },
    ...shape.events.map(eventFragment),
  ];
  return fragments.map((fragment) => `\x1e${JSON.stringify(fragment)}\n`).join('');
}

function eventFragment(event: RecordedEventShape): Json {
  const level = logLevelName(event.logLevel);
  return {
    type: 'event-record-class',
    id: event.id,
    'data-stream-class-id': STREAM_CLASS_ID,
    name: event.name,
    attributes: level === undefined ? undefined : { [LOG_LEVEL_NAMESPACE]: { 'log-level': level } },
    'payload-field-class': structure(event.fields.map(({ name, type }) => [name, fieldClass(type)])),
  };
}

function structure(members: readonly (readonly [name: string, fieldClass: Json])[]): Json {
  return {
    type: 'structure',
    'minimum-alignment': 8,
    'member-classes': members.map(([name, fieldClass]) => ({ name, 'field-class': fieldClass })),
  };
}

function layoutStructure(members: readonly LayoutMember[]): Json {
  return structure(members.map((member) => [member.name, layoutClass(member)]));
}

function layoutClass({ type, base, roles }: LayoutMember): Json {
  if (type === 'text') return TEXT;
  if (type === 'uuid') return { type: 'static-length-blob', length: 16, roles };
  return { ...bits('unsigned-integer', type), 'preferred-display-base': base, roles };
}

function fieldClass(type: RecordedFieldShape['type']): Json {
  switch (type.kind) {
    case 'text':
      return TEXT;
    case 'float':
      return bits('floating-point-number', type.bytes);
    case 'integer':
      return {
        ...bits(type.isSigned ? 'signed-integer' : 'unsigned-integer', type.bytes),
        'preferred-display-base': type.base === 16 ? 16 : undefined,
        mappings: mappings(type.labels ?? []),
      };
    default:
      return assertUnreachable(type);
  }
}

function bits(kind: string, bytes: number): { readonly [key: string]: Json } {
  return { type: `fixed-length-${kind}`, length: bytes * 8, 'byte-order': 'little-endian', alignment: 8 };
}

/** Ranges of the values of each label. */
function mappings(labels: readonly { readonly label: string; readonly value: number }[]): Json | undefined {
  if (labels.length === 0) return undefined;
  const ranges = new Map<string, number[][]>();
  for (const { label, value } of labels) {
    ranges.set(label, [...(ranges.get(label) ?? []), [value, value]]);
  }
  return Object.fromEntries(ranges);
}
