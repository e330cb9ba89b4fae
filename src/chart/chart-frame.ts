/** What all charts are made of: the picture with its name and description, places with few digits, text that fits. */
import { type Content, html, type Markup } from './markup.ts';

export interface ChartText {
  /** Its name, for everybody. */
  readonly title: string;
  /** For who does not see it: what the picture shows, in a sentence. */
  readonly description?: string;
}

/** What values are compared with: a line over the whole chart. */
export interface Reference {
  readonly label: string;
  readonly value: number;
}

export const CHART_WIDTH = 720;
/** Of a letter, on average. */
const LETTER_WIDTH = 6.6;

/** A picture of `height`, as wide as there is room; its text scales with it. */
export function chartFrame({ title, description }: ChartText, height: number, content: Content): Markup {
  const desc = description === undefined ? undefined : html`<desc>${description}</desc>`;
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" viewBox="0 0 ${CHART_WIDTH} ${place(height)}"><title>${title}</title>${desc}${content}</svg>`;
}

/** A line across, with the value that it stands for before it. */
export function gridRow(y: number, left: number, right: number, words: string): Markup {
  return html`<line class="grid" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/><text class="tick" text-anchor="end" x="${left - 6}" y="${place(y + 4)}">${words}</text>`;
}

/** What is drawn when there is nothing to draw. */
export function emptyChart(text: ChartText): Markup {
  return chartFrame(text, 40, html`<text x="8" y="24" class="muted">Nothing was measured.</text>`);
}

/** A coordinate: a tenth of a pixel is as exact as anybody sees. */
export function place(value: number): number {
  return Math.round(value * 10) / 10 + 0;
}

export function textWidth(text: string): number {
  return [...text].length * LETTER_WIDTH;
}

/** Cut to a width, with an ellipsis. */
export function fitText(text: string, width: number): string {
  const letters = Math.floor(width / LETTER_WIDTH);
  const whole = [...text];
  return whole.length <= letters ? text : `${whole.slice(0, Math.max(1, letters - 1)).join('')}…`;
}
