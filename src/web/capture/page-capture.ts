/** A capture for one page: it runs into a window of packets, from which the page asks for the rows that it shows. */
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { HoneError, UsageError } from '../../base/index.ts';
import {
  type CapturedInterface,
  type CaptureResult,
  CaptureSession,
  type CaptureSource,
  compilePrograms,
  describeInterface,
  describeSection,
  describeStatistics,
  type FileInterface,
} from '../../capture/index.ts';
import { formatPacketLine } from '../../packet/index.ts';
import type { EpbCursor } from '../../pcapng/index.ts';
import { connectTarget, type PortInfo, type Target } from '../../target/index.ts';
import type { Download } from '../downloads.ts';
import type { HostMessage, InterfaceView, PageMessage, RowView } from '../protocol/index.ts';
import { DisplayFilter } from './display-filter.ts';
import { PacketWindow } from './packet-window.ts';
import { WindowWriter } from './window-writer.ts';

type Request = Extract<PageMessage, { readonly type: 'start-capture' }>;
type Find = Extract<PageMessage, { readonly type: 'find-text' }>;
export type CaptureMessage = Extract<HostMessage, { readonly type: 'capture' }>;
export type PacketMessage = Omit<Extract<HostMessage, { readonly type: 'packet' }>, 'type' | 'request'>;

/** Of each polling thread. */
const RING_BYTES = 32 << 20;
const MOST_BYTES = 256 << 20;
const ROWS_A_LOOK = 256;
const NO_PACKET: PacketMessage = { row: null, bytes: '', comment: '', dropCount: 0 };

export class PageCapture {
  readonly #window = new PacketWindow({ mostBytes: MOST_BYTES });
  readonly #session: CaptureSession;
  readonly #done: Promise<void>;
  readonly #honeVersion: string;
  #filter: DisplayFilter | undefined;
  #result: CaptureResult | undefined;
  #notes: string[] = [];
  /** Of the first packet of all, seconds and nanoseconds. */
  #origin: { readonly seconds: number; readonly nanoseconds: number } | undefined;
  #find = 0;

  private constructor(sources: readonly CaptureSource[], targets: readonly Target[], honeVersion: string) {
    this.#honeVersion = honeVersion;
    this.#session = new CaptureSession({
      sources,
      durationMs: undefined,
      openWriter: async ({ interfaces }) => new WindowWriter(this.#window, interfaces),
      onNote: (text) => this.#notes.push(text),
    });
    this.#done = this.#session.run().then((result) => {
      this.#result = result;
      for (const target of targets) target.close();
    });
  }

  /**
   * Everything that can be wrong is looked at before anything is attached.
   * @throws CompileError, UsageError, PeerError
   */
  static async start({ ports, filter, snaplen }: Request, honeVersion: string): Promise<PageCapture> {
    if (ports.length === 0) throw new UsageError('no port was chosen');
    const programs = compilePrograms(filter);
    const targets: Target[] = [];
    const sources: CaptureSource[] = [];
    try {
      for (const pid of new Set(ports.map((port) => port.pid))) {
        const target = await connectTarget(pid);
        targets.push(target);
        const known = await target.listPorts();
        const chosen = ports
          .filter((port) => port.pid === pid)
          .map(({ portId }) => portOf(known, portId, pid));
        const describe = (port: PortInfo): CapturedInterface => ({
          port,
          name: new Set(ports.map((choice) => choice.pid)).size > 1 ? `${pid}/${port.name}` : port.name,
          description: `process ${pid}, port ${port.portId}, ${port.driver}`,
          snaplen,
          filter,
        });
        const feed = await target.startCapture({
          ports: chosen.map(({ portId }) => ({ portId, directions: ['in', 'out'], snaplen, programs })),
          ringBytes: RING_BYTES,
          meta: true,
          hostClock: false,
        });
        sources.push({
          ...{
            target,
            feed,
            application: `process ${pid}`,
            interfaces: chosen.map(describe),
            expectsPorts: false,
          },
          describe: (port) => (chosen.some(({ name }) => name === port.name) ? describe(port) : undefined),
        });
      }
      return new PageCapture(sources, targets, honeVersion);
    } catch (error) {
      for (const { feed } of sources) feed.close();
      for (const target of targets) target.close();
      throw error;
    }
  }

  get isRunning(): boolean {
    return this.#result === undefined;
  }

  /** Packets that the rings of a port dropped since the start; undefined when it is not being captured. */
  ringDropped(pid: number, portId: number): number | undefined {
    if (!this.isRunning) return undefined;
    this.#takeCounters();
    const { interfaces, sources } = this.#session;
    const mine = interfaces.all.filter(
      ({ source, captured }) => sources[source]?.target.info.pid === pid && captured.port.portId === portId,
    );
    if (mine.length === 0) return undefined;
    return mine.reduce((sum, { counters }) => sum + Number(counters.dropped), 0);
  }

  /** Resolves when nothing of it is left in any application; the packets stay. */
  async stop(): Promise<void> {
    if (this.isRunning) this.#session.stop();
    await this.#done;
  }

  async close(): Promise<void> {
    this.#find++;
    await this.stop();
    this.#window.close();
  }

  /** An empty text shows all. @throws CompileError */
  setDisplayFilter(filter: string): void {
    this.#filter = filter.trim() === '' ? undefined : new DisplayFilter(filter);
  }

  /** Brings counters and the display filter up to date. True when there is more to be done soon. */
  advance(): boolean {
    return this.#filter?.advance(this.#window) ?? false;
  }

  state(): CaptureMessage {
    this.#takeCounters();
    const { packets, firstPacket, heldBytes } = this.#window;
    return {
      ...{ type: 'capture', isRunning: this.isRunning, note: this.#note(), packets, forgotten: firstPacket },
      ...{ heldBytes, mostBytes: MOST_BYTES, filtered: this.#filter?.filtered ?? packets },
      firstRow: this.#filter?.firstRow ?? firstPacket,
      endRow: this.#filter?.endRow ?? packets,
      interfaces: this.#session.interfaces.all.map(viewOf),
    };
  }

  rows(from: number, count: number): readonly RowView[] {
    const rows: RowView[] = [];
    this.#visitRows(from, from + count, (cursor, packet) => rows.push(this.#rowOf(cursor, packet)));
    return rows;
  }

  packet(row: number): PacketMessage {
    let found = NO_PACKET;
    this.#visitRows(row, row + 1, (cursor, packet) => {
      found = {
        row: this.#rowOf(cursor, packet),
        bytes: Buffer.from(cursor.borrowData()).toString('base64'),
        comment: cursor.comment ?? '',
        dropCount: Number(cursor.dropCount ?? 0n),
      };
    });
    return found;
  }

  /** The next row whose line has the text, whatever its case; a later call ends this one. */
  async find({ text, from, direction }: Find): Promise<number | null> {
    const mine = ++this.#find;
    const wanted = text.toLowerCase();
    const isForward = direction === 'forward';
    for (let at = from; ; ) {
      const { firstRow, endRow } = this.state();
      const [start, end] = isForward ? [at, at + ROWS_A_LOOK] : [at + 1 - ROWS_A_LOOK, at + 1];
      if (isForward ? start >= endRow : end <= firstRow) return null;
      const first = Math.max(start, firstRow);
      const rows = this.rows(first, end - first);
      const matches = ({ line }: RowView) => line.toLowerCase().includes(wanted);
      const index = isForward ? rows.findIndex(matches) : rows.findLastIndex(matches);
      if (index >= 0) return first + index;
      at = isForward ? end : start - 1;
      await yieldToEvents();
      if (mine !== this.#find) return null;
    }
  }

  download(): Download {
    const { interfaces, sources, startNs, nowNs } = this.#session;
    const window = this.#window;
    const honeVersion = this.#honeVersion;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield describeSection(honeVersion, [], sources);
      for (const entry of interfaces.all) yield describeInterface(entry);
      yield* window.blocks();
      for (const entry of interfaces.all) yield describeStatistics(entry, startNs, nowNs);
    }
    const stamp = new Date().toISOString().replace(/[-:]|\..*/g, '');
    return { fileName: `hone-${stamp}.pcapng`, contentType: 'application/octet-stream', chunks };
  }

  #takeCounters(): void {
    try {
      if (this.isRunning) this.#session.takeCounters();
    } catch (error) {
      // Then the last ones stay.
      if (!(error instanceof HoneError)) throw error;
    }
  }

  #visitRows(from: number, to: number, visit: (cursor: EpbCursor, packet: number) => void): void {
    this.#takeOrigin();
    if (this.#filter === undefined) {
      this.#window.visit(from, to, (cursor, packet) => {
        visit(cursor, packet);
        return true;
      });
      return;
    }
    for (const wanted of this.#filter.packetsOf(from, to)) {
      this.#window.visit(wanted, wanted + 1, (cursor, packet) => {
        visit(cursor, packet);
        return true;
      });
    }
  }

  /** The first packet of all may be forgotten later. */
  #takeOrigin(): void {
    if (this.#origin !== undefined) return;
    this.#window.visit(this.#window.firstPacket, this.#window.firstPacket + 1, ({ seconds, nanoseconds }) => {
      this.#origin = { seconds, nanoseconds };
      return false;
    });
  }

  #rowOf(cursor: EpbCursor, packet: number): RowView {
    const { seconds, nanoseconds, interfaceId, direction, originalLength } = cursor;
    const origin = this.#origin ?? { seconds, nanoseconds };
    return {
      packet: packet + 1,
      timeNs: (seconds - origin.seconds) * 1e9 + nanoseconds - origin.nanoseconds,
      interface: this.#session.interfaces.all[interfaceId]?.captured.name ?? '?',
      direction: direction ?? null,
      length: originalLength,
      line: formatPacketLine(cursor.borrowData(), originalLength),
    };
  }

  #note(): string {
    const { end, error } = this.#result ?? {};
    if (end === 'failed') return error instanceof Error ? error.message : String(error);
    if (end === 'targets-gone') return 'the application has ended';
    if (end === 'ports-removed') return 'all captured ports are gone';
    return this.#notes.at(-1) ?? '';
  }
}

function portOf(ports: readonly PortInfo[], portId: number, pid: number): PortInfo {
  const port = ports.find((one) => one.portId === portId);
  if (port === undefined) throw new UsageError(`process ${pid} has no port ${portId}`);
  return port;
}

function viewOf({ captured, counters, missed, written }: FileInterface): InterfaceView {
  return {
    name: captured.name,
    seen: Number(counters.seen),
    matched: Number(counters.matched),
    written,
    dropped: Number(counters.dropped),
    missed: missed === undefined ? null : Number(missed),
  };
}
