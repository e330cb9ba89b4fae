/**
 * What a trace prints as text: byte for byte bpftrace 0.17's for the same contents, except that entries whose values are
 * addresses stand on lines of their own, that averages without a sign have none, and what `printf.ts` and
 * `format-value.ts` say.
 */
import type { MapContents, MapEntry } from '../merge/map-contents.ts';
import type { MapPlan, ValueType } from '../plan.ts';
import { formatKey, formatValue, type Naming, readInteger } from './format-value.ts';
import { formatHistogram } from './histogram.ts';
import { average, type MapOrder, orderEntries } from './map-order.ts';
import type { PrintRequest, TraceFormat } from './trace-format.ts';

export class TextFormat implements TraceFormat {
  readonly #naming: Naming;
  readonly #order: MapOrder;

  constructor(naming: Naming, order: MapOrder) {
    this.#naming = naming;
    this.#order = order;
  }

  attached(probes: number): string {
    return `Attaching ${probes} probe${probes === 1 ? '' : 's'}...\n`;
  }

  printf(text: string): string {
    return text;
  }

  time(text: string): string {
    return text;
  }

  join(text: string): string {
    return `${text}\n`;
  }

  value(type: ValueType, bytes: Uint8Array): string {
    return `${formatValue(type, bytes, this.#naming)}\n`;
  }

  map(contents: MapContents, { top, divisor }: PrintRequest): string {
    const { plan } = contents;
    const entries = orderEntries(contents, top, this.#order, (entry) => this.#name(plan, entry));
    const text = entries.map((entry) => this.#entry(plan, entry, divisor)).join(separator(plan));
    return text + (plan.kind.kind === 'avg' || plan.kind.kind === 'stats' ? '\n\n' : '\n');
  }

  lost(events: bigint): string {
    return `Lost ${events} events\n`;
  }

  end(): string {
    return '\n\n';
  }

  #name({ name, keys }: MapPlan, { key }: MapEntry): string {
    if (keys.length === 0) return name;
    return `${name}[${formatKey(keys, key, this.#naming).join(', ')}]`;
  }

  #entry(plan: MapPlan, entry: MapEntry, divisor: bigint): string {
    return `${this.#name(plan, entry)}: ${this.#value(plan, entry.value, divisor)}`;
  }

  #value({ kind }: MapPlan, value: Uint8Array, divisor: bigint): string {
    switch (kind.kind) {
      case 'hist':
        return `\n${formatHistogram(kind, value, divisor)}`;
      case 'lhist':
        return `\n${formatHistogram(kind, value, 1n)}`;
      case 'avg':
        return String(average(readInteger(value, kind.isSigned), readInteger(value, false, 8)) / divisor);
      case 'stats': {
        const [total, count] = [readInteger(value, kind.isSigned), readInteger(value, false, 8)];
        return `count ${count}, average ${average(total, count)}, total ${total}`;
      }
      case 'value':
        if (kind.type.kind === 'integer') {
          return String(readInteger(value, kind.type.isSigned, 8) / divisor);
        }
        return formatValue(kind.type, value.subarray(8), this.#naming);
      default:
        return String(readInteger(value, kind.isSigned) / divisor);
    }
  }
}

/** Stacks end with a newline of their own. */
function separator({ kind }: MapPlan): string {
  return kind.kind === 'value' && kind.type.kind === 'stack' ? '' : '\n';
}
