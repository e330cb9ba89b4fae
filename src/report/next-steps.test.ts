import { expect, test } from 'vitest';
import { cases } from '../findings/faults.fixture.ts';
import { findFindings } from '../findings/index.ts';
import { healthy } from '../findings/observation.fixture.ts';
import { compileScript } from '../script/index.ts';
import { pointFinder } from '../trace/index.ts';
import { dataplanePoints, dpdkPoints } from '../tracepoints/index.ts';

/** Of hone; those on tracepoints need the kernel to be found. */
const scripts = Object.values(cases)
  .flatMap(([bad]) => findFindings(healthy(bad)))
  .flatMap(({ next }) => next)
  .flatMap(({ command }) => /^hone trace .*-e '([^']*)'$/.exec(command)?.[1] ?? [])
  .filter((script) => !script.startsWith('tracepoint:'));

test('steps were found', () => {
  expect(new Set(scripts).size).toBeGreaterThan(12);
});

test.each([...new Set(scripts)])('%s', (script) => {
  const findPoints = pointFinder([...dpdkPoints, ...dataplanePoints], 'an application');
  expect(compileScript(script, { form: 'agent', positional: [], findPoints }).probes.length).toBeGreaterThan(
    0,
  );
});
