/** All rules over one observation. */
import type { Finding } from './finding.ts';
import type { Observation } from './observation.ts';
import type { Rule } from './rule.ts';
import { application } from './rules/application.ts';
import { lcores } from './rules/lcores.ts';
import { levels } from './rules/levels.ts';
import { polling } from './rules/polling.ts';
import { portLosses } from './rules/port-losses.ts';

export const rules: readonly Rule[] = [...portLosses, ...application, ...levels, ...polling, ...lcores];

const ORDER = ['bad', 'warning', 'note'] as const;

/** The worst first, and what is lost before what may be. */
export function findFindings(observation: Observation): Finding[] {
  const findings = rules.flatMap(({ name, severity, meaning, look }) =>
    look(observation).map(
      (sighting): Finding => ({
        ...{ rule: name, severity, meaning },
        ...sighting,
        next: sighting.next.filter((step) => step !== undefined),
      }),
    ),
  );
  return findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}
