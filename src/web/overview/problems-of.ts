/** What is wrong with an application, as findings/ finds it in its last two readings, or why it cannot be looked at. */
import { findFindings } from '../../findings/index.ts';
import { type ApplicationReading, observeInterval } from '../../watch/index.ts';
import type { ApplicationView, Problem } from '../protocol/index.ts';

export function problemsOf(now: ApplicationReading, before: ApplicationReading): Problem[] {
  const observation = observeInterval(now, before);
  const findings = findFindings(observation).map(
    ({ severity, subject, title, evidence, meaning, next }): Problem => ({
      ...{ severity, title: `${subject}: ${title}`, evidence, meaning, next },
    }),
  );
  return [...findings, ...observation.unknown.map(notSeen)];
}

function notSeen(why: string): Problem {
  const meaning = 'What is shown here is right; what needs this is missing.';
  return { severity: 'note', title: 'not all can be seen', evidence: [why], meaning, next: [] };
}

/** Of an application that cannot be looked at. */
export function agentProblem(
  agent: ApplicationView['agent'],
  pid: number,
  problem: string | undefined,
): Problem {
  if (agent !== 'no') {
    const meaning = 'Nothing can be seen of it.';
    const evidence = [problem ?? 'it does not answer'];
    return { severity: 'bad', title: `agent ${agent}`, evidence, meaning, next: [] };
  }
  return {
    severity: 'warning',
    title: 'no agent',
    evidence: [],
    meaning: 'Nothing can be seen of it.',
    next: [{ command: `hone attach ${pid}`, tells: 'all of this, while it runs' }],
  };
}
