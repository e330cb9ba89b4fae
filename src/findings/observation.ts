/**
 * What is known of one application over some time: the workload, and for each resource its utilisation, saturation and errors. A
 * running application, a replay and recorded files give the same form, each what it can. Undefined always means: not known.
 * Rules read this (rule.ts); a report shows it.
 */
export interface Observation {
  readonly source: 'application' | 'replay' | 'recording';
  /** How it is called on a command line: a name and a pid, or a file. */
  readonly label: string;
  readonly pid: number | undefined;
  /** Milliseconds since 1970 at the start. */
  readonly startMs: number;
  /** For how long it was watched, or from the first to the last of what a recording counts packets by. */
  readonly seconds: number;
  /** For how long bursts were counted; 0 when they could not be. */
  readonly countedSeconds: number;
  readonly ports: readonly PortObservation[];
  readonly queues: readonly QueueObservation[];
  readonly lcores: readonly LcoreObservation[];
  readonly mempools: readonly LevelObservation[];
  readonly rings: readonly LevelObservation[];
  /** What the application itself says it dropped (hone/dataplane.h); undefined when it does not tell. */
  readonly drops: readonly DropObservation[] | undefined;
  /** Stages that it marks by `stage_begin` and `stage_end`. */
  readonly stages: readonly StageObservation[];
  readonly traffic: TrafficObservation | undefined;
  readonly series: readonly SeriesPoint[];
  /** Undefined for what runs. */
  readonly recording: RecordingObservation | undefined;
  /** What could not be looked at, and why; one sentence each. */
  readonly unknown: readonly string[];
}

/** Files that an application was recorded into. */
export interface RecordingObservation {
  readonly inputs: readonly RecordedInput[];
  readonly packets: number;
  readonly events: number;
  /** What was lost while it was recorded, as the files say; without those that lost nothing. */
  readonly losses: readonly RecordingLoss[];
  /** Whether captures have only packets that matched a filter. */
  readonly isFiltered: boolean;
}

/** What was named once on the command line. */
export interface RecordedInput {
  readonly path: string;
  /** Files with packets; without those that can be read only once. */
  readonly captures: readonly string[];
  /** Names of the trace points that `hone trace --read` finds in it. */
  readonly points: readonly string[];
  /** Whether scripts can look into its packets. */
  readonly hasBytes: boolean;
}

export interface RecordingLoss {
  /** A stream of events, or a port. */
  readonly name: string;
  readonly what: 'events' | 'packets';
  readonly lost: number;
}

/** Counters are those of the driver. In a recording without them: what was recorded. */
export interface PortObservation {
  readonly portId: number;
  /** What the counters are of: the time that was watched; in a recording of counters that from their first sample to the last. */
  readonly seconds: number;
  readonly name: string;
  readonly driver: string | undefined;
  readonly isUp: boolean | undefined;
  readonly speedMbps: number | undefined;
  readonly rxQueues: number | undefined;
  readonly txQueues: number | undefined;
  readonly rxPackets: number | undefined;
  readonly txPackets: number | undefined;
  readonly rxBytes: number | undefined;
  readonly txBytes: number | undefined;
  /** Found no free receive descriptor. */
  readonly missed: number | undefined;
  readonly rxErrors: number | undefined;
  /** Allocations of receive buffers that failed. */
  readonly noMbuf: number | undefined;
  readonly txErrors: number | undefined;
  /** In the whiles in which bursts were counted: offered to the driver, and of these not taken, at least. */
  readonly offered: number | undefined;
  readonly refused: number | undefined;
}

/** One direction of one queue, in the whiles in which bursts were counted. */
export interface QueueObservation {
  readonly portId: number;
  /** Undefined: all queues of the port together. */
  readonly queueId: number | undefined;
  readonly direction: 'in' | 'out';
  readonly countedSeconds: number;
  /** Threads that polled it or sent on it. */
  readonly tids: readonly number[];
  /** Index n: calls that gave (in) or offered (out) n packets; the last index counts those of its size and larger ones. */
  readonly bySize: readonly number[];
  /** Whether empty polls are counted; else index 0 says nothing (in). */
  readonly countsEmptyPolls: boolean;
  readonly packets: number;
  /** Largest burst that a caller asked for (in). */
  readonly askedBurst: number | undefined;
}

export interface LcoreObservation {
  readonly tid: number;
  /** Undefined for a thread that is no lcore. */
  readonly lcore: number | undefined;
  readonly name: string;
  readonly measuredSeconds: number;
  /** Time after polls that gave packets, and after polls that gave none. */
  readonly busyNs: number;
  readonly idleNs: number;
  /** Packets that the busy time was spent on. */
  readonly packets: number;
  /** Index n: times from one poll of this thread to its next one of 2^n to 2^(n+1) - 1 ns. */
  readonly pollGaps: readonly number[] | undefined;
  readonly longestGapNs: number | undefined;
  /** Times that the kernel took the processor away from it while it was watched (/proc/PID/task/TID/status). */
  readonly involuntarySwitches: number | undefined;
}

/** A mempool's free elements, or a ring's used ones. */
export interface LevelObservation {
  readonly name: string;
  readonly size: number;
  readonly samples: number;
  readonly least: number;
  readonly most: number;
  readonly average: number;
}

export interface DropObservation {
  readonly portId: number | undefined;
  readonly reason: string;
  readonly packets: number;
  readonly countedSeconds: number;
}

/** One stage of one thread. */
export interface StageObservation {
  readonly name: string;
  readonly tid: number;
  readonly calls: number;
  readonly ns: number;
  readonly packets: number;
  readonly measuredSeconds: number;
}

/** Packets that were looked into: a sample of what arrives, of a recording all that arrived; all that was sent where nothing did. */
export interface TrafficObservation {
  readonly packets: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Wire length from `from` up to the next one's, in bytes. */
  readonly sizes: readonly { readonly from: number; readonly packets: number }[];
  /** By the last protocol that was understood, most packets first: `tcp`, `udp`, `arp`, `0x88cc`. */
  readonly protocols: readonly { readonly name: string; readonly packets: number; readonly bytes: number }[];
  /** By addresses, protocol and ports, most bytes first, not more than FLOWS_KEPT. */
  readonly flows: readonly FlowObservation[];
  /** How many different ones there were; undefined when there were too many to count. */
  readonly flowCount: number | undefined;
  /**
   * Index n: times of 2^n to 2^(n+1) - 1 ns from one arrival to the next one of the same thread or interface: of packets in a
   * recording (those of the same time are one arrival), of bursts in an application.
   */
  readonly interArrival: readonly number[] | undefined;
}

export interface FlowObservation {
  /** `10.0.0.1:80 > 10.0.0.2:1024 tcp` */
  readonly name: string;
  readonly packets: number;
  readonly bytes: number;
}

/** Rates of one moment, over all ports. */
export interface SeriesPoint {
  /** Seconds from the start to the end of the interval. */
  readonly seconds: number;
  readonly rxPps: number | undefined;
  readonly txPps: number | undefined;
  readonly rxBps: number | undefined;
  readonly txBps: number | undefined;
  /** Packets a second lost, whatever the cause. */
  readonly dropPps: number | undefined;
  /** 0 to 1, of the busiest lcore. */
  readonly busyShare: number | undefined;
}

export const FLOWS_KEPT = 20;
