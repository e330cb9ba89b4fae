/** Goals and findings of a report as HTML. */
import { formatQuantity, html, type Markup, table } from '../chart/index.ts';
import type { Finding, Goal, GoalResult } from '../findings/index.ts';
import { clip } from './html-tables.ts';

const MOST_FINDINGS = 20;
const MOST_SENTENCES = 6;
const SENTENCE_LETTERS = 240;

export function formatGoals(goals: readonly GoalResult[]): Markup {
  return table({
    caption: 'What was asked for',
    columns: [{ title: 'goal' }, { title: 'measured', isNumber: true }, { title: 'result' }],
    rows: goals
      .slice(0, MOST_FINDINGS)
      .map(({ goal, measured, isMet }) => [
        clip(goal.text),
        measured === undefined
          ? undefined
          : `${isMet === undefined ? 'at least ' : ''}${formatMeasured(goal, measured)}`,
        formatMet(isMet),
      ]),
  });
}

function formatMeasured({ metric, isShare }: Goal, measured: number): string {
  if (isShare) return formatQuantity(measured * 100, '%');
  return formatQuantity(measured, metric === 'bps' ? 'bit/s' : 'pps');
}

function formatMet(isMet: boolean | undefined): Markup {
  if (isMet === undefined) return html`<span class="tag unknown">not known</span>`;
  return isMet ? html`<span class="tag good">met</span>` : html`<span class="tag bad">not met</span>`;
}

export function formatFindings(findings: readonly Finding[]): Markup {
  if (findings.length === 0) return html`<p>Nothing looks wrong in what is known.</p>`;
  const more = findings.length - MOST_FINDINGS;
  return html`${findings.slice(0, MOST_FINDINGS).map(formatFinding)}
${more > 0 ? html`<p>And ${more} more.</p>` : undefined}`;
}

function formatFinding({ rule, severity, subject, title, evidence, meaning, next }: Finding): Markup {
  const steps = next.slice(0, MOST_SENTENCES).map(({ command, tells }) => {
    return html`<p>${clip(tells, SENTENCE_LETTERS)}</p><pre>${clip(command, SENTENCE_LETTERS)}</pre>`;
  });
  return html`<article class="${severity}">
<h3><span class="tag ${severity}">${severity}</span> ${clip(subject)} ${clip(title, SENTENCE_LETTERS)}</h3>
<ul>${evidence.slice(0, MOST_SENTENCES).map((sentence) => html`<li>${clip(sentence, SENTENCE_LETTERS)}</li>`)}</ul>
<p>${clip(meaning, 3 * SENTENCE_LETTERS)}</p>
${steps}
<p class="muted">Rule: <code>${clip(rule)}</code></p>
</article>
`;
}
