/** Charts as SVG and whole pages as one file of HTML, made of values. Pure. */
export { type Bar, type BarChartOptions, barChart, type Tone } from './bar-chart.ts';
export { type DocumentOptions, type DocumentSection, formatDocument } from './document.ts';
export {
  type Column,
  type HistogramChartOptions,
  histogramChart,
  linearColumns,
  log2Columns,
} from './histogram-chart.ts';
export { type LineChartOptions, type LinePoint, type LineSeries, lineChart } from './line-chart.ts';
export { type Content, html, type Markup } from './markup.ts';
export { formatCount, formatQuantity, type Unit } from './quantity.ts';
export { type Cell, type TableColumn, type TableOptions, table } from './table.ts';
