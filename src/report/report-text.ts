/** A report for a terminal: what was asked, what is wrong, then what was seen. */
import { cleanLine } from '../base/index.ts';
import { type Finding, formatPercent, formatTime, type Observation } from '../findings/index.ts';
import type { Report } from './report.ts';
import { formatGoals } from './text-goals.ts';
import { formatLosses } from './text-losses.ts';
import { formatRecording } from './text-recording.ts';
import { formatResources } from './text-resources.ts';
import { formatWorkload } from './text-workload.ts';

export function formatReportText({ version, observation, goals, findings, price }: Report): string {
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['', [headLine(observation, version)]],
    ['Targets', formatGoals(goals)],
    [
      `Findings (${findings.length})`,
      findings.length === 0 ? ['nothing looks wrong'] : findings.flatMap(formatFinding),
    ],
    ['Workload', formatWorkload(observation)],
    ['Resources: utilisation, saturation, errors', formatResources(observation)],
    ['Where packets are lost', formatLosses(observation)],
    ['Recording', formatRecording(observation)],
    ['Not known', observation.unknown],
    [
      'Price',
      price === undefined ? [] : [`looking took ${formatPercent(price)} of the time of a polling thread`],
    ],
  ];
  const text = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => (title === '' ? lines : [`== ${title}`, ...lines]).map(cleanLine).join('\n'))
    .join('\n\n');
  return `${text}\n`;
}

function headLine({ source, label, startMs, seconds }: Observation, version: string): string {
  const what = source === 'application' ? '' : `, a ${source}`;
  return `hone ${version} report: ${label}${what}, ${formatTime(1e9 * seconds)} from ${new Date(startMs).toISOString()}`;
}

function formatFinding({ severity, subject, title, evidence, meaning, next, rule }: Finding): string[] {
  return [
    `${severity.toUpperCase()}: ${subject} ${title} [${rule}]`,
    ...evidence.map((sentence) => `    ${sentence}`),
    ...wrap(meaning, WIDTH - 4).map((line) => `  ${line}`),
    ...next.flatMap(({ command, tells }) => [`  next: ${tells}`, `    $ ${command}`]),
    '',
  ];
}

const WIDTH = 100;

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
