/** What a capture session is told: where packets come from, when it ends, and what is said about them in the file. */
import type { CaptureFeed, PortInfo, Target } from '../target/index.ts';

/** A port that is captured, as the file and the summary describe it. */
export interface CapturedInterface {
  readonly port: PortInfo;
  readonly name: string;
  readonly description: string;
  readonly snaplen: number;
  /** The filter's text; empty when every packet is captured. */
  readonly filter: string;
}

/** One application: a started feed and what its interfaces are. The session stops and closes the feed. */
export interface CaptureSource {
  readonly target: Pick<Target, 'info' | 'listPorts'>;
  readonly feed: CaptureFeed;
  /** What messages call the application. */
  readonly application: string;
  /** Interface n of the feed, for each n below its `interfaceCount`. */
  readonly interfaces: readonly CapturedInterface[];
  /** Describes a port that appears later, or comes back; undefined for one that nobody asked for. */
  readonly describe: (port: PortInfo) => CapturedInterface | undefined;
  /** New ports are captured: with all ports gone, there is still something to wait for. */
  readonly expectsPorts: boolean;
}

/** The end of one file, or of everything; a condition that is undefined never comes true. */
interface Conditions {
  readonly packets?: number | undefined;
  /** Checked after each packet: what reaches it is at most one packet too long. Headers count. */
  readonly bytes?: number | undefined;
  readonly durationMs?: number | undefined;
}

export interface StopConditions extends Conditions {
  /** Files written, each up to its own end. */
  readonly files?: number | undefined;
}

export interface RotateConditions extends Conditions {
  /** A new file whenever the time of day is a multiple of this. */
  readonly intervalMs?: number | undefined;
  /** Older files are deleted. */
  readonly keepFiles?: number | undefined;
}
