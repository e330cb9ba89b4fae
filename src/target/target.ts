/**
 * What a target is to the rest of hone: something that packets can be captured from. The DPDK agent and the
 * replay speak the same protocol and stand behind the same interfaces. Nothing here touches the system.
 */

import type { KeyedMapLayout } from '../bpf/index.ts';
import type { ProbePoint } from '../tracepoints/index.ts';

export type Direction = 'in' | 'out';

/** How programs run on the target: native code, librte_bpf's interpreter, or an interpreter of hone's own. */
export type FilterEngine = 'jit' | 'rte-interpreter' | 'own-interpreter';

export interface TargetInfo {
  readonly kind: 'dpdk' | 'replay';
  readonly pid: number;
  /** `rte_version()`, or the file that a replay plays. */
  readonly version: string;
  /** The EAL's --file-prefix; the name by which people tell applications apart. */
  readonly filePrefix: string;
  readonly engine: FilterEngine;
  /** Hash of the agent's sources: tells an agent of another hone version. */
  readonly build: string;
  readonly commandLine: readonly string[];
}

/** A port's own counters since its start or reset, as rte_eth_stats_get gives them. */
export interface PortCounters {
  readonly ipackets: bigint;
  readonly opackets: bigint;
  readonly ibytes: bigint;
  readonly obytes: bigint;
  /** Dropped by the adapter because no receive descriptor was free. */
  readonly imissed: bigint;
  readonly ierrors: bigint;
  readonly oerrors: bigint;
  readonly rxNombuf: bigint;
}

export interface PortInfo {
  readonly portId: number;
  readonly name: string;
  readonly driver: string;
  readonly firmware: string;
  /** Six bytes. */
  readonly mac: Uint8Array;
  readonly up: boolean;
  readonly promiscuous: boolean;
  /** Mbit/s; undefined when the link does not know. */
  readonly speedMbps: number | undefined;
  readonly mtu: number;
  readonly numaNode: number;
  readonly rxQueues: number;
  readonly txQueues: number;
  readonly counters: PortCounters | undefined;
}

export interface CapturePort {
  /** A port id, or 'any' for ports that appear after the start (only as the last one). */
  readonly portId: number | 'any';
  readonly directions: readonly Direction[];
  /** Bytes kept of each packet, 1 to 262144. */
  readonly snaplen: number;
  /** Encoded eBPF for each direction (see compileForMbuf); undefined matches everything. */
  readonly programs: { readonly in: Uint8Array | undefined; readonly out: Uint8Array | undefined };
}

export interface CaptureRequest {
  readonly ports: readonly CapturePort[];
  /** Data area of each ring: a power of two, 64 KiB to 1 GiB. */
  readonly ringBytes: number;
  /** Add an opt_comment with what pcapng has no field for. */
  readonly meta: boolean;
  /** Always the time of the burst, never the adapter's. */
  readonly hostClock: boolean;
}

/** One place that packets pass: a direction of a queue of a port, counted from the start of the session. */
export interface HookCounters {
  readonly interfaceId: number;
  readonly portId: number;
  readonly queueId: number;
  readonly direction: Direction;
  readonly seen: bigint;
  /** matched = captured + dropped. */
  readonly matched: bigint;
  readonly captured: bigint;
  readonly dropped: bigint;
  /** Of the captured packets, before snaplen. */
  readonly bytes: bigint;
}

export type FeedEvent =
  | { readonly kind: 'port-added'; readonly interfaceId: number; readonly port: PortInfo }
  | { readonly kind: 'port-removed'; readonly interfaceId: number; readonly port: PortInfo }
  | {
      readonly kind: 'port-refused';
      readonly interfaceId: number;
      readonly port: PortInfo;
      readonly reason: string;
    }
  /** The target went away: the rings still hold what was published, nothing more will come. */
  | { readonly kind: 'gone' };

/**
 * The reader's side of one ring: whole pcapng Enhanced Packet Blocks (little-endian, back to back) in bursts.
 * Everything in the ring's memory is checked before use; what does not fit throws PeerError('PEER_PROTOCOL').
 */
export interface Ring {
  readonly ringId: number;
  /** The application's thread that writes here, 0 while none does. */
  readonly writerTid: number;
  readonly dataBytes: number;
  /** Looks once at what the writer has published; what follows describes this look. */
  refresh(): void;
  /** No burst was being written at the look: what comes later is not older than the look. */
  readonly idle: boolean;
  readonly pendingBytes: number;
  readonly pendingBursts: number;
  /** Start of the n-th pending burst (0 is the oldest), in ns since the feed's `baseNs`; exact for 104 days. */
  burstTime(n: number): number;
  burstBytes(n: number): number;
  burstPackets(n: number): number;
  /** A view of the `bytes` oldest pending bytes, contiguous across the ring's end. Valid until released. */
  borrow(bytes: number): Uint8Array;
  /** Gives the oldest bursts' room back to the writer. `bytes` must be the sum of their bytes. */
  release(bursts: number, bytes: number): void;
}

/** A running capture. Closing it, or losing the host, ends it on the target and frees everything there. */
export interface CaptureFeed {
  readonly engine: FilterEngine;
  /** CLOCK_REALTIME at the start: the zero of `Ring.burstTime` and `nowNs`. */
  readonly baseNs: bigint;
  /** Interfaces known at the start: interface n is request.ports[n]. */
  readonly interfaceCount: number;
  /** CLOCK_REALTIME now, in ns since `baseNs`. */
  nowNs(): number;
  /** Takes in what the target announced, without waiting; new rings appear in `rings`. */
  poll(): readonly FeedEvent[];
  readonly rings: readonly Ring[];
  /** Sums over all writers, as of now. */
  counters(): readonly HookCounters[];
  /** After this resolves no thread writes any more; rings and counters stay readable until close(). */
  stop(): Promise<void>;
  /** Unmaps everything. */
  close(): void;
}

/** A program on a trace point. */
export interface TraceAttachment {
  /** `dpdk:rx_burst` and so on (tracepoints/), or `app:PROVIDER:NAME`. */
  readonly point: string;
  /** Of the points of DPDK: undefined for every port, every queue. */
  readonly portId: number | undefined;
  readonly queueId: number | undefined;
  /** Index into `programs`; undefined runs none: for what is recorded whenever it happens. */
  readonly program: number | undefined;
  readonly needsTime: boolean;
  /** How many bytes of a packet are copied into the context. */
  readonly packetBytes: number;
  /** Bit i is set when the program looks at args[i]; the others need not be filled in. */
  readonly argumentsUsed: number;
  /** What is written of a hit whose program gave another number than 0. Programs of a request with records emit nothing. */
  readonly record?: RecordedEvent | undefined;
}

/** An event as it lies in a record ring: see ctf/recording-shape.ts. */
export interface RecordedEvent {
  readonly id: number;
  /** Integers: args[argument], cut to `bytes`; texts: the text of args[argument], with its zero byte. */
  readonly fields: readonly { readonly argument: number; readonly bytes: 1 | 2 | 4 | 8 | 'text' }[];
}

/**
 * The reader's side of a ring of finished CTF event records. What is pending are whole records, in the order of their
 * times, which the ring's memory says and which are checked as far as the sizes of its positions.
 */
export interface RecordRing {
  readonly ringId: number;
  readonly dataBytes: number;
  /** Looks once at what the writer has published; what follows describes this look. */
  refresh(): void;
  readonly pendingBytes: number;
  /** Times of the first and the last pending record, ns since 1970; meaningless when nothing is pending. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** A view of the `bytes` oldest pending bytes, contiguous across the ring's end. Valid until released. */
  borrow(bytes: number): Uint8Array;
  /** Gives room back; `bytes` must end where an earlier look ended. */
  release(bytes: number): void;
}

export interface TraceRequest {
  /** Encoded eBPF over a trace context (bpf/context). */
  readonly programs: readonly Uint8Array[];
  readonly attachments: readonly TraceAttachment[];
  readonly contextBytes: number;
  readonly stateOffset: number;
  readonly keyedMaps: readonly KeyedMapLayout[];
  /** Of the hashes. */
  readonly seed: number;
  /** What each writer's state holds at the start, from stateOffset on; undefined for zeros. */
  readonly initialState: Uint8Array | undefined;
  /** Data area of each writer's event ring, 64 KiB to 1 GiB, a power of two; 0: no program emits. */
  readonly ringBytes: number;
}

/** Of one attachment over all writers since the start. */
export interface TraceCost {
  readonly hits: bigint;
  /** Hits whose program gave another number than 0, where the attachment records or the program is a predicate. */
  readonly matched: bigint;
  /** Hits whose program was timed, and what they took together. */
  readonly sampledHits: bigint;
  readonly sampledNs: bigint;
}

/** One thread of the target that hits trace points, and its own copy of the maps. */
export interface TraceWriter {
  /** Its ring has the same number. */
  readonly number: number;
  readonly tid: number;
  /** lcore id; undefined for a thread that is no lcore. */
  readonly lcore: number | undefined;
  readonly name: string;
  /**
   * The context that no program uses since the last `snapshot`, maps of the bank included: what it holds is exact. The
   * reader zeroes the maps after it has taken them over (from traceContext.maps to stateOffset).
   */
  readonly quiet: Uint8Array;
  /** The state, from stateOffset on, while programs use it. */
  readonly state: Uint8Array;
  /** For each keyed map of the request, how many updates found no room since the start. */
  readonly withoutRoom: readonly bigint[];
  /** Events that were lost since the start because the ring was full. */
  readonly lostEvents: bigint;
}

/** A running trace. Closing it, or losing the host, ends it on the target and frees everything there. */
export interface TraceFeed {
  readonly engine: FilterEngine;
  /** CLOCK_REALTIME at the start: the zero of `Ring.burstTime`. Programs see CLOCK_REALTIME ns as time. */
  readonly baseNs: bigint;
  /** Takes in what the target announced, without waiting. */
  poll(): readonly FeedEvent[];
  readonly writers: readonly TraceWriter[];
  /** Event records: {u32 length with this head and padded to 8, u32 zero}, then what `emit` was given. */
  readonly rings: readonly Ring[];
  /** Of a request with records, in the place of `rings`; ring n is that of the writer with number n. */
  readonly recordRings: readonly RecordRing[];
  /** Exchanges every writer's banks; resolves when no program uses the `quiet` ones any more. */
  snapshot(): Promise<void>;
  /** Hits that no writer could be found for (more threads than the target has places). */
  readonly unplacedHits: bigint;
  costs(): readonly TraceCost[];
  /** After this resolves no program runs any more; everything stays readable until close(). */
  stop(): Promise<void>;
  close(): void;
}

/** A trace point of DPDK's own tracing, rte_trace. */
export interface RteTracePoint {
  /** `lib.ethdev.start` */
  readonly name: string;
  readonly isEnabled: boolean;
  /** It was turned on by a session of some hone, not by the application. */
  readonly isOurs: boolean;
}

export interface RteTraceList {
  /** Of a thread whose memory is full: 'discard' keeps what it has, 'overwrite' begins anew and loses all of it. */
  readonly whenFull: 'discard' | 'overwrite';
  /** By name. */
  readonly points: readonly RteTracePoint[];
}

/**
 * Trace points of rte_trace that are on for as long as this is open; losing the host turns them off, too. Each thread that meets
 * one allocates memory at its first event (1 MiB by default), and keeps it.
 */
export interface RteTraceSession {
  /** CLOCK_REALTIME when they were turned on: what is saved may hold older events. */
  readonly startNs: bigint;
  /** How many points the pattern matches, and how many of them were off and are on for this session. */
  readonly matched: number;
  readonly held: number;
  /**
   * Makes the application write what it has recorded since its start; the points are off meanwhile.
   * @returns the folder with a CTF trace, of the application's user; the next save() writes the same one. undefined: no thread has
   * recorded anything.
   */
  save(): Promise<string | undefined>;
  close(): void;
}

export interface Target {
  readonly info: TargetInfo;
  listPorts(): Promise<readonly PortInfo[]>;
  startCapture(request: CaptureRequest): Promise<CaptureFeed>;
  /** What programs can be put on: DPDK's points, and those that the application declared (`app:PROVIDER:NAME`). */
  listTracePoints(): Promise<readonly ProbePoint[]>;
  startTrace(request: TraceRequest): Promise<TraceFeed>;
  /** @throws UnsupportedError for a replay; PeerError PEER_REFUSED when the application's DPDK does not export rte_trace */
  listRteTrace(): Promise<RteTraceList>;
  /** @throws UsageError when no point of rte_trace matches the pattern (fnmatch(3)), and as listRteTrace does */
  startRteTrace(pattern: string): Promise<RteTraceSession>;
  close(): void;
}
