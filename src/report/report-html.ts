/**
 * A report as one file of HTML: whatever is asked first stands first (goals, findings), then what the application had to do, what
 * that took of each resource, where packets were lost, and what is not known. Bounded: of many queues, lcores and points only the
 * first ones are drawn, and it says of how many.
 */
import { formatDocument, formatQuantity, html, type Markup } from '../chart/index.ts';
import type { Observation } from '../findings/index.ts';
import { formatFindings, formatGoals } from './html-findings.ts';
import { formatLosses } from './html-losses.ts';
import { formatRecording } from './html-recording.ts';
import { formatResources } from './html-resources.ts';
import { clip } from './html-tables.ts';
import { formatBursts, formatRates, formatTraffic } from './html-workload.ts';
import type { Report } from './report.ts';

/** @returns a document, some 50 KB for one application; bounded whatever was observed */
export function formatReportHtml(report: Report): string {
  const { observation, goals, findings, version } = report;
  return formatDocument({
    title: `Report on ${clip(observation.label, 200)}`,
    lead: formatLead(report),
    sections: [
      ...(goals.length === 0 ? [] : [{ heading: 'Goals', id: 'goals', body: formatGoals(goals) }]),
      { heading: 'Findings', id: 'findings', body: formatFindings(findings) },
      { heading: 'Workload', id: 'workload', body: [formatRates(observation), formatTraffic(observation)] },
      { heading: 'Bursts and polls', id: 'bursts', body: formatBursts(observation) },
      { heading: 'Resources', id: 'resources', body: formatResources(observation) },
      { heading: 'Losses and stages', id: 'losses', body: formatLosses(observation) },
      ...(observation.recording === undefined
        ? []
        : [{ heading: 'Recording', id: 'recording', body: formatRecording(observation.recording) }]),
      { heading: 'Not known', id: 'unknown', body: formatUnknown(observation) },
    ],
    footer: html`Made by hone ${clip(version)}. A dash stands for what is not known.`,
  });
}

function formatLead({ observation, price }: Report): Markup {
  const { source, pid, startMs, seconds } = observation;
  const what = {
    application: 'A running application',
    replay: 'A replay',
    recording: 'Recorded files',
  }[source];
  const process = pid === undefined ? '' : `, process ${pid}`;
  const cost =
    price === undefined
      ? undefined
      : html` Looking took ${formatQuantity(price * 100, '%')} of its busiest lcore.`;
  return html`${what}${process}, from ${formatStart(startMs)} for ${formatQuantity(seconds * 1e9, 'ns')}.${cost}`;
}

function formatStart(startMs: number): string {
  const date = new Date(startMs);
  return Number.isNaN(date.getTime())
    ? 'an unknown time'
    : date
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z/, ' UTC');
}

const MOST_SENTENCES = 30;

function formatUnknown({ unknown }: Observation): Markup {
  if (unknown.length === 0) return html`<p>Everything that was looked for is known.</p>`;
  const more = unknown.length - MOST_SENTENCES;
  return html`<ul>${unknown.slice(0, MOST_SENTENCES).map((sentence) => html`<li>${clip(sentence, 240)}</li>\n`)}</ul>
${more > 0 ? html`<p>And ${more} more.</p>` : undefined}`;
}
