/**
 * Maps in Prometheus' text exposition format 0.0.4: a metric a map, its keys as labels. Counts and sums without a sign
 * are counters, histograms have the exact inclusive bounds of integers (2^i - 1) and no sum, because none is kept;
 * stats() is a summary without quantiles; what is no number is a label beside the value 1. Values have all their digits;
 * who reads them as doubles gets 53 bits. Events (printf and its like) do not belong here and print nothing.
 */
import { assertUnreachable } from '../../base/index.ts';
import type { MapContents, MapEntry } from '../merge/map-contents.ts';
import type { MapKind, MapPlan, ValueType } from '../plan.ts';
import { formatKey, formatValue, type Naming, readInteger } from './format-value.ts';
import { bucketsFromLowest, type HistogramKind, totalCount } from './histogram.ts';
import { average, type MapOrder, orderEntries } from './map-order.ts';
import type { PrintRequest, TraceFormat } from './trace-format.ts';

type Labels = readonly (readonly [name: string, value: string])[];

export class PrometheusFormat implements TraceFormat {
  readonly #naming: Naming;
  readonly #order: MapOrder;
  readonly #names = new Map<string, string>();

  constructor(naming: Naming, order: MapOrder) {
    this.#naming = naming;
    this.#order = order;
  }

  attached(_probes: number): string {
    return '';
  }

  printf(_text: string): string {
    return '';
  }

  time(_text: string): string {
    return '';
  }

  join(_text: string): string {
    return '';
  }

  value(_type: ValueType, _bytes: Uint8Array): string {
    return '';
  }

  map(contents: MapContents, { top, divisor }: PrintRequest): string {
    const { plan } = contents;
    const name = this.#metric(plan);
    const labelsOf = (entry: MapEntry): Labels => this.#labels(plan, entry);
    const entries = orderEntries(contents, top, this.#order, (entry) => formatLabels(labelsOf(entry)));
    if (entries.length === 0) return '';
    const samples = entries.map((entry) =>
      this.#samples(name, labelsOf(entry), plan.kind, entry.value, divisor),
    );
    return `# TYPE ${name} ${metricType(plan.kind)}\n${samples.join('')}`;
  }

  lost(_events: bigint): string {
    return '';
  }

  end(): string {
    return '';
  }

  /** Names that would become the same get a number. */
  #metric({ name, kind }: MapPlan): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const plain = `hone_${name.slice(1).replace(/[^A-Za-z0-9_]/g, '_') || 'value'}`;
    const total = metricType(kind) === 'counter' && !plain.endsWith('_total') ? '_total' : '';
    const taken = [...this.#names.values()];
    let metric = plain + total;
    for (let n = 2; taken.includes(metric); n++) metric = `${plain}_${n}${total}`;
    this.#names.set(name, metric);
    return metric;
  }

  #labels({ keys }: MapPlan, { key }: MapEntry): Labels {
    const values = formatKey(keys, key, this.#naming);
    return values.map((value, n) => [keys.length === 1 ? 'key' : `key${n + 1}`, value]);
  }

  #samples(name: string, labels: Labels, kind: MapKind, value: Uint8Array, divisor: bigint): string {
    switch (kind.kind) {
      case 'hist':
      case 'lhist':
        return formatBuckets(name, labels, kind, value);
      case 'stats':
        return (
          sample(`${name}_sum`, labels, readInteger(value, kind.isSigned)) +
          sample(`${name}_count`, labels, readInteger(value, false, 8))
        );
      case 'avg':
        return sample(
          name,
          labels,
          average(readInteger(value, kind.isSigned), readInteger(value, false, 8)) / divisor,
        );
      case 'value':
        if (kind.type.kind !== 'integer') {
          const text = formatValue(kind.type, value.subarray(8), this.#naming);
          return sample(name, [...labels, ['value', text]], 1n);
        }
        return sample(name, labels, readInteger(value, kind.type.isSigned, 8) / divisor);
      case 'count':
      case 'sum':
      case 'min':
      case 'max':
        return sample(name, labels, readInteger(value, kind.isSigned) / divisor);
      default:
        return assertUnreachable(kind);
    }
  }
}

function metricType(kind: MapKind): 'counter' | 'gauge' | 'histogram' | 'summary' {
  switch (kind.kind) {
    case 'count':
      return 'counter';
    case 'sum':
      return kind.isSigned ? 'gauge' : 'counter';
    case 'hist':
    case 'lhist':
      return 'histogram';
    case 'stats':
      return 'summary';
    default:
      return 'gauge';
  }
}

function formatBuckets(name: string, labels: Labels, kind: HistogramKind, value: Uint8Array): string {
  let sum = 0n;
  let out = '';
  for (const { max, count } of bucketsFromLowest(kind, value)) {
    sum += count;
    if (max !== undefined) out += sample(`${name}_bucket`, [...labels, ['le', String(max)]], sum);
  }
  const total = totalCount(value);
  out += sample(`${name}_bucket`, [...labels, ['le', '+Inf']], total);
  return out + sample(`${name}_count`, labels, total);
}

function sample(name: string, labels: Labels, value: bigint): string {
  return `${name}${formatLabels(labels)} ${value}\n`;
}

function formatLabels(labels: Labels): string {
  if (labels.length === 0) return '';
  const quote = (text: string): string =>
    text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
  return `{${labels.map(([name, value]) => `${name}="${quote(value)}"`).join(',')}}`;
}
