/** What the host tells a page. Text frames of JSON, each checked by the page; events of the timeline come as bytes. */
import {
  boolean,
  type Check,
  count,
  integer,
  list,
  type MessageChecks,
  number,
  object,
  oneOf,
  orNull,
  text,
} from './check.ts';
import { VALUES } from './event-batch.ts';
import { MOST_LISTED, type OverviewSnapshot, overviewSnapshot } from './overview.ts';

export interface CapturablePort {
  readonly pid: number;
  readonly application: string;
  readonly portId: number;
  readonly name: string;
  readonly driver: string;
  readonly isUp: boolean;
}

/** An interface of the running capture: packets, and what was lost on its way; null is unknown. */
export interface InterfaceView {
  readonly name: string;
  readonly seen: number;
  readonly matched: number;
  readonly written: number;
  /** By a full ring. */
  readonly dropped: number;
  /** By the adapter. */
  readonly missed: number | null;
}

export interface RowView {
  /** Of the packet since the start of the capture, from 1. */
  readonly packet: number;
  /** Nanoseconds since the first packet; exact for 104 days. */
  readonly timeNs: number;
  readonly interface: string;
  readonly direction: 'in' | 'out' | null;
  readonly length: number;
  readonly line: string;
}

export interface DiagnosticView {
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly hint: string | null;
}

export interface PointView {
  readonly name: string;
  readonly meaning: string;
  readonly arguments: readonly { readonly name: string; readonly type: string; readonly meaning: string }[];
}

/** What probes of the kernel take from what they are put on. */
export interface PriceView {
  /** The one that takes most, and how often it is hit. */
  readonly point: string;
  readonly hitsPerSecond: number;
  /** Of one processor, by all of them. */
  readonly percent: number;
}

export interface LaneView {
  readonly number: number;
  readonly name: string;
  /** What the values of its events are called; at most VALUES. */
  readonly labels: readonly string[];
}

export interface CostView {
  readonly probe: string;
  readonly hits: number;
  readonly nsPerHit: number | null;
}

export type HostMessage =
  | { readonly type: 'hello'; readonly version: string }
  /** Something that was asked for cannot be done; `what` is the type of the request. */
  | { readonly type: 'refused'; readonly what: string; readonly message: string }
  | { readonly type: 'overview'; readonly snapshot: OverviewSnapshot }
  | { readonly type: 'ports'; readonly ports: readonly CapturablePort[] }
  | {
      readonly type: 'capture';
      readonly isRunning: boolean;
      /** How it ended, when a person should know; empty otherwise. */
      readonly note: string;
      /** Rows that can be asked for: [firstRow, endRow), of the packets that match the display filter. */
      readonly firstRow: number;
      readonly endRow: number;
      /** Packets taken since the start, and how many of the oldest the host no longer holds. */
      readonly packets: number;
      readonly forgotten: number;
      readonly heldBytes: number;
      readonly mostBytes: number;
      /** How far the display filter has come. */
      readonly filtered: number;
      readonly interfaces: readonly InterfaceView[];
    }
  | {
      readonly type: 'rows';
      readonly request: number;
      readonly from: number;
      readonly rows: readonly RowView[];
    }
  /** `bytes` in base64; none for a row that is gone. */
  | {
      readonly type: 'packet';
      readonly request: number;
      readonly row: RowView | null;
      readonly bytes: string;
      readonly comment: string;
      readonly dropCount: number;
    }
  | { readonly type: 'found'; readonly request: number; readonly row: number | null }
  | { readonly type: 'download'; readonly path: string }
  | { readonly type: 'points'; readonly pid: number; readonly points: readonly PointView[] }
  | {
      readonly type: 'script';
      readonly request: number;
      /** Where its probes are. */
      readonly where: 'application' | 'kernel';
      readonly diagnostics: readonly DiagnosticView[];
      readonly probes: readonly string[];
      readonly instructions: number;
    }
  | {
      readonly type: 'trace';
      readonly isRunning: boolean;
      readonly note: string;
      readonly timeMs: number;
      /** Lines of `hone trace -f json`, one for each map that holds something. */
      readonly maps: string;
      readonly costs: readonly CostView[];
      readonly threads: number;
      readonly lostEvents: number;
      /** Updates that found no room in their map. */
      readonly withoutRoom: number;
      /** Of probes of the kernel, estimated before they were attached. */
      readonly price: PriceView | null;
    }
  /** The start of a trace waits for a person who is sure: start it again with `isSure`, or leave it. */
  | { readonly type: 'trace-price'; readonly price: PriceView }
  | {
      readonly type: 'trace-output';
      readonly lines: string /** Lines left out because the page was slow. */;
      readonly leftOut: number;
    }
  | {
      readonly type: 'timeline';
      readonly request: number;
      readonly isRunning: boolean;
      /** What there is to say about it, a line each. */
      readonly note: string;
      /** Why it did not begin, or ended before its time; empty otherwise. */
      readonly fault: string;
      /** Of a live one: by the ring, and because this page was slow. */
      readonly lostEvents: number;
      readonly leftOut: number;
      readonly costs: readonly CostView[];
      /** Of a recording: so much was read, of so much. */
      readonly readBytes: number;
      readonly sizeBytes: number;
    }
  /** Lanes that the batches of events behind it name by their numbers. */
  | {
      readonly type: 'timeline-lanes';
      readonly request: number;
      readonly lanes: readonly LaneView[];
    };

const anyText: Check<string> = text(1 << 20);
const manyTexts: Check<string> = text(1 << 24);
const cost: Check<CostView> = object<CostView>({ probe: anyText, hits: count, nsPerHit: orNull(number) });
const price: Check<PriceView> = object<PriceView>({ point: anyText, hitsPerSecond: number, percent: number });
const row: Check<RowView> = object<RowView>({
  ...{ packet: count, timeNs: number, interface: anyText, direction: orNull(oneOf('in', 'out')) },
  ...{ length: count, line: anyText },
});
const point: Check<PointView> = object<PointView>({
  ...{ name: anyText, meaning: anyText },
  arguments: list(
    object<PointView['arguments'][number]>({ name: anyText, type: anyText, meaning: anyText }),
    64,
  ),
});

type Fields<K extends HostMessage['type']> = Omit<Extract<HostMessage, { readonly type: K }>, 'type'>;

export const hostMessages: MessageChecks<HostMessage> = {
  hello: object<Fields<'hello'>>({ version: anyText }),
  refused: object<Fields<'refused'>>({ what: anyText, message: anyText }),
  overview: object<Fields<'overview'>>({ snapshot: overviewSnapshot }),
  ports: object<Fields<'ports'>>({
    ports: list(
      object<CapturablePort>({
        ...{ pid: count, application: anyText, portId: count, name: anyText, driver: anyText, isUp: boolean },
      }),
      MOST_LISTED,
    ),
  }),
  capture: object<Fields<'capture'>>({
    ...{
      isRunning: boolean,
      note: anyText,
      firstRow: count,
      endRow: count,
      packets: count,
      forgotten: count,
    },
    ...{ heldBytes: count, mostBytes: count, filtered: count },
    interfaces: list(
      object<InterfaceView>({
        ...{ name: anyText, seen: count, matched: count, written: count, dropped: count },
        missed: orNull(count),
      }),
      MOST_LISTED,
    ),
  }),
  rows: object<Fields<'rows'>>({ request: count, from: count, rows: list(row, MOST_LISTED) }),
  packet: object<Fields<'packet'>>({
    ...{ request: count, row: orNull(row), bytes: anyText, comment: anyText, dropCount: count },
  }),
  found: object<Fields<'found'>>({ request: count, row: orNull(count) }),
  download: object<Fields<'download'>>({ path: anyText }),
  points: object<Fields<'points'>>({ pid: count, points: list(point, MOST_LISTED) }),
  script: object<Fields<'script'>>({
    request: count,
    where: oneOf('application', 'kernel'),
    diagnostics: list(
      object<DiagnosticView>({
        ...{ message: anyText, start: count, end: count, hint: orNull(anyText) },
      }),
      MOST_LISTED,
    ),
    probes: list(anyText, MOST_LISTED),
    instructions: integer(0, 1 << 24),
  }),
  trace: object<Fields<'trace'>>({
    ...{ isRunning: boolean, note: anyText, timeMs: number, maps: manyTexts },
    ...{ costs: list(cost, MOST_LISTED), threads: count, lostEvents: count, withoutRoom: count },
    price: orNull(price),
  }),
  'trace-price': object<Fields<'trace-price'>>({ price }),
  'trace-output': object<Fields<'trace-output'>>({ lines: manyTexts, leftOut: count }),
  timeline: object<Fields<'timeline'>>({
    ...{
      request: count,
      isRunning: boolean,
      note: anyText,
      fault: anyText,
      lostEvents: count,
      leftOut: count,
    },
    ...{ costs: list(cost, MOST_LISTED), readBytes: count, sizeBytes: count },
  }),
  'timeline-lanes': object<Fields<'timeline-lanes'>>({
    request: count,
    lanes: list(
      object<LaneView>({ number: count, name: anyText, labels: list(anyText, VALUES) }),
      MOST_LISTED,
    ),
  }),
};
