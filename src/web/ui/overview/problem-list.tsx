/** What is wrong, first of all that is seen; or that nothing is. */
import type { JSX } from 'preact';
import type { ApplicationView, Problem } from '../../protocol/index.ts';

const MARKS: Readonly<Record<Problem['severity'], string>> = { bad: '✕', warning: '!', note: 'i' };

export function ProblemList({
  applications,
}: {
  readonly applications: readonly ApplicationView[];
}): JSX.Element {
  const problems = applications.flatMap(({ pid, name, problems: own }) =>
    own.map((problem) => ({ ...problem, whose: `${name} ${pid}` })),
  );
  return (
    <section class="problems" aria-label="Problems" aria-live="polite">
      {problems.length === 0 ? (
        <p class="problem good">
          <span class="mark" aria-hidden="true">
            ✓
          </span>
          <span>
            <b class="title">No problem seen</b>{' '}
            {applications.length === 0 ? 'no application is running' : 'in the last second'}
          </span>
        </p>
      ) : (
        problems.map(({ severity, title, evidence, meaning, next, whose }) => (
          <div class={`problem ${severity}`} key={`${whose} ${title.replace(/[\d.,]+/g, '')}`}>
            <span class="mark" aria-hidden="true">
              {MARKS[severity]}
            </span>
            <details>
              <summary>
                <b class="title">{title}</b> <span class="whose">{whose}</span>
                {evidence.length > 0 ? <span class="evidence">{evidence.join('; ')}</span> : null}
              </summary>
              <p class="meaning">{meaning}</p>
              {next.length > 0 ? (
                <ul class="next-steps">
                  {next.map(({ command, tells }) => (
                    <li key={command}>
                      {tells}: <code>{command}</code>
                    </li>
                  ))}
                </ul>
              ) : null}
            </details>
          </div>
        ))
      )}
    </section>
  );
}
