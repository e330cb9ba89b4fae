import { expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
import { checkScript, compileForAgent, parseScript } from '../script/index.ts';
import { dpdkPoints } from '../tracepoints/index.ts';
import { explainRefusal } from './explain-refusal.ts';
import { pointFinder } from './find-points.ts';

const tree = parseScript('dpdk:rx_burst { @ = sum(args.nb_rx); } dpdk:tx_burst { @n = count(); }');
const findPoints = pointFinder(dpdkPoints, 'an application');
const { probes } = compileForAgent(checkScript(tree, { form: 'agent', positional: [], findPoints }));

const refusal = (text: string) => new PeerError('PEER_REFUSED', `process 7: ${text}`);
const explained = (error: unknown) => (explainRefusal(error, probes) as Error).message;

test('what librte_bpf refuses is shown, found by its length', () => {
  const { length } = probes[0]!.program;
  expect(probes[1]!.program).not.toHaveLength(length);
  const text = explained(
    refusal(`librte_bpf refuses the program of ${length} instructions: Invalid argument`),
  );
  const [line, probe, ...listing] = text.split('\n');
  expect(line).toBe(
    `process 7: librte_bpf refuses the program of ${length} instructions: Invalid argument; the log of the application has its reason`,
  );
  expect(probe).toBe('dpdk:rx_burst');
  expect(listing).toHaveLength(length);
  expect(listing[0]).toMatch(/^ +0: r\d+ = /);
  expect(listing.at(-1)).toMatch(/: exit$/);
});

test("what the agent's own check refuses has its reason already", () => {
  const text = explained(refusal('instruction 3: r2 is a number'));
  expect(text).toMatch(/^process 7: instruction 3: r2 is a number\ndpdk:rx_burst\n/);
  expect(text).toContain('\ndpdk:tx_burst\n');
});

test.each([
  [refusal('no such port id')],
  [new PeerError('PEER_GONE', 'process 7: librte_bpf refuses the program of 3 instructions')],
  [new Error('librte_bpf refuses the program of 3 instructions')],
])('%s is left as it is', (error) => {
  expect(explainRefusal(error, probes)).toBe(error);
});
