/** The price of hone and of other tools, measured on this machine: `hone bench`. */
export { formatBenchHtml } from './bench-html.ts';
export { formatBenchJson } from './bench-json.ts';
export { formatBenchText } from './bench-text.ts';
export { runBench } from './run-bench.ts';
