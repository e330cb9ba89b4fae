/**
 * The bodies of the control messages, both ways, as abi.h defines them (START has a file of its own). Decoders
 * check every field, because the other side may be anybody: they throw PeerError('PEER_PROTOCOL') and nothing else.
 */
import { PeerError } from '../base/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import { BodyReader, concatBytes, protocolError, structBytes } from './message-body.ts';
import { portFromStruct, portToStruct } from './port-message.ts';
import { isRingSize } from './start-message.ts';
import type { StructValue } from './struct-codec.ts';
import type { FeedEvent, FilterEngine, PortInfo, TargetInfo } from './target.ts';

/** Interfaces of a session: a port that was closed and comes back gets a new one. No session lives to see so many. */
export const MAX_INTERFACES = 65_536;

/** A number of the protocol and the word that hone uses for it, both ways. */
export class Names<Word extends string> {
  readonly #what: string;
  readonly #rows: readonly (readonly [number, Word])[];

  constructor(what: string, rows: readonly (readonly [number, Word])[]) {
    this.#what = what;
    this.#rows = rows;
  }

  toNumber(word: Word): number {
    return this.#rows.find((row) => row[1] === word)![0];
  }

  fromNumber(number: number): Word {
    const row = this.#rows.find((candidate) => candidate[0] === number);
    if (row === undefined) throw protocolError(`got ${this.#what} ${number}, expected one of abi.h`);
    return row[1];
  }
}

const KINDS = new Names<TargetInfo['kind']>('kind', [
  [ABI.HONE_KIND_DPDK, 'dpdk'],
  [ABI.HONE_KIND_REPLAY, 'replay'],
]);

export const ENGINES: Names<FilterEngine> = new Names<FilterEngine>('engine', [
  [ABI.HONE_ENGINE_JIT, 'jit'],
  [ABI.HONE_ENGINE_RTE_INTERPRETER, 'rte-interpreter'],
  [ABI.HONE_ENGINE_OWN_INTERPRETER, 'own-interpreter'],
]);

type PortEventKind = Exclude<FeedEvent['kind'], 'gone'>;

const PORT_EVENTS = new Names<PortEventKind>('port event', [
  [ABI.HONE_PORT_ADDED, 'port-added'],
  [ABI.HONE_PORT_REMOVED, 'port-removed'],
  [ABI.HONE_PORT_REFUSED, 'port-refused'],
]);

export function encodeHello(): Uint8Array {
  return structBytes('hone_hello', { magic: ABI.HONE_MAGIC, abi_version: ABI.HONE_ABI_VERSION });
}

/** @returns the version that the client speaks; the caller compares it. */
export function decodeHello(body: Uint8Array): number {
  const reader = new BodyReader('HELLO', body);
  const { magic, abi_version } = reader.struct('hone_hello');
  reader.end();
  if (magic !== ABI.HONE_MAGIC) throw protocolError(`HELLO: got magic 0x${magic.toString(16)}`);
  return abi_version;
}

export type Welcome = Omit<TargetInfo, 'commandLine'>;

export function encodeWelcome(welcome: Welcome): Uint8Array {
  return structBytes('hone_welcome', {
    abi_version: ABI.HONE_ABI_VERSION,
    pid: welcome.pid,
    kind: KINDS.toNumber(welcome.kind),
    engine: ENGINES.toNumber(welcome.engine),
    tsc_hz: 0n,
    version: welcome.version,
    file_prefix: welcome.filePrefix,
    build: welcome.build,
  });
}

/** @throws PeerError('PEER_REFUSED') when the agent speaks another version. */
export function decodeWelcome(body: Uint8Array): Welcome {
  const reader = new BodyReader('WELCOME', body);
  // The version stands first in every version of this message; the rest may look different in another one.
  const version = body.length < 4 ? undefined : new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  if (version !== undefined && version !== ABI.HONE_ABI_VERSION) throw otherVersion(version);
  const welcome = reader.struct('hone_welcome');
  reader.end();
  return {
    kind: KINDS.fromNumber(welcome.kind),
    pid: welcome.pid,
    version: welcome.version,
    filePrefix: welcome.file_prefix,
    engine: ENGINES.fromNumber(welcome.engine),
    build: welcome.build,
  };
}

function otherVersion(version: number): PeerError {
  return new PeerError(
    'PEER_REFUSED',
    `the agent speaks version ${version} of the protocol, this hone version ${ABI.HONE_ABI_VERSION}: ` +
      'restart the application with the agent of this hone',
  );
}

/** @param code an errno(3) */
export function encodeError(code: number, text: string): Uint8Array {
  return concatBytes([structBytes('hone_error', { code }), new TextEncoder().encode(text)]);
}

export interface Refusal {
  /** An errno(3). */
  readonly code: number;
  readonly text: string;
}

export function decodeError(body: Uint8Array): Refusal {
  const reader = new BodyReader('ERROR', body);
  const { code } = reader.struct('hone_error');
  return { code, text: reader.text() };
}

export function encodePorts(ports: readonly PortInfo[]): Uint8Array {
  return concatBytes([
    structBytes('hone_list', { count: ports.length }),
    ...ports.map((port) => structBytes('hone_port', portToStruct(port))),
  ]);
}

export function decodePorts(body: Uint8Array): PortInfo[] {
  const reader = new BodyReader('PORTS', body);
  const { count } = reader.struct('hone_list');
  const expected = STRUCTS.hone_list.size + count * STRUCTS.hone_port.size;
  if (body.length !== expected) {
    throw protocolError(`PORTS: got ${body.length} bytes, expected ${expected} for ${count} ports`);
  }
  return Array.from({ length: count }, () => portFromStruct(reader.struct('hone_port')));
}

export interface Started {
  readonly interfaceCount: number;
  readonly engine: FilterEngine;
}

export function encodeStarted({ interfaceCount, engine }: Started): Uint8Array {
  return structBytes('hone_started', {
    nb_interfaces: interfaceCount,
    engine: ENGINES.toNumber(engine),
    max_hooks: ABI.HONE_MAX_HOOKS,
  });
}

export function decodeStarted(body: Uint8Array): Started {
  const reader = new BodyReader('STARTED', body);
  const { nb_interfaces, engine, max_hooks } = reader.struct('hone_started');
  reader.end();
  if (max_hooks !== ABI.HONE_MAX_HOOKS) {
    throw protocolError(`STARTED: got ${max_hooks} hooks, expected ${ABI.HONE_MAX_HOOKS}`);
  }
  return { interfaceCount: nb_interfaces, engine: ENGINES.fromNumber(engine) };
}

export type RingEvent = StructValue<'hone_ring_event'>;

export function encodeRingEvent(event: RingEvent): Uint8Array {
  return structBytes('hone_ring_event', event);
}

/** @param maxDataBytes what was asked for at the start: a writer's first ring is smaller, none is larger */
export function decodeRingEvent(body: Uint8Array, maxDataBytes: number): RingEvent {
  const reader = new BodyReader('RING', body);
  const event = reader.struct('hone_ring_event');
  reader.end();
  const entries = event.data_bytes / ABI.HONE_RING_BYTES_PER_INDEX_ENTRY;
  const fits = isRingSize(event.data_bytes) && event.data_bytes <= maxDataBytes;
  if (event.ring >= ABI.HONE_MAX_RINGS || !fits || event.index_entries !== entries) {
    throw protocolError(
      `RING: got ring ${event.ring} of ${event.data_bytes} bytes and ${event.index_entries} entries, ` +
        `expected one below ${ABI.HONE_MAX_RINGS} of at most ${maxDataBytes} bytes, an entry for each 64`,
    );
  }
  return event;
}

/** Of a ring of records, which has no index. */
export function decodeRecordRingEvent(body: Uint8Array, dataBytes: number): RingEvent {
  const reader = new BodyReader('RING', body);
  const event = reader.struct('hone_ring_event');
  reader.end();
  const isOfWriter = event.ring < ABI.HONE_MAX_TRACE_WRITERS;
  if (isOfWriter && event.data_bytes === dataBytes && event.index_entries === 0) return event;
  throw protocolError(
    `RING: got ring ${event.ring} of ${event.data_bytes} bytes and ${event.index_entries} entries, ` +
      `expected one below ${ABI.HONE_MAX_TRACE_WRITERS} of ${dataBytes} bytes, without entries`,
  );
}

export type PortEvent = Exclude<FeedEvent, { readonly kind: 'gone' }>;

export function encodePortEvent(event: PortEvent): Uint8Array {
  return structBytes('hone_port_event', {
    what: PORT_EVENTS.toNumber(event.kind),
    interface: event.interfaceId,
    port: portToStruct(event.port),
    text: event.kind === 'port-refused' ? event.reason : '',
  });
}

export function decodePortEvent(body: Uint8Array): PortEvent {
  const reader = new BodyReader('PORT', body);
  const event = reader.struct('hone_port_event');
  reader.end();
  const kind = PORT_EVENTS.fromNumber(event.what);
  if (event.interface >= MAX_INTERFACES) {
    throw protocolError(`PORT: got interface ${event.interface}, expected less than ${MAX_INTERFACES}`);
  }
  const common = { interfaceId: event.interface, port: portFromStruct(event.port) };
  return kind === 'port-refused' ? { kind, ...common, reason: event.text } : { kind, ...common };
}
