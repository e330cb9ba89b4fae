/**
 * The bodies of a trace's messages: TRACE itself, its answers and events, the list of an application's trace points. What
 * a request says is checked before it is sent, so that a refusal of the target is a defect or another hone's.
 */

import { UsageError } from '../base/index.ts';
import { traceContext } from '../bpf/index.ts';
import {
  type ArgumentType,
  dataplanePoints,
  type ProbeArgument,
  type ProbePoint,
} from '../tracepoints/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import { BodyReader, concatBytes, protocolError, structBytes } from './message-body.ts';
import { ENGINES } from './protocol.ts';
import { isRingSize } from './start-message.ts';
import type { StructValue } from './struct-codec.ts';
import type { FilterEngine, TraceAttachment, TraceRequest } from './target.ts';

const INSN_BYTES = 8;

/** The points of DPDK, by name. */
export const POINTS: Readonly<Record<string, number>> = {
  'dpdk:rx_poll': ABI.HONE_POINT_RX_POLL,
  'dpdk:rx_burst': ABI.HONE_POINT_RX_BURST,
  'dpdk:tx_burst': ABI.HONE_POINT_TX_BURST,
  'dpdk:rx_packet': ABI.HONE_POINT_RX_PACKET,
  'dpdk:tx_packet': ABI.HONE_POINT_TX_PACKET,
  'dpdk:port_state': ABI.HONE_POINT_PORT_STATE,
  'dpdk:queue_state': ABI.HONE_POINT_QUEUE_STATE,
  'dpdk:port_stats': ABI.HONE_POINT_PORT_STATS,
  'dpdk:mempool_level': ABI.HONE_POINT_MEMPOOL_LEVEL,
  'dpdk:ring_level': ABI.HONE_POINT_RING_LEVEL,
};
/** What the names of an application's own points begin with. */
export const APPLICATION = 'app:';

/** @throws UsageError for what no target would take: sizes out of range, too many programs, too much state. */
export function encodeTrace(request: TraceRequest): Uint8Array {
  checkSizes(request);
  const runs = request.initialState === undefined ? [] : stateRuns(request.initialState);
  const start = structBytes('hone_trace_start', {
    context_bytes: request.contextBytes,
    state_offset: request.stateOffset,
    ring_bytes: request.ringBytes,
    seed: request.seed >>> 0,
    nb_attachments: request.attachments.length,
    nb_maps: request.keyedMaps.length,
    nb_programs: request.programs.length,
    nb_state_runs: runs.length,
  });
  const body = concatBytes([
    start,
    ...request.attachments.map(encodeAttachment),
    ...request.keyedMaps.map(({ offset, slots, keyBytes, valueBytes }) =>
      structBytes('hone_trace_map', { offset, slots, key_bytes: keyBytes, value_bytes: valueBytes }),
    ),
    ...request.programs.flatMap((program) => [
      structBytes('hone_start_program', { nb_insns: program.length / INSN_BYTES }),
      program,
    ]),
    ...runs.flatMap(({ offset, bytes }) => [
      structBytes('hone_state_run', { offset: request.stateOffset + offset, bytes: bytes.length }),
      bytes,
    ]),
  ]);
  const most = ABI.HONE_MAX_MESSAGE - STRUCTS.hone_msg.size;
  if (body.length <= most) return body;
  throw new UsageError(
    `the trace's programs and what its maps begin with take ${body.length} bytes, expected at most ${most}`,
  );
}

function checkSizes(request: TraceRequest): void {
  const { attachments, contextBytes, keyedMaps, programs, ringBytes, stateOffset } = request;
  const expect = (holds: boolean, what: string) => {
    if (!holds) throw new UsageError(`trace: ${what}`);
  };
  const within = (count: number, least: number, most: number, what: string) =>
    expect(count >= least && count <= most, `got ${count} ${what}, expected ${least} to ${most}`);
  within(attachments.length, 1, ABI.HONE_MAX_TRACE_ATTACHMENTS, 'probes');
  within(programs.length, 0, ABI.HONE_MAX_PROGRAMS, 'programs');
  within(keyedMaps.length, 0, ABI.HONE_MAX_TRACE_MAPS, 'maps with keys');
  within(contextBytes, traceContext.maps, traceContext.maxBytes, 'bytes of context');
  expect(contextBytes % 8 === 0, `got a context of ${contextBytes} bytes, expected a multiple of 8`);
  const alignment = traceContext.stateAlignment;
  expect(
    stateOffset >= traceContext.maps &&
      stateOffset % alignment === 0 &&
      stateOffset <= Math.ceil(contextBytes / alignment) * alignment,
    `got state at ${stateOffset} of a context of ${contextBytes} bytes`,
  );
  const needsRing = attachments.some(({ record }) => record !== undefined);
  expect(isRingSize(ringBytes) || (ringBytes === 0 && !needsRing), `got a ring of ${ringBytes} bytes`);
  for (const { length } of programs) within(length / INSN_BYTES, 2, ABI.HONE_MAX_INSNS, 'instructions');
}

function encodeAttachment(attachment: TraceAttachment): Uint8Array {
  const { point, portId, queueId } = attachment;
  const isApplication = point.startsWith(APPLICATION);
  const number = isApplication ? ABI.HONE_POINT_APP : POINTS[point];
  if (number === undefined) throw new UsageError(`no trace point ${point} in a DPDK application`);
  const name = isApplication ? point.slice(APPLICATION.length) : '';
  if (new TextEncoder().encode(name).length >= STRUCTS.hone_trace_attachment.fields.name.count) {
    throw new UsageError(`the name of trace point ${point} is too long`);
  }
  const record = encodeRecord(attachment);
  return structBytes('hone_trace_attachment', {
    point: number,
    program: attachment.program ?? ABI.HONE_NO_PROGRAM,
    port_id: portId ?? ABI.HONE_ANY_PORT,
    queue_id: queueId ?? ABI.HONE_ANY_QUEUE,
    flags:
      (attachment.needsTime ? ABI.HONE_TRACE_NEEDS_TIME : 0) |
      (attachment.record === undefined ? 0 : ABI.HONE_TRACE_RECORDS),
    packet_bytes: attachment.packetBytes,
    arguments_used: attachment.argumentsUsed,
    ...record,
    name,
  });
}

function encodeRecord({
  point,
  program,
  record,
}: TraceAttachment): Pick<
  StructValue<'hone_trace_attachment'>,
  'event_id' | 'nb_fields' | 'field_arguments' | 'field_bytes'
> {
  if (record === undefined && program === undefined) {
    throw new UsageError(`nothing runs at ${point}, and nothing is recorded of it`);
  }
  const { id, fields } = record ?? { id: 0, fields: [] };
  const most = ABI.HONE_MAX_RECORD_FIELDS;
  if (fields.length > most) {
    throw new UsageError(`got ${fields.length} fields of ${point} to record, expected at most ${most}`);
  }
  return {
    event_id: id,
    nb_fields: fields.length,
    field_arguments: padded(fields.map(({ argument }) => argument)),
    field_bytes: padded(fields.map(({ bytes }) => (bytes === 'text' ? ABI.HONE_FIELD_TEXT : bytes))),
  };
}

function padded(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(ABI.HONE_MAX_RECORD_FIELDS);
  bytes.set(values);
  return bytes;
}

interface Run {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What is not zero, in pieces of whole 8 bytes; short gaps are taken along. */
export function stateRuns(state: Uint8Array): Run[] {
  const gapBytes = 64;
  const runs: Run[] = [];
  let start = -1;
  let end = 0;
  for (let at = 0; at < state.length; at++) {
    if (state[at] === 0) continue;
    if (start >= 0 && at - end > gapBytes) {
      runs.push({ offset: start, bytes: state.subarray(start, end) });
      start = -1;
    }
    if (start < 0) start = at & ~7;
    end = (at | 7) + 1;
  }
  if (start >= 0) runs.push({ offset: start, bytes: state.subarray(start, end) });
  return runs;
}

export function encodeTracing(engine: FilterEngine): Uint8Array {
  return structBytes('hone_tracing', { engine: ENGINES.toNumber(engine) });
}

export function encodeWriterEvent(writer: number): Uint8Array {
  return structBytes('hone_writer_event', { writer });
}

export function encodeSnapped(quietBank: number): Uint8Array {
  return structBytes('hone_snapped', { quiet_bank: quietBank });
}

export function decodeTracing(body: Uint8Array): FilterEngine {
  const reader = new BodyReader('TRACING', body);
  const { engine } = reader.struct('hone_tracing');
  reader.end();
  return ENGINES.fromNumber(engine);
}

/** @returns the writer's number */
export function decodeWriterEvent(body: Uint8Array): number {
  const reader = new BodyReader('WRITER', body);
  const { writer } = reader.struct('hone_writer_event');
  reader.end();
  if (writer < ABI.HONE_MAX_TRACE_WRITERS) return writer;
  throw protocolError(`WRITER: got writer ${writer}, expected less than ${ABI.HONE_MAX_TRACE_WRITERS}`);
}

/** @returns the bank that is quiet now, 0 or 1 */
export function decodeSnapped(body: Uint8Array): number {
  const reader = new BodyReader('SNAPPED', body);
  const { quiet_bank } = reader.struct('hone_snapped');
  reader.end();
  if (quiet_bank <= 1) return quiet_bank;
  throw protocolError(`SNAPPED: got bank ${quiet_bank}, expected 0 or 1`);
}

/** The application's own points, by name; the same point at several places is one. */
export function decodePoints(body: Uint8Array): ProbePoint[] {
  const reader = new BodyReader('POINTS', body);
  const { count } = reader.struct('hone_list');
  const expected = STRUCTS.hone_list.size + count * STRUCTS.hone_point.size;
  if (body.length !== expected) {
    throw protocolError(`POINTS: got ${body.length} bytes, expected ${expected} for ${count} points`);
  }
  const points = Array.from({ length: count }, () => applicationPoint(reader.struct('hone_point')));
  return points.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws PeerError('PEER_PROTOCOL') for arguments of no type */
export function applicationPoint(
  point: Pick<StructValue<'hone_point'>, 'provider' | 'name' | 'nb_args' | 'types' | 'args'>,
): ProbePoint {
  const name = `${APPLICATION}${point.provider}:${point.name}`;
  if (point.nb_args > ABI.HONE_MAX_POINT_ARGS) {
    throw protocolError(
      `${name}: got ${point.nb_args} arguments, expected at most ${ABI.HONE_MAX_POINT_ARGS}`,
    );
  }
  const names = argumentNames(point.args, point.nb_args);
  const args = names.map(
    (argument, index): ProbeArgument => ({
      name: argument,
      type: argumentType(point.types[index]!, name),
      place: { kind: 'context', index },
      meaning: '',
    }),
  );
  return standardPoint(name, args) ?? { name, kind: 'application', arguments: args, meaning: '' };
}

/** The standard point of that name, with what its arguments mean, when it was declared with the same ones. */
function standardPoint(name: string, args: readonly ProbeArgument[]): ProbePoint | undefined {
  const point = dataplanePoints.find((candidate) => candidate.name === name);
  const shape = (list: readonly ProbeArgument[]) =>
    JSON.stringify(list.map(({ name, type }) => [name, type]));
  return point !== undefined && shape(point.arguments) === shape(args) ? point : undefined;
}

function argumentType(type: number, name: string): ArgumentType {
  const bytes = type & 15;
  const isText = (type & ABI.HONE_ARGUMENT_TEXT) !== 0;
  if (isText && bytes === 8) return { kind: 'text', bytes: traceContext.textSlotBytes };
  if (!isText && (bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8)) {
    return { kind: 'integer', bytes, isSigned: (type & ABI.HONE_ARGUMENT_SIGNED) !== 0 };
  }
  throw protocolError(`${name}: got an argument of type ${type}`);
}

/**
 * What arguments are called: the last word of each expression, `len` for `packet->len`. One without a word, or with a word that
 * another one has, is called by its place: arg3.
 */
function argumentNames(text: string, count: number): string[] {
  const words = splitArguments(text).map((expression) => expression.match(/[A-Za-z_]\w*/g)?.at(-1));
  return Array.from({ length: count }, (_, index) => {
    const word = words[index];
    const isUnique = word !== undefined && words.indexOf(word) === words.lastIndexOf(word);
    return isUnique ? word : `arg${index}`;
  });
}

/** At the commas outside of brackets, texts and characters. */
function splitArguments(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^"']|["']/gs)) {
    if ('([{'.includes(token)) depth++;
    else if (')]}'.includes(token)) depth--;
    if (token === ',' && depth === 0) parts.push('');
    else if (!/^["']./s.test(token)) parts[parts.length - 1] += token;
  }
  return parts;
}
