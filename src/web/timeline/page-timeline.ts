/** A timeline of one page, live or recorded: what its session needs of it, and where its events go. */
import type { HostMessage, LaneView } from '../protocol/index.ts';

export type TimelineMessage = Extract<HostMessage, { readonly type: 'timeline' }>;

export interface PageTimeline {
  readonly isRunning: boolean;
  /** Resolves when nothing of it is left: no probe in an application, no open file. */
  stop(): Promise<void>;
  state(): TimelineMessage;
}

/** The page, as a timeline sees it. */
export interface TimelineOutlet {
  /** That of the message that asked for the timeline. */
  readonly request: number;
  tellLanes(lanes: readonly LaneView[]): void;
  /** False when there is no room: then nothing was taken. */
  offer(bytes: Uint8Array): boolean;
  /** Resolves when there is room; to false when the page has gone. */
  room(): Promise<boolean>;
}
