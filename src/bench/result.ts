/** What a bench has measured: turns of each row, and on what machine. Formatters and scripts read nothing else. */

/** One measurement of a row. Rates are packets a second that the application received on all of its ports. */
export interface Turn {
  /** Just before, without what is measured. */
  readonly beforePps: number;
  readonly withPps: number;
  /** Just after, without it again; undefined for what stays. */
  readonly afterPps?: number | undefined;
  /** Packets or events a second that the tool brought home, by its own counts. */
  readonly recordedPps?: number | undefined;
  /** Those that it says it lost. */
  readonly dropped?: number | undefined;
  /** As hone samples it itself. */
  readonly nsPerHit?: number | undefined;
}

export interface Row {
  readonly id: string;
  readonly tool: string;
  readonly task: string;
  readonly turns: readonly Turn[];
  /** Why there are no turns, or fewer. */
  readonly absent?: string | undefined;
}

export interface Group {
  readonly id: string;
  readonly title: string;
  /** The application, its traffic, what it does. */
  readonly application: string;
  readonly rows: readonly Row[];
}

export interface Peer {
  readonly name: string;
  /** As it says itself; undefined when it is not there. */
  readonly version: string | undefined;
  /** What was necessary to use it, or what is missing and how to get it. */
  readonly note?: string | undefined;
}

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly kernel: string;
  readonly dpdk: string;
  readonly memory: string;
  readonly placement: string;
}

export interface BenchResult {
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly seconds: number;
  readonly rounds: number;
  /** What ended it before all rounds were done. */
  readonly ended?: string | undefined;
  readonly windowSeconds: number;
  readonly machine: Machine;
  readonly peers: readonly Peer[];
  readonly groups: readonly Group[];
}
