/** What events make the host do: lines are printed, maps printed, cleared and zeroed, the trace ended. */
import { assertUnreachable } from '../base/index.ts';
import {
  type EventField,
  type EventPlan,
  type FormatPart,
  formatPrintf,
  formatStrftime,
  formatValue,
  type MapContents,
  type Naming,
  parseFormat,
  type TraceFormat,
  valueBytes,
} from '../script/index.ts';
import { fieldsOf } from './event-record.ts';
import type { TraceSource } from './trace-source.ts';

export type MapStore = Pick<TraceSource, 'copyContents' | 'clear' | 'zero'>;

export class ActionRunner {
  readonly #format: TraceFormat;
  readonly #naming: Naming;
  readonly #store: MapStore;
  readonly #nowNs: () => bigint;
  readonly #parts = new Map<string, readonly FormatPart[]>();

  /** @param nowNs CLOCK_REALTIME, or what stands for it: of time() */
  constructor(format: TraceFormat, naming: Naming, store: MapStore, nowNs: () => bigint) {
    this.#format = format;
    this.#naming = naming;
    this.#store = store;
    this.#nowNs = nowNs;
  }

  /** What is to be written. An exit is the caller's. @param sent checked against `plan`; borrowed */
  run(plan: EventPlan, sent: Uint8Array): string {
    const format = this.#format;
    const record = this.#withLengths(plan, sent);
    switch (plan.kind) {
      case 'printf':
        return format.printf(formatPrintf(this.#partsOf(plan.format), plan.fields, record, this.#naming));
      case 'value':
        return format.value(plan.field.type, record.subarray(plan.field.offset));
      case 'print':
        return this.printMap(plan.map, plan.top, BigInt(plan.divisor || 1));
      case 'print-entry':
        return this.#printEntry(plan.map, plan.fields, record);
      case 'clear':
        this.#store.clear(plan.map);
        return '';
      case 'zero':
        this.#store.zero(plan.map);
        return '';
      case 'time':
        return format.time(formatStrftime(plan.format, this.#nowNs()));
      case 'join':
        return format.join(this.#join(plan.fields, plan.separator, record));
      case 'exit':
        return '';
      default:
        return assertUnreachable(plan);
    }
  }

  /** What len() stands for. */
  #withLengths(plan: EventPlan, record: Uint8Array): Uint8Array {
    const lengths = fieldsOf(plan).filter(({ lengthOf }) => lengthOf !== undefined);
    if (lengths.length === 0) return record;
    const filled = record.slice();
    const view = new DataView(filled.buffer);
    for (const { offset, lengthOf } of lengths) {
      view.setBigUint64(offset, BigInt(this.#store.copyContents(lengthOf!)?.entries.length ?? 0), true);
    }
    return filled;
  }

  printMap(name: string, top: number, divisor: bigint): string {
    const contents = this.#store.copyContents(name);
    return contents === undefined ? '' : this.#format.map(contents, { top, divisor });
  }

  /** One entry, as bpftrace prints a map with only that. */
  #printEntry(name: string, fields: readonly EventField[], record: Uint8Array): string {
    const contents = this.#store.copyContents(name);
    if (contents === undefined) return '';
    const key = keyOf(fields, record);
    const entries = contents.entries.filter((entry) => entry.key.every((byte, i) => byte === key[i]));
    return this.#format.map({ plan: contents.plan, entries } satisfies MapContents, { top: 0, divisor: 1n });
  }

  /** The first empty text ends the list. */
  #join(fields: readonly EventField[], separator: string, record: Uint8Array): string {
    const texts = fields.map(({ type, offset }) => formatValue(type, record.subarray(offset), this.#naming));
    const end = texts.indexOf('');
    return texts.slice(0, end < 0 ? texts.length : end).join(separator);
  }

  #partsOf(format: string): readonly FormatPart[] {
    const known = this.#parts.get(format);
    if (known !== undefined) return known;
    const parts = parseFormat(format);
    this.#parts.set(format, parts);
    return parts;
  }
}

/** Fields lie one behind the other as the key's parts do. */
function keyOf(fields: readonly EventField[], record: Uint8Array): Uint8Array {
  const start = fields[0]?.offset ?? 0;
  const length = fields.reduce((sum, { type }) => sum + valueBytes(type), 0);
  return record.subarray(start, start + length);
}
