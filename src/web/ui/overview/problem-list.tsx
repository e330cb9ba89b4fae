/** What is wrong, first of all that is seen; or that nothing is. */
import type { JSX } from 'preact';
import type { ApplicationView } from '../../protocol/index.ts';

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
        problems.map(({ severity, title, detail, whose }) => (
          <p class={`problem ${severity}`} key={`${whose} ${title.replace(/[\d.,]+/g, '')}`}>
            <span class="mark" aria-hidden="true">
              {severity === 'bad' ? '✕' : '!'}
            </span>
            <span>
              <b class="title">{title}</b> <span class="whose">{whose}</span>
              <br />
              {detail}
            </span>
          </p>
        ))
      )}
    </section>
  );
}
