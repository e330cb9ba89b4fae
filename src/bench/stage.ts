/** One application, and the rows that are measured on it. */
import type { Application } from './application.ts';

/** What a tool says at its end. */
export interface Heard {
  readonly recorded?: number | undefined;
  readonly dropped?: number | undefined;
  /** What `recorded` took. */
  readonly seconds?: number;
  readonly nsPerHit?: number | undefined;
}

/** A tool that is at work. */
export interface Listening {
  /** Leaves the application as it was. */
  stop(): Promise<Heard>;
}

export interface Subject {
  readonly id: string;
  /** Of the table in the result. */
  readonly group: GroupId;
  readonly tool: string;
  readonly task: string;
  /** Why it cannot be measured on this machine. */
  readonly absent?: string | undefined;
  /** @throws HoneError when it does not start: why */
  start(application: Application): Promise<Listening>;
}

export type GroupId = 'capture' | 'trace' | 'points';

export interface Stage {
  readonly name: string;
  /** Why none of its rows can be measured on this machine. */
  readonly absent?: string | undefined;
  /** The row of the application as it is. */
  readonly bare?: Subject | undefined;
  /** Once, in this order, and they stay: `stop` is not called. */
  readonly lasting: readonly Subject[];
  readonly subjects: readonly Subject[];
  start(): Promise<Application>;
}
