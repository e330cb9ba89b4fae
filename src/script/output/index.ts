/** Maps and events as text, JSON and Prometheus metrics. */
export { formatKey, formatValue, type Naming } from './format-value.ts';
export { JsonFormat } from './json-format.ts';
export { bpftraceOrder, type MapOrder, type SortBy } from './map-order.ts';
export { type FormatPart, formatPrintf, parseFormat } from './printf.ts';
export { PrometheusFormat } from './prometheus-format.ts';
export { Redraw, type TerminalSize } from './redraw.ts';
export { formatStrftime } from './strftime.ts';
export { TextFormat } from './text-format.ts';
export type { PrintRequest, TraceFormat } from './trace-format.ts';
