/** What is wrong with an application, as findings/ finds it in its last two readings, or why it cannot be looked at. */
import { findFindings, formatCount, nameOfPort } from '../../findings/index.ts';
import { type ApplicationReading, observeInterval } from '../../watch/index.ts';
import type { ApplicationView, PortView, Problem } from '../protocol/index.ts';

export function problemsOf(now: ApplicationReading, before: ApplicationReading): Problem[] {
  const observation = observeInterval(now, before);
  const findings = findFindings(observation).map(
    ({ severity, subject, title, evidence, meaning, next }): Problem => ({
      ...{ severity, title: `${subject}: ${title}`, evidence, meaning, next },
    }),
  );
  return [...findings, ...observation.unknown.map(notSeen)];
}

/** Of captures that do not keep up with a port. */
export function ringProblems(pid: number, ports: readonly PortView[]): Problem[] {
  return ports
    .filter(({ drops }) => (drops.ring ?? 0) > 0)
    .map((port) => ({
      severity: 'bad',
      title: `${nameOfPort(port)}: its capture loses ${formatCount(port.drops.ring!)} packets/s`,
      evidence: ['they found no room in the ring of the capture'],
      meaning:
        'Packets come faster than the capture takes them. The application has all of them and is not slowed; what was captured has ' +
        'gaps. A filter, or fewer bytes of each packet, leaves less to take.',
      next: [
        {
          command: `hone capture -i ${pid}/${port.portId} -s 96 -B 256 -w out.pcapng`,
          tells: 'the same with less of each packet, a larger ring and straight into a file',
        },
      ],
    }));
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
