/**
 * The conformance corpus, hone's own cases and random programs on every engine; that every row of the instruction table is
 * executed; and the README's table of the results.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/bpf/asm/assemble.ts';
import { encodeEbpf } from '../../src/bpf/isa/codec.ts';
import { insnTable } from '../../src/bpf/isa/table.ts';
import { hasDpdk } from './agent-harness.ts';
import { runOnAgent } from './bpf-agent.ts';
import {
  type Attempt,
  type BpfCase,
  caseMemory,
  DATA,
  executedRows,
  faultOf,
  runAttempt,
} from './bpf-case.ts';
import { ownCases } from './bpf-cases.ts';
import { corpusCases, hasBpfCorpus } from './bpf-corpus.ts';
import { engines } from './bpf-engines.ts';
import { DATA_BYTES, randomPrograms } from './bpf-random.ts';
import { type EngineOutcomes, formatEngineTable, replaceMarked } from './bpf-table.ts';
import { buildHarness } from './engine-harness.ts';

const own = ownCases();
const corpus = hasBpfCorpus ? corpusCases() : [];

const outcomes: EngineOutcomes[] = [];

for (const engine of engines) {
  const isRight = new Map<BpfCase, boolean>();
  outcomes.push({ name: engine.name, isRight });
  const judge = (each: BpfCase): string | undefined => {
    const fault = faultOf(engine, each);
    isRight.set(each, fault === undefined);
    return fault;
  };
  describe(engine.name, () => {
    test('the conformance corpus', (ctx) => {
      if (!hasBpfCorpus) ctx.skip('no corpora: set HONE_CORPORA to their folder');
      const faults = corpus.flatMap((each) => {
        const fault = judge(each);
        return fault === undefined ? [] : [`${each.name}: ${fault}`];
      });
      expect(faults).toEqual([]);
      expect(corpus.length).toBe(209);
    });

    for (const each of own) {
      test(each.name, () => {
        expect(judge(each)).toBeUndefined();
      });
    }
  });
}

test('the engines of the agent, with every case that the profile dpdk has room for', {
  timeout: 60_000,
}, (ctx) => {
  if (!hasDpdk) ctx.skip('needs gcc and DPDK: apt-get install gcc libdpdk-dev');
  if (!hasBpfCorpus) ctx.skip('no corpora: set HONE_CORPORA to their folder');
  const harness = buildHarness();
  try {
    const run = runOnAgent(harness, [...corpus, ...own]);
    outcomes.push(...run.outcomes);
    expect(run.faults.slice(0, 10)).toEqual([]);
  } finally {
    harness.close();
  }
});

test('the corpus assembles to the bytes that it gives', (ctx) => {
  if (!hasBpfCorpus) ctx.skip('no corpora: set HONE_CORPORA to their folder');
  const given = corpus.filter(({ raw }) => raw !== undefined);
  expect(given.length).toBeGreaterThan(0);
  for (const { name, program, raw } of given) {
    expect([...new BigUint64Array(encodeEbpf(program).buffer)], name).toEqual(raw);
  }
});

test('every instruction of the table is executed by one of our cases', () => {
  const executed = new Set(own.flatMap((each) => [...executedRows(each)]));
  expect(insnTable.filter((row) => !executed.has(row)).map(({ name }) => name)).toEqual([]);
});

test('random programs give the same result and leave the same memory on every engine', () => {
  const attempts: readonly Omit<Attempt, 'result'>[] = [0, 5, 64].map((length) => ({
    packet: Uint8Array.from({ length }, (_, i) => 17 * i),
    memory: Uint8Array.from({ length: DATA_BYTES }, (_, i) => 29 * i),
  }));
  const places = engines.map(() => caseMemory(1_000_000));
  fc.assert(
    fc.property(randomPrograms, (source) => {
      const program = assemble(source);
      const outcomes = engines.map((engine, i) => {
        const memory = places[i]!;
        const prepared = engine.prepare(program, memory);
        return attempts.map((attempt) => {
          const result = runAttempt(prepared, memory, attempt);
          return {
            result,
            data: Buffer.from(memory.bytes.subarray(DATA, DATA + DATA_BYTES)).toString('hex'),
          };
        });
      });
      for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
    }),
    { numRuns: 500 },
  );
}, 60_000);

test('the README shows these results: else npm run generate', async (ctx) => {
  if (!hasDpdk) ctx.skip('needs gcc and DPDK: apt-get install gcc libdpdk-dev');
  if (!hasBpfCorpus) ctx.skip('no corpora: set HONE_CORPORA to their folder');
  const readme = join(import.meta.dirname, '../../README.md');
  const text = replaceMarked(readFileSync(readme, 'utf8'), 'engines', formatEngineTable(outcomes));
  await expect(text).toMatchFileSnapshot(readme);
});
