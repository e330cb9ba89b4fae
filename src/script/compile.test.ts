import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CompileError } from '../base/index.ts';
import { dpdkPoints } from '../tracepoints/index.ts';
import { scripts } from './check/scripts.fixture.ts';
import { compileScript } from './compile.ts';

test('any script compiles to programs that pass the verifier, or has faults of ours', {
  timeout: 60_000,
}, () => {
  let compiled = 0;
  const findPoints: Parameters<typeof compileScript>[1]['findPoints'] = ({ parts }) => {
    const pattern = new RegExp(`^${parts.join(':').replaceAll('*', '.*')}$`);
    return dpdkPoints.filter((point) => pattern.test(point.name));
  };
  fc.assert(
    fc.property(scripts, (source) => {
      try {
        compileScript(source, { form: 'agent', positional: [], findPoints });
        compiled++;
      } catch (error) {
        if (!(error instanceof CompileError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
  expect(compiled).toBeGreaterThan(25);
});
