/**
 * The metadata of a recording as TSDL, the language of CTF 1.8 (CTF 1.8.3, section 7 and annex C), in plain text: not in packets. What is
 * written is what babeltrace2 2.0 reads without a warning.
 */
import { assertUnreachable } from '../base/index.ts';
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
import { formatTsdlString, tsdlIdentifiers } from './tsdl-text.ts';
import { formatUuid } from './uuid-text.ts';

export function formatTsdl(shape: RecordingShape): string {
  const uuid = formatUuid(shape.uuid);
  return [
    '/* CTF 1.8 */\n\n',
    block('trace', [
      'major = 1;',
      'minor = 8;',
      `uuid = "${uuid}";`,
      'byte_order = le;',
      ...structure('packet.header', PACKET_HEADER.map(layoutMember)),
    ]),
    block('env', environment(shape)),
    block('clock', [
      `name = ${CLOCK_NAME};`,
      'description = "nanoseconds since 1970-01-01 00:00:00 UTC";',
      `freq = ${CLOCK_FREQUENCY};`,
      'precision = 1;',
      'offset_s = 0;',
      'offset = 0;',
      'absolute = TRUE;',
    ]),
    block('stream', [
      `id = ${STREAM_CLASS_ID};`,
      ...structure('event.header', EVENT_HEADER.map(layoutMember)),
      ...structure('packet.context', PACKET_CONTEXT.map(layoutMember)),
    ]),
    ...shape.events.map(event),
  ].join('');
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.map((line) => `\t${line}\n`).join('')}};\n\n`;
}

function structure(scope: string, members: readonly string[]): string[] {
  return [`${scope} := struct {`, ...members.map((member) => `\t${member}`), '} align(8);'];
}

function environment(shape: RecordingShape): string[] {
  const names = tsdlIdentifiers(Object.keys(shape.environment));
  return Object.values(shape.environment).map((value, index) => {
    const text = typeof value === 'number' ? String(Math.trunc(value)) : formatTsdlString(value);
    return `${names[index]} = ${text};`;
  });
}

function event(shape: RecordedEventShape): string {
  const names = tsdlIdentifiers(shape.fields.map((field) => field.name));
  return block('event', [
    `name = ${formatTsdlString(shape.name)};`,
    `id = ${shape.id};`,
    `stream_id = ${STREAM_CLASS_ID};`,
    `loglevel = ${shape.logLevel};`,
    ...structure(
      'fields',
      shape.fields.map((field, index) => `${fieldClass(field.type)} ${names[index]};`),
    ),
  ]);
}

function layoutMember({ name, type, base, isTime }: LayoutMember): string {
  if (type === 'text') return `string { encoding = UTF8; } ${name};`;
  if (type === 'uuid') return `${integer(1, false)} ${name}[16];`;
  return `${integer(type, false, base, isTime ? `map = clock.${CLOCK_NAME}.value; ` : '')} ${name};`;
}

function fieldClass(type: RecordedFieldShape['type']): string {
  switch (type.kind) {
    case 'text':
      return 'string { encoding = UTF8; }';
    case 'float': {
      const [exponent, mantissa] = type.bytes === 4 ? [8, 24] : [11, 53];
      return `floating_point { exp_dig = ${exponent}; mant_dig = ${mantissa}; align = 8; }`;
    }
    case 'integer': {
      const container = integer(type.bytes, type.isSigned, type.base === 16 ? 16 : undefined);
      if (type.labels === undefined || type.labels.length === 0) return container;
      const mappings = type.labels.map(({ label, value }) => `${formatTsdlString(label)} = ${value}`);
      return `enum : ${container} { ${mappings.join(', ')} }`;
    }
    default:
      return assertUnreachable(type);
  }
}

function integer(bytes: number, isSigned: boolean, base?: 16, map = ''): string {
  const signed = isSigned ? 'signed = true; ' : '';
  const display = base === undefined ? '' : `base = ${base}; `;
  return `integer { size = ${bytes * 8}; align = 8; ${signed}${display}${map}}`;
}
