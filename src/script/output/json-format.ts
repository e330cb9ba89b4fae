/**
 * What a trace prints as JSON, an object a line: byte for byte bpftrace 0.17's `-f json` for the same contents, except
 * that each line is JSON (see format-value.ts) and bounds of buckets above 2^31 are right.
 */
import type { MapContents, MapEntry } from '../merge/map-contents.ts';
import type { MapPlan, ValueType } from '../plan.ts';
import { formatJsonValue, formatKey, type Naming, quoteJson, readInteger } from './format-value.ts';
import { type Bucket, usedBuckets } from './histogram.ts';
import { average, type MapOrder, orderEntries } from './map-order.ts';
import type { PrintRequest, TraceFormat } from './trace-format.ts';

export class JsonFormat implements TraceFormat {
  readonly #naming: Naming;
  readonly #order: MapOrder;

  constructor(naming: Naming, order: MapOrder) {
    this.#naming = naming;
    this.#order = order;
  }

  attached(probes: number): string {
    return line('attached_probes', `{"probes": ${probes}}`);
  }

  printf(text: string): string {
    return line('printf', quoteJson(text));
  }

  time(text: string): string {
    return line('time', quoteJson(text));
  }

  join(text: string): string {
    return line('join', quoteJson(text));
  }

  value(type: ValueType, bytes: Uint8Array): string {
    return line('value', formatJsonValue(type, bytes, this.#naming));
  }

  map(contents: MapContents, { top, divisor }: PrintRequest): string {
    const { plan } = contents;
    if (contents.entries.length === 0) return '';
    const isKeyed = plan.keys.length > 0;
    const entries = orderEntries(contents, top, this.#order, (entry) => this.#key(plan, entry));
    const parts = entries.map((entry) => {
      const value = this.#value(plan, entry.value, divisor);
      return isKeyed ? `${quoteJson(this.#key(plan, entry))}: ${value}` : value;
    });
    const data = isKeyed ? `{${parts.join(', ')}}` : parts.join(', ');
    return line(messageType(plan), `{${quoteJson(plan.name)}: ${data}}`);
  }

  lost(events: bigint): string {
    return line('lost_events', `{"events": ${events}}`);
  }

  end(): string {
    return '\n\n';
  }

  #key({ keys }: MapPlan, { key }: MapEntry): string {
    return formatKey(keys, key, this.#naming).join(',');
  }

  #value({ kind }: MapPlan, value: Uint8Array, divisor: bigint): string {
    switch (kind.kind) {
      case 'hist':
        return formatBuckets(usedBuckets(kind, value), divisor);
      case 'lhist':
        return formatBuckets(usedBuckets(kind, value), 1n);
      case 'avg':
        return String(average(readInteger(value, kind.isSigned), readInteger(value, false, 8)) / divisor);
      case 'stats': {
        const [total, count] = [readInteger(value, kind.isSigned), readInteger(value, false, 8)];
        return `{"count": ${count}, "average": ${average(total, count)}, "total": ${total}}`;
      }
      case 'value':
        if (kind.type.kind === 'integer') {
          return String(readInteger(value, kind.type.isSigned, 8) / divisor);
        }
        return formatJsonValue(kind.type, value.subarray(8), this.#naming);
      default:
        return String(readInteger(value, kind.isSigned) / divisor);
    }
  }
}

function line(type: string, data: string): string {
  return `{"type": "${type}", "data": ${data}}\n`;
}

function messageType({ kind }: MapPlan): string {
  switch (kind.kind) {
    case 'hist':
    case 'lhist':
      return 'hist';
    case 'avg':
    case 'stats':
      return 'stats';
    default:
      return 'map';
  }
}

function formatBuckets(buckets: readonly Bucket[], divisor: bigint): string {
  const parts = buckets.map(({ min, max, count }) => {
    const low = min === undefined ? '' : `"min": ${min}, `;
    const high = max === undefined ? '' : `"max": ${max}, `;
    return `{${low}${high}"count": ${count / divisor}}`;
  });
  return `[${parts.join(', ')}]`;
}
