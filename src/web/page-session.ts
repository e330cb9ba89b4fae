/**
 * What one page has asked for: it dispatches the page's messages and owns everything that they start, until the page's
 * connection ends.
 */
import type { RawData } from 'ws';
import { HoneError, UsageError } from '../base/index.ts';
import { parseScript } from '../script/index.ts';
import { connectTarget, openApplications } from '../target/index.ts';
import { estimateKernelPrice, needsKernel } from '../trace/index.ts';
import type { ProbePoint } from '../tracepoints/index.ts';
import { PageCapture } from './capture/page-capture.ts';
import type { Downloads } from './downloads.ts';
import { Outbox, type OutboxSocket } from './outbox.ts';
import type { OverviewMonitor, OverviewWatcher } from './overview/overview-monitor.ts';
import {
  type CapturablePort,
  type HostMessage,
  MOST_LISTED,
  type PageMessage,
  pageMessages,
  parseMessage,
} from './protocol/index.ts';
import { LiveTimeline } from './timeline/live-timeline.ts';
import type { PageTimeline, TimelineOutlet } from './timeline/page-timeline.ts';
import { checkPageScript, compileInKernel } from './trace/page-script.ts';
import { PageTrace, pointView, priceView } from './trace/page-trace.ts';

export interface PageServices {
  readonly monitor: OverviewMonitor;
  readonly downloads: Downloads;
  readonly honeVersion: string;
}

export interface PageSocket extends OutboxSocket {
  on(event: 'message', listener: (data: RawData, isBinary: boolean) => void): unknown;
  close(code: number, reason: string): void;
}

type StartTrace = Extract<PageMessage, { readonly type: 'start-trace' }>;

/** Of RFC 6455: what was received breaks the rules. */
const POLICY_VIOLATION = 1008;
/** How a capture stands is told this often. */
const CAPTURE_MS = 150;
/** A display filter that is behind goes on after this. */
const BEHIND_MS = 4;
const TRACE_MS = 250;

export class PageSession {
  readonly #socket: PageSocket;
  readonly #services: PageServices;
  readonly #outbox: Outbox;
  #watcher: OverviewWatcher | undefined;
  #capture: PageCapture | undefined;
  #captureTimer: NodeJS.Timeout | undefined;
  #trace: PageTrace | undefined;
  #traceTimer: NodeJS.Timeout | undefined;
  #timeline: PageTimeline | undefined;
  #timelineTimer: NodeJS.Timeout | undefined;
  /** Of the application whose points were asked for last. */
  #points: { readonly pid: number; readonly points: readonly ProbePoint[] } | undefined;
  /** Requests that start or end something come one after another. */
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(socket: PageSocket, services: PageServices) {
    this.#socket = socket;
    this.#services = services;
    this.#outbox = new Outbox(socket);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.#answer({ type: 'hello', version: services.honeVersion });
  }

  /** The page has not taken what it was sent. */
  get isFull(): boolean {
    return this.#outbox.isFull;
  }

  get capture(): PageCapture | undefined {
    return this.#capture;
  }

  /** Resolves when nothing of it is left in any application. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#outbox.close();
    this.#leaveOverview();
    await this.#turn.catch(() => {});
    await Promise.all([this.#endCapture(), this.#endTrace(), this.#endTimeline()]);
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#isClosed) return;
    let message: PageMessage;
    try {
      message = parseMessage(pageMessages, isBinary ? '' : data.toString());
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      // No page of ours says such a thing.
      this.#socket.close(POLICY_VIOLATION, error.message.slice(0, 120));
      return;
    }
    const refuse = (error: unknown) => {
      if (!(error instanceof HoneError)) throw error;
      this.#answer({ type: 'refused', what: message.type, message: error.message });
    };
    if (isAnsweredAtOnce(message)) {
      try {
        this.#answerAtOnce(message);
      } catch (error) {
        refuse(error);
      }
    } else {
      this.#turn = this.#turn.then(() => (this.#isClosed ? undefined : this.#handle(message))).catch(refuse);
    }
  }

  #answerAtOnce(message: Extract<PageMessage, { readonly type: AtOnce }>): void {
    switch (message.type) {
      case 'watch-overview':
        this.#watchOverview(message.looksIntoPackets);
        break;
      case 'leave-overview':
        this.#leaveOverview();
        break;
      case 'set-display-filter':
        this.#runningCapture().setDisplayFilter(message.filter);
        this.#tellCapture();
        break;
      case 'get-rows': {
        const { request, from, count } = message;
        this.#answer({ type: 'rows', request, from, rows: this.#runningCapture().rows(from, count) });
        break;
      }
      case 'get-packet':
        this.#answer({
          type: 'packet',
          request: message.request,
          ...this.#runningCapture().packet(message.row),
        });
        break;
      case 'check-script': {
        const { request, pid, process, script } = message;
        const points = this.#points?.pid === pid ? this.#points.points : undefined;
        this.#answer({
          type: 'script',
          request,
          ...checkPageScript(script, { points, pid: process ?? undefined }),
        });
        break;
      }
      case 'find-text':
        void this.#runningCapture()
          .find(message)
          .then((row) => this.#answer({ type: 'found', request: message.request, row }));
        break;
      case 'get-download':
        this.#answer({
          type: 'download',
          path: this.#services.downloads.add(this.#runningCapture().download()),
        });
        break;
    }
  }

  async #handle(message: Exclude<PageMessage, { readonly type: AtOnce }>): Promise<void> {
    switch (message.type) {
      case 'list-ports':
        this.#answer({ type: 'ports', ports: await listPorts() });
        break;
      case 'start-capture':
        await this.#endCapture();
        this.#capture = await PageCapture.start(message, this.#services.honeVersion);
        this.#tellCapture();
        break;
      case 'stop-capture':
        await this.#capture?.stop();
        this.#tellCapture();
        break;
      case 'list-points':
        await this.#listPoints(message.pid);
        break;
      case 'start-trace':
        await this.#startTrace(message);
        break;
      case 'stop-trace':
        await this.#trace?.stop();
        this.#tellTrace();
        break;
      case 'start-timeline':
        await this.#startTimeline(message.request, (outlet) =>
          LiveTimeline.start(message.pid, message.points, outlet),
        );
        break;
      case 'open-recording': {
        // Loaded when it is needed: what reads recordings is much.
        const { RecordedTimeline } = await import('./timeline/recorded-timeline.ts');
        await this.#startTimeline(message.request, (outlet) => RecordedTimeline.start(message.path, outlet));
        break;
      }
      case 'stop-timeline':
        await this.#timeline?.stop();
        this.#tellTimeline();
        break;
    }
  }

  #watchOverview(looksIntoPackets: boolean): void {
    const before = this.#watcher;
    this.#watcher = {
      looksIntoPackets,
      onSnapshot: (snapshot) => this.#offerLatest('overview', () => ({ type: 'overview', snapshot })),
    };
    this.#services.monitor.add(this.#watcher);
    // Only now: the probes stay where they are.
    if (before !== undefined) this.#services.monitor.remove(before);
  }

  #leaveOverview(): void {
    if (this.#watcher !== undefined) this.#services.monitor.remove(this.#watcher);
    this.#watcher = undefined;
  }

  /** @throws UsageError when there is none */
  #runningCapture(): PageCapture {
    if (this.#capture === undefined) throw new UsageError('there is no capture');
    return this.#capture;
  }

  #tellCapture(): void {
    clearTimeout(this.#captureTimer);
    const capture = this.#capture;
    if (capture === undefined || this.#isClosed) return;
    const isBehind = capture.advance();
    this.#offerLatest('capture', () => capture.state());
    if (!isBehind && !capture.isRunning) return;
    this.#captureTimer = setTimeout(() => this.#tellCapture(), isBehind ? BEHIND_MS : CAPTURE_MS);
  }

  async #endCapture(): Promise<void> {
    clearTimeout(this.#captureTimer);
    const capture = this.#capture;
    this.#capture = undefined;
    await capture?.close();
  }

  async #listPoints(pid: number): Promise<void> {
    const target = await connectTarget(pid);
    try {
      const points = await target.listTracePoints();
      this.#points = { pid, points };
      this.#answer({ type: 'points', pid, points: points.slice(0, MOST_LISTED).map(pointView) });
    } finally {
      target.close();
    }
  }

  async #startTrace({ script, pid, process, isSure }: StartTrace): Promise<void> {
    await this.#endTrace();
    const tree = parseScript(script);
    if (needsKernel(tree)) {
      const compiled = compileInKernel(tree, process ?? undefined);
      const price = await estimateKernelPrice(compiled.points, compiled.pid);
      if (price?.isHot && !isSure) {
        this.#answer({ type: 'trace-price', price: priceView(price) });
        return;
      }
      this.#trace = PageTrace.inKernel(compiled, price);
    } else this.#trace = await PageTrace.inApplication(tree, pid);
    this.#tellTrace();
  }

  #tellTrace(): void {
    clearTimeout(this.#traceTimer);
    const trace = this.#trace;
    if (trace === undefined || this.#isClosed) return;
    const { isRunning } = trace;
    trace.flushOutput((lines, leftOut) =>
      this.#outbox.offer(JSON.stringify({ type: 'trace-output', lines, leftOut } satisfies HostMessage)),
    );
    this.#offerLatest('trace', () => trace.state());
    if (isRunning) this.#traceTimer = setTimeout(() => this.#tellTrace(), TRACE_MS);
  }

  async #endTrace(): Promise<void> {
    clearTimeout(this.#traceTimer);
    const trace = this.#trace;
    this.#trace = undefined;
    await trace?.stop();
  }

  async #startTimeline(
    request: number,
    start: (outlet: TimelineOutlet) => Promise<PageTimeline>,
  ): Promise<void> {
    await this.#endTimeline();
    try {
      this.#timeline = await start({
        request,
        tellLanes: (lanes) => this.#answer({ type: 'timeline-lanes', request, lanes }),
        offer: (bytes) => this.#outbox.offer(bytes),
        room: () => this.#outbox.room(),
      });
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      this.#answer({
        ...{ type: 'timeline', request, isRunning: false, note: '', fault: error.message },
        ...{ lostEvents: 0, leftOut: 0, costs: [], readBytes: 0, sizeBytes: 0 },
      });
    }
    this.#tellTimeline();
  }

  #tellTimeline(): void {
    clearTimeout(this.#timelineTimer);
    const timeline = this.#timeline;
    if (timeline === undefined || this.#isClosed) return;
    const { isRunning } = timeline;
    this.#offerLatest('timeline', () => timeline.state());
    if (isRunning) this.#timelineTimer = setTimeout(() => this.#tellTimeline(), TRACE_MS);
  }

  async #endTimeline(): Promise<void> {
    clearTimeout(this.#timelineTimer);
    const timeline = this.#timeline;
    this.#timeline = undefined;
    await timeline?.stop();
  }

  #answer(message: HostMessage): void {
    this.#outbox.answer(JSON.stringify(message));
  }

  #offerLatest(name: string, make: () => HostMessage): void {
    this.#outbox.offerLatest(name, () => JSON.stringify(make()));
  }
}

const AT_ONCE = [
  ...(['watch-overview', 'leave-overview', 'set-display-filter'] as const),
  ...(['get-rows', 'get-packet', 'find-text', 'get-download', 'check-script'] as const),
] as const;
type AtOnce = (typeof AT_ONCE)[number];

function isAnsweredAtOnce(message: PageMessage): message is Extract<PageMessage, { readonly type: AtOnce }> {
  return (AT_ONCE as readonly string[]).includes(message.type);
}

async function listPorts(): Promise<readonly CapturablePort[]> {
  const applications = await openApplications();
  for (const { target } of applications) target.close();
  return applications.flatMap(({ pid, label, ports }) =>
    ports.map(({ portId, name, driver, up }) => ({
      pid,
      application: label,
      portId,
      name,
      driver,
      isUp: up,
    })),
  );
}
