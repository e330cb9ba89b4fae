/**
 * The receiver's half of TRACE, which the replay needs (native/agent/src/trace_start.c does the same): nothing in the
 * message is believed. `programs` are not verified yet.
 */
import { type KeyedMapLayout, strideBytes, traceContext } from '../bpf/index.ts';
import { ABI } from './abi.ts';
import { BodyReader, protocolError } from './message-body.ts';
import { isRingSize } from './start-message.ts';
import type { StructValue } from './struct-codec.ts';
import type { RecordedEvent, TraceAttachment, TraceRequest } from './target.ts';
import { APPLICATION, POINTS } from './trace-message.ts';

const INSN_BYTES = 8;
const PACKET_BLOCK_BYTES = 32;
const MIN_SLOTS = 4;
const KNOWN_FLAGS = ABI.HONE_TRACE_NEEDS_TIME | ABI.HONE_TRACE_RECORDS;
const FIELD_BYTES = new Map<number, 1 | 2 | 4 | 8 | 'text'>([
  [1, 1],
  [2, 2],
  [4, 4],
  [8, 8],
  [ABI.HONE_FIELD_TEXT, 'text'],
]);
const NAMES = new Map(Object.entries(POINTS).map(([name, number]) => [number, name]));

/** @throws PeerError('PEER_PROTOCOL') for a message that breaks the rules of abi.h */
export function decodeTrace(body: Uint8Array): TraceRequest {
  const reader = new BodyReader('TRACE', body);
  const start = reader.struct('hone_trace_start');
  checkStart(start);
  const attachments = times(start.nb_attachments, () =>
    decodeAttachment(reader.struct('hone_trace_attachment'), start),
  );
  const keyedMaps = times(start.nb_maps, () =>
    decodeMap(reader.struct('hone_trace_map'), start.context_bytes),
  );
  const programs = times(start.nb_programs, () => {
    const { nb_insns } = reader.struct('hone_start_program');
    expect(nb_insns > 0 && nb_insns <= ABI.HONE_MAX_INSNS, `got a program of ${nb_insns} instructions`);
    return reader.bytes(nb_insns * INSN_BYTES, 'a program').slice();
  });
  const initialState = decodeState(reader, start);
  reader.end();
  return {
    attachments,
    keyedMaps,
    programs,
    initialState,
    contextBytes: start.context_bytes,
    stateOffset: start.state_offset,
    ringBytes: start.ring_bytes,
    seed: start.seed,
  };
}

function checkStart(start: StructValue<'hone_trace_start'>): void {
  const { context_bytes, state_offset, ring_bytes, nb_attachments, nb_maps, nb_programs } = start;
  const { maps, maxBytes, stateAlignment } = traceContext;
  expect(
    context_bytes >= maps && context_bytes <= maxBytes && context_bytes % 8 === 0,
    `got a context of ${context_bytes} bytes`,
  );
  expect(
    state_offset >= maps &&
      state_offset % stateAlignment === 0 &&
      state_offset <= Math.ceil(context_bytes / stateAlignment) * stateAlignment,
    `got state at ${state_offset} of a context of ${context_bytes} bytes`,
  );
  expect(ring_bytes === 0 || isRingSize(ring_bytes), `got a ring of ${ring_bytes} bytes`);
  expect(
    nb_attachments > 0 &&
      nb_attachments <= ABI.HONE_MAX_TRACE_ATTACHMENTS &&
      nb_maps <= ABI.HONE_MAX_TRACE_MAPS &&
      nb_programs <= ABI.HONE_MAX_PROGRAMS,
    `got ${nb_attachments} attachments, ${nb_maps} maps, ${nb_programs} programs`,
  );
}

function decodeAttachment(
  wanted: StructValue<'hone_trace_attachment'>,
  { nb_programs, ring_bytes }: StructValue<'hone_trace_start'>,
): TraceAttachment {
  const { point, program, port_id, queue_id, flags, packet_bytes, arguments_used, name } = wanted;
  const known = NAMES.get(point);
  expect(known !== undefined || point === ABI.HONE_POINT_APP, `got trace point ${point}`);
  const records = (flags & ABI.HONE_TRACE_RECORDS) !== 0;
  expect(
    program < nb_programs || (records && program === ABI.HONE_NO_PROGRAM),
    `got program ${program} of ${nb_programs}`,
  );
  expect((flags & ~KNOWN_FLAGS) === 0, `got flags 0x${flags.toString(16)}`);
  expect(!records || ring_bytes > 0, 'got a recording without rings');
  expect(
    packet_bytes <= traceContext.maxPacketBytes && packet_bytes % PACKET_BLOCK_BYTES === 0,
    `got ${packet_bytes} bytes of a packet`,
  );
  expect(name.includes(':') === (known === undefined), `got the name "${name}" for trace point ${point}`);
  return {
    point: known ?? APPLICATION + name,
    portId: port_id === ABI.HONE_ANY_PORT ? undefined : port_id,
    queueId: queue_id === ABI.HONE_ANY_QUEUE ? undefined : queue_id,
    program: program === ABI.HONE_NO_PROGRAM ? undefined : program,
    needsTime: (flags & ABI.HONE_TRACE_NEEDS_TIME) !== 0,
    packetBytes: packet_bytes,
    argumentsUsed: arguments_used,
    ...(records ? { record: decodeRecord(wanted) } : {}),
  };
}

function decodeRecord(wanted: StructValue<'hone_trace_attachment'>): RecordedEvent {
  const { event_id, nb_fields, field_arguments, field_bytes } = wanted;
  expect(nb_fields <= ABI.HONE_MAX_RECORD_FIELDS, `got a record of ${nb_fields} fields`);
  const fields = times(nb_fields, (n) => {
    const [argument, bytes] = [field_arguments[n]!, FIELD_BYTES.get(field_bytes[n]!)];
    if (argument < traceContext.maxArgs && bytes !== undefined) return { argument, bytes };
    throw protocolError(`TRACE: got a field of ${field_bytes[n]} bytes of argument ${argument}`);
  });
  return { id: event_id, fields };
}

function decodeMap(map: StructValue<'hone_trace_map'>, contextBytes: number): KeyedMapLayout {
  const { offset, slots } = map;
  const layout = { offset, slots, keyBytes: map.key_bytes, valueBytes: map.value_bytes };
  const isShaped =
    slots >= MIN_SLOTS &&
    Number.isInteger(Math.log2(slots)) &&
    offset >= traceContext.maps &&
    offset % 8 === 0 &&
    layout.keyBytes > 0;
  expect(isShaped && offset + slots * strideBytes(layout) <= contextBytes, 'got a map of a wrong shape');
  return layout;
}

function decodeState(
  reader: BodyReader,
  { context_bytes, state_offset, nb_state_runs }: StructValue<'hone_trace_start'>,
): Uint8Array | undefined {
  if (nb_state_runs === 0) return undefined;
  expect(context_bytes > state_offset, 'got contents of a state that is not there');
  const state = new Uint8Array(context_bytes - state_offset);
  for (let run = 0; run < nb_state_runs; run++) {
    const { offset, bytes } = reader.struct('hone_state_run');
    const isInside = offset >= state_offset && offset + bytes <= context_bytes;
    expect(isInside && bytes % 8 === 0, `got ${bytes} bytes of state at ${offset}`);
    state.set(reader.bytes(bytes, 'state'), offset - state_offset);
  }
  return state;
}

function times<T>(count: number, decode: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => decode(n));
}

function expect(holds: boolean, got: string): void {
  if (!holds) throw protocolError(`TRACE: ${got}`);
}
