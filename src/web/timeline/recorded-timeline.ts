/**
 * A recording on this host, read for one page: CTF of hone, LTTng or rte_trace, captures, folders with both, merged on one clock as
 * `hone convert` does. It waits for the page: nothing is left out, and no more is read than the page takes.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { SysError, UsageError } from '../../base/index.ts';
import { Conversion, type Item, type ItemSink, type OpenInputs, openInputs } from '../../convert/index.ts';
import { reasonOf } from '../../output/index.ts';
import type { LaneView } from '../protocol/index.ts';
import { EventColumns } from './event-columns.ts';
import { numberOf, numericFields } from './numeric-fields.ts';
import type { PageTimeline, TimelineMessage, TimelineOutlet } from './page-timeline.ts';

const PACKET_LABELS: readonly string[] = ['packet', 'bytes'];
const WAYS: readonly string[] = ['', ' in', ' out', ''];
const EVERYTHING = { fromNs: undefined, beforeNs: undefined, items: undefined } as const;
/** Lanes that are looked up by their events; those of more of them are one. */
const MOST_KEYS = 65_536;

export class RecordedTimeline implements PageTimeline {
  readonly #conversion: Conversion;
  readonly #request: number;
  readonly #done: Promise<void>;
  #isRunning = true;
  #fault = '';

  private constructor({ sources }: OpenInputs, outlet: TimelineOutlet) {
    this.#conversion = new Conversion(sources, EVERYTHING);
    this.#request = outlet.request;
    this.#done = this.#run(new ColumnSink(outlet));
  }

  /** @throws UsageError, SysError, FormatError: one line that says what is wrong with the path or with what is there */
  static async start(path: string, outlet: TimelineOutlet): Promise<RecordedTimeline> {
    return new RecordedTimeline(await openInputs([checkPath(path)], []), outlet);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  async stop(): Promise<void> {
    if (this.#isRunning) this.#conversion.stop();
    await this.#done;
  }

  state(): TimelineMessage {
    const { sources } = this.#conversion;
    return {
      ...{ type: 'timeline', request: this.#request, isRunning: this.#isRunning, fault: this.#fault },
      note: sources.flatMap(({ notes }) => notes).join('\n'),
      ...{ lostEvents: 0, leftOut: 0, costs: [] },
      readBytes: sources.reduce((sum, { takenBytes }) => sum + takenBytes, 0),
      sizeBytes: sources.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
    };
  }

  async #run(sink: ItemSink): Promise<void> {
    try {
      await this.#conversion.run(sink);
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isRunning = false;
    }
  }
}

/**
 * Standard input, pipes and devices are none of a page's business: they would wait for somebody, or never end.
 * @throws UsageError, SysError
 */
function checkPath(given: string): string {
  if (given.trim() === '' || given.includes('\0')) {
    throw new UsageError('expected the path of a recording on the host');
  }
  const path = resolve(given);
  try {
    const stat = statSync(path);
    if (stat.isFile() || stat.isDirectory()) return path;
  } catch (error) {
    const system = error as NodeJS.ErrnoException;
    throw new SysError('open', -(system.errno ?? 0), `cannot read ${path}: ${reasonOf(system)}`);
  }
  throw new UsageError(`${path}: got a pipe or a device, expected a file or a folder`);
}

class ColumnSink implements ItemSink {
  readonly notes: readonly string[] = [];
  readonly #outlet: TimelineOutlet;
  readonly #columns: EventColumns;
  readonly #lanes = new Map<string, LaneView>();
  #originNs: bigint | undefined;

  constructor(outlet: TimelineOutlet) {
    this.#outlet = outlet;
    this.#columns = new EventColumns(outlet);
  }

  put(item: Item): Promise<void> | undefined {
    this.#originNs ??= item.timeNs;
    const timeNs = Number(item.timeNs - this.#originNs);
    if (item.kind === 'event') {
      const lane = this.#laneOf(
        `${item.place.number} ${item.name}`,
        () => `${placeName(item)} · ${item.name}`,
        () => numericFields(item.cursor.payload()),
      );
      this.#columns.add(lane, timeNs, (label) => numberOf(item.cursor.field(lane.labels[label]!)) ?? 0);
    } else {
      const { epb_flags: flags = 0, epb_queue: queue } = item.packet.options;
      const where = `${WAYS[flags & 3]}${queue === undefined ? '' : ` queue ${queue}`}`;
      const lane = this.#laneOf(
        `${item.place.number}${where}`,
        () => `${placeName(item)}${where}`,
        () => PACKET_LABELS,
      );
      this.#columns.add(lane, timeNs, (label) => (label === 0 ? item.number : item.packet.originalLength));
    }
    return this.#columns.isFull ? this.flush() : undefined;
  }

  async flush(): Promise<void> {
    while (!this.#columns.flush()) {
      if (!(await this.#outlet.room())) this.#columns.drop();
    }
  }

  finish(): Promise<void> {
    return this.flush();
  }

  #laneOf(key: string, name: () => string, labels: () => readonly string[]): LaneView {
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const made = this.#columns.addLane(name(), labels());
    if (this.#lanes.size < MOST_KEYS) this.#lanes.set(key, made);
    return made;
  }
}

/** Of one process the place alone; of more of them, those after the first say whose it is. */
function placeName({ place }: Item): string {
  const { kind, name, process } = place;
  if (kind === 'process' || process.number === 1) return name;
  return `${process.name}${process.pid === undefined ? '' : ` ${process.pid}`} ${name}`;
}
