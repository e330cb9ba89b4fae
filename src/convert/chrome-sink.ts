/**
 * A timeline in Chrome's trace event format, the JSON object form: what chrome://tracing, Perfetto and speedscope read. Times are
 * microseconds with three decimals since the first of them, which `otherData` tells: since 1970 a double, which is what viewers
 * have, would be exact to a quarter of a microsecond only. https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import type { StructureValue } from '../ctf/index.ts';
import type { TextStream } from '../read/index.ts';
import { formatMicroseconds, formatSeconds } from './format-time.ts';
import { formatJson } from './format-value.ts';
import type { FlowMark, Moment, TimelineSink, Track } from './timeline/timeline-sink.ts';

/** Rows that are no threads, above every number that Linux gives a thread. */
const FIRST_ROW = 1 << 23;
/** A flow binds to a slice: that of a packet is as short as can be. */
const PHASES = { first: 's', middle: 't', last: 'f' } as const;

export class ChromeSink implements TimelineSink {
  readonly #text: TextStream;
  #gathered = '';
  #isFirst = true;
  /** By the tracks' numbers. */
  readonly #heads: string[] = [];
  #originNs: bigint | undefined;

  /** Takes over `text`. */
  constructor(text: TextStream) {
    this.#text = text;
  }

  addTrack(track: Track): void {
    this.#heads[track.number] = `"pid":${pidOf(track.process)},"tid":${tidOf(track)},"ts":`;
    const name = JSON.stringify(track.name);
    const { kind } = track;
    if (kind === 'process') this.#metadata(track, 'process_name', `"name":${name}`);
    else if (kind !== 'counter') {
      this.#metadata(track, 'thread_name', `"name":${name}`);
      this.#metadata(track, 'thread_sort_index', `"sort_index":${track.number}`);
    }
  }

  begin(track: Track, moment: Moment): void {
    const { timeNs, name, fields } = moment;
    this.#event(`"ph":"B",${this.#place(track, timeNs)},"name":${JSON.stringify(name)}${args(fields)}`);
    this.#putFlows(track, moment);
  }

  end(track: Track, timeNs: bigint): void {
    this.#event(`"ph":"E",${this.#place(track, timeNs)}`);
  }

  instant(track: Track, moment: Moment): void {
    const { timeNs, name, fields, flows } = moment;
    const shape =
      flows.length > 0 ? '"ph":"X","dur":0' : `"ph":"i","s":"${track.kind === 'process' ? 'p' : 't'}"`;
    this.#event(`${shape},${this.#place(track, timeNs)},"name":${JSON.stringify(name)}${args(fields)}`);
    this.#putFlows(track, moment);
  }

  count(track: Track, timeNs: bigint, value: number | bigint): void {
    const name = JSON.stringify(track.name);
    this.#event(
      `"ph":"C",${this.#place(track, timeNs)},"name":${name},"args":{"value":${formatJson(value)}}`,
    );
  }

  /** What was gathered goes out. Undefined when there is nothing to wait for. */
  flush(): Promise<void> | undefined {
    const gathered = this.#gathered;
    this.#gathered = '';
    return this.#text.put(gathered);
  }

  async finish(): Promise<void> {
    const head = this.#isFirst ? HEAD : '';
    const origin = formatSeconds(this.#originNs ?? 0n);
    const tail = `\n],"displayTimeUnit":"ns","otherData":{"secondsSince1970":"${origin}"}}\n`;
    await this.#text.put(`${head}${this.#gathered}${tail}`);
    await this.#text.close();
  }

  #putFlows(track: Track, { timeNs, flows }: Moment): void {
    for (const { flow, part } of flows) this.#putFlow(track, timeNs, flow, part);
  }

  #putFlow(track: Track, timeNs: bigint, flow: number, part: FlowMark['part']): void {
    const binding = part === 'last' ? ',"bp":"e"' : '';
    const where = this.#place(track, timeNs);
    this.#event(`"ph":"${PHASES[part]}",${where},"cat":"packet","name":"packet","id":${flow}${binding}`);
  }

  #place(track: Track, timeNs: bigint): string {
    this.#originNs ??= timeNs;
    return `${this.#heads[track.number]}${formatMicroseconds(timeNs, this.#originNs)}`;
  }

  #metadata(track: Track, name: string, content: string): void {
    const { process } = track;
    this.#event(
      `"ph":"M","pid":${pidOf(process)},"tid":${tidOf(track)},"name":"${name}","args":{${content}}`,
    );
  }

  #event(members: string): void {
    this.#gathered += `${this.#isFirst ? HEAD : ',\n'}{${members}}`;
    this.#isFirst = false;
  }
}

const HEAD = '{"traceEvents":[\n';

function pidOf({ pid, number }: Track['process']): number {
  return pid ?? FIRST_ROW + number;
}

function tidOf({ kind, tid, number, process, parent }: Track): number {
  if (kind === 'thread') return tid!;
  return parent === undefined ? pidOf(process) : FIRST_ROW + number;
}

function args(fields: StructureValue): string {
  const text = formatJson(fields);
  return text === '{}' ? '' : `,"args":${text}`;
}
