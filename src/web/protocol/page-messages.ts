/** What a page asks the host for. Text frames of JSON, each checked by the host; see check.ts. */
import {
  boolean,
  type Check,
  count,
  integer,
  list,
  type MessageChecks,
  object,
  oneOf,
  orNull,
  text,
} from './check.ts';

export interface PortChoice {
  readonly pid: number;
  readonly portId: number;
}

export type PageMessage =
  /** Snapshots from now on. `looksIntoPackets`: sizes and talkers too, which costs a program on every packet. */
  | { readonly type: 'watch-overview'; readonly looksIntoPackets: boolean }
  | { readonly type: 'leave-overview' }
  | { readonly type: 'list-ports' }
  /** Ends the page's capture before, if there is one. */
  | {
      readonly type: 'start-capture';
      readonly ports: readonly PortChoice[];
      readonly filter: string;
      readonly snaplen: number;
    }
  | { readonly type: 'stop-capture' }
  /** Only packets that match from now on; an empty text shows all. Row numbers change with it. */
  | { readonly type: 'set-display-filter'; readonly filter: string }
  /** `request` comes back with the answer. */
  | { readonly type: 'get-rows'; readonly request: number; readonly from: number; readonly count: number }
  | { readonly type: 'get-packet'; readonly request: number; readonly row: number }
  | {
      readonly type: 'find-text';
      readonly request: number;
      readonly text: string;
      readonly from: number;
      readonly direction: 'forward' | 'backward';
    }
  /** A ticket for the packets that the host holds, as a file. */
  | { readonly type: 'get-download' }
  | { readonly type: 'list-points'; readonly pid: number }
  /** `process`: probes of the kernel only there; null for all of the machine. */
  | {
      readonly type: 'check-script';
      readonly request: number;
      readonly pid: number;
      readonly process: number | null;
      readonly script: string;
    }
  /** `isSure`: not asked about the price (`trace-price`) of probes of the kernel. */
  | {
      readonly type: 'start-trace';
      readonly pid: number;
      readonly process: number | null;
      readonly script: string;
      readonly isSure: boolean;
    }
  | { readonly type: 'stop-trace' }
  /** Ends the page's timeline before, as the next one does; `request` comes back with all that belongs to it. */
  | {
      readonly type: 'start-timeline';
      readonly request: number;
      readonly pid: number;
      readonly points: readonly string[];
    }
  /** A file or a folder on the host, as `hone convert` takes it. */
  | { readonly type: 'open-recording'; readonly request: number; readonly path: string }
  | { readonly type: 'stop-timeline' };

/** Rows that one request may ask for. */
const MOST_ROWS = 500;
const MOST_SCRIPT = 65_536;
const MOST_FILTER = 8192;
/** PATH_MAX of Linux. */
const MOST_PATH = 4096;

const pid: Check<number> = integer(1, 0x7fff_ffff);
/** 0 where no application is chosen: the kernel needs none. */
const pidOrNone: Check<number> = integer(0, 0x7fff_ffff);
const nothing: Check<object> = object<object>({});
/** Of a timeline: it stands in 32 bits of each batch. */
const request: Check<number> = integer(0, 0xffff_ffff);

type Fields<K extends PageMessage['type']> = Omit<Extract<PageMessage, { readonly type: K }>, 'type'>;

export const pageMessages: MessageChecks<PageMessage> = {
  'watch-overview': object<Fields<'watch-overview'>>({ looksIntoPackets: boolean }),
  'leave-overview': nothing,
  'list-ports': nothing,
  'start-capture': object<Fields<'start-capture'>>({
    ports: list(object<PortChoice>({ pid, portId: integer(0, 65_535) }), 64),
    filter: text(MOST_FILTER),
    snaplen: integer(1, 262_144),
  }),
  'stop-capture': nothing,
  'set-display-filter': object<Fields<'set-display-filter'>>({ filter: text(MOST_FILTER) }),
  'get-rows': object<Fields<'get-rows'>>({ request: count, from: count, count: integer(1, MOST_ROWS) }),
  'get-packet': object<Fields<'get-packet'>>({ request: count, row: count }),
  'find-text': object<Fields<'find-text'>>({
    ...{ request: count, text: text(256), from: count, direction: oneOf('forward', 'backward') },
  }),
  'get-download': nothing,
  'list-points': object<Fields<'list-points'>>({ pid }),
  'check-script': object<Fields<'check-script'>>({
    ...{ request: count, pid: pidOrNone, process: orNull(pid), script: text(MOST_SCRIPT) },
  }),
  'start-trace': object<Fields<'start-trace'>>({
    ...{ pid: pidOrNone, process: orNull(pid), script: text(MOST_SCRIPT), isSure: boolean },
  }),
  'stop-trace': nothing,
  'start-timeline': object<Fields<'start-timeline'>>({ request, pid, points: list(text(256), 16) }),
  'open-recording': object<Fields<'open-recording'>>({ request, path: text(MOST_PATH) }),
  'stop-timeline': nothing,
};
