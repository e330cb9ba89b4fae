/** How documents look. Colours: each pair of text and ground has a contrast of at least 4.5. */
import { html, type Markup } from './markup.ts';

export const STYLE: Markup = html`<style>
:root {
  color-scheme: light dark;
  --ground: #f4f6f9; --surface: #ffffff; --text: #1a1f29; --muted: #535c6b; --border: #d3d9e2; --grid: #dde3ea;
  --accent: #0b5cad; --good: #15692f; --warning: #805300; --bad: #b3261e;
  --good-ground: #e5f4e9; --warning-ground: #fdf2da; --bad-ground: #fce9e7;
  --series-1: #1f6feb; --series-2: #b35900; --series-3: #15803d; --series-4: #8250df; --series-5: #c2185b; --series-6: #00757d;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #11151b; --surface: #191f27; --text: #e6eaf0; --muted: #a4afbd; --border: #343e4b; --grid: #2d3743;
    --accent: #78b4ff; --good: #5ecb78; --warning: #e8b04b; --bad: #ff8a80;
    --good-ground: #15291b; --warning-ground: #2e2410; --bad-ground: #351a19;
    --series-1: #6cb0ff; --series-2: #f0a050; --series-3: #5ecb78; --series-4: #c29bff; --series-5: #ff8ab5; --series-6: #4fd0d8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 62rem; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
h1 { margin: 0 0 .3rem; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0 0 .8rem; font-size: 1.2rem; }
h3 { margin: 1rem 0 .4rem; font-size: 1rem; overflow-wrap: anywhere; }
p { margin: .4rem 0; }
.lead, .muted, footer, caption { color: var(--muted); }
a { color: var(--accent); }
section, article { background: var(--surface); border: 1px solid var(--border); border-radius: 8px; padding: 1rem 1.2rem; margin: 1rem 0; }
article { padding: .6rem 1rem; border-left-width: 5px; }
article h3 { margin: 0 0 .3rem; }
article.good { border-left-color: var(--good); }
article.warning { border-left-color: var(--warning); }
article.bad { border-left-color: var(--bad); }
.tag { display: inline-block; padding: 0 .5em; border-radius: 4px; font-size: .85em; font-weight: 600; border: 1px solid currentColor; }
.tag.good { color: var(--good); background: var(--good-ground); }
.tag.warning { color: var(--warning); background: var(--warning-ground); }
.tag.bad { color: var(--bad); background: var(--bad-ground); }
.tag.note, .tag.unknown { color: var(--muted); }
pre, code { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
pre { margin: .3rem 0; padding: .5rem .7rem; background: var(--ground); border: 1px solid var(--border); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
ul { margin: .3rem 0; padding-left: 1.3rem; }
.wide { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
caption { text-align: left; padding-bottom: .3rem; font-weight: 600; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--grid); vertical-align: top; }
thead th { border-bottom-color: var(--border); color: var(--muted); font-weight: 600; }
tbody th { font-weight: 400; overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
details { margin: .4rem 0; }
summary { cursor: pointer; color: var(--accent); }
figure { margin: .8rem 0; }
figcaption { font-weight: 600; color: var(--muted); font-size: 14px; }
.chart { display: block; width: 100%; height: auto; max-width: 60rem; }
.chart text { fill: var(--text); font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
.chart .muted, .chart .tick { fill: var(--muted); }
.chart .tick { font-size: 11px; }
.chart .grid { stroke: var(--grid); }
.chart .whisker { stroke: var(--text); stroke-width: 1.5; fill: none; }
.chart .reference { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 5 3; }
.chart .reference-label { fill: var(--bad); }
.chart .bar { fill: var(--series-1); }
.chart .bar.good { fill: var(--good); }
.chart .bar.warning { fill: var(--warning); }
.chart .bar.bad { fill: var(--bad); }
.chart .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.chart .line.series-1 { stroke: var(--series-1); }
.chart .line.series-2 { stroke: var(--series-2); stroke-dasharray: 7 3; }
.chart .line.series-3 { stroke: var(--series-3); stroke-dasharray: 2 2; }
.chart .line.series-4 { stroke: var(--series-4); stroke-dasharray: 9 3 2 3; }
.chart .line.series-5 { stroke: var(--series-5); stroke-dasharray: 4 4; }
.chart .line.series-6 { stroke: var(--series-6); stroke-dasharray: 12 4; }
.chart .dot.series-1 { fill: var(--series-1); }
.chart .dot.series-2 { fill: var(--series-2); }
.chart .dot.series-3 { fill: var(--series-3); }
.chart .dot.series-4 { fill: var(--series-4); }
.chart .dot.series-5 { fill: var(--series-5); }
.chart .dot.series-6 { fill: var(--series-6); }
@media print {
  body { max-width: none; padding: 0; background: #ffffff; font-size: 11pt; }
  section { border: 0; padding: 0; }
  article, figure, tr { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  .wide { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
</style>`;
