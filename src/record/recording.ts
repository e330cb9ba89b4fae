/**
 * A recording put together: from a started feed to a session with its folders. Everything that can be wrong with what was asked
 * for has been looked at before.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RecordingShape } from '../ctf/index.ts';
import type { TargetInfo, TraceFeed } from '../target/index.ts';
import { FlightRecorder } from './flight-recorder.ts';
import { type RecordConditions, RecordSession } from './record-session.ts';
import { RecordWalker } from './record-walk.ts';
import type { RecordingPlan } from './recording-plan.ts';
import { StreamRecorder } from './stream-recorder.ts';
import { TraceFolder } from './trace-folder.ts';

export interface RecordingOptions {
  readonly plan: RecordingPlan;
  /** Taken over. */
  readonly feed: TraceFeed;
  readonly info: TargetInfo;
  /** The process's name. */
  readonly application: string;
  /** What everything goes into. */
  readonly folder: string;
  readonly ctf: '1.8' | '2';
  /** Keep what the rings hold and write it as a snapshot; else write everything as it comes. */
  readonly isFlightRecorder: boolean;
  readonly conditions: RecordConditions & { readonly events?: number | undefined };
  readonly honeVersion: string;
  readonly onSnapshot: (path: string) => void;
}

export interface Recording {
  readonly session: RecordSession;
  /** The trace that is written as events come; undefined for a flight recorder. */
  readonly folder: TraceFolder | undefined;
}

/** @throws SysError when the folder or the metadata cannot be written; the feed is closed then */
export function openRecording(options: RecordingOptions): Recording {
  const { feed, plan, info, conditions, isFlightRecorder, onSnapshot } = options;
  const open = (name: string) => new TraceFolder(join(options.folder, name), shapeOf(options), options.ctf);
  const common = { feed, attachments: plan.attachments, conditions, onSnapshot };
  try {
    if (isFlightRecorder) {
      let snapshots = 0;
      const openFolder = () => open(`snapshot-${++snapshots}`);
      const flight = new FlightRecorder({ feed, pid: info.pid, openFolder });
      return { session: new RecordSession({ ...common, recorder: flight, flight }), folder: undefined };
    }
    const folder = open('events');
    const limit = conditions.events === undefined ? undefined : limitOf(plan, conditions.events);
    const recorder = new StreamRecorder({ feed, pid: info.pid, folder, limit });
    return { session: new RecordSession({ ...common, recorder, flight: undefined }), folder };
  } catch (error) {
    feed.close();
    throw error;
  }
}

function limitOf({ request }: RecordingPlan, events: number): { events: number; walker: RecordWalker } {
  const records = request.attachments.flatMap(({ record }) => record ?? []);
  return { events, walker: new RecordWalker(records) };
}

/** Each trace has a name of its own, also each snapshot. */
function shapeOf({ plan, info, application, honeVersion }: RecordingOptions): RecordingShape {
  const uuid = new Uint8Array(randomBytes(16));
  // Random: RFC 9562, section 5.4.
  uuid[6] = (uuid[6]! & 0x0f) | 0x40;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return {
    uuid,
    events: plan.events,
    environment: {
      // By these two, tools know a trace of DPDK.
      tracer_name: 'dpdk',
      dpdk_version: info.version,
      hone_version: honeVersion,
      hostname: hostname(),
      procname: application,
      vpid: info.pid,
      command_line: info.commandLine.join(' '),
    },
  };
}
