/** The conformance corpus and hone's own cases on every engine, and: every row of the instruction table is executed. */
import { describe, expect, test } from 'vitest';
import { encodeEbpf } from '../../src/bpf/isa/codec.ts';
import { insnTable } from '../../src/bpf/isa/table.ts';
import { executedRows, faultOf } from './bpf-case.ts';
import { ownCases } from './bpf-cases.ts';
import { corpusCases, hasBpfCorpus } from './bpf-corpus.ts';
import { engines } from './bpf-engines.ts';

const own = ownCases();
const corpus = hasBpfCorpus ? corpusCases() : [];

for (const engine of engines) {
  describe(engine.name, () => {
    test('the conformance corpus', (ctx) => {
      if (!hasBpfCorpus) ctx.skip('no corpora: set HONE_CORPORA to their folder');
      const faults = corpus.flatMap((each) => {
        const fault = faultOf(engine, each);
        return fault === undefined ? [] : [`${each.name}: ${fault}`];
      });
      expect(faults).toEqual([]);
      expect(corpus.length).toBe(209);
    });

    for (const each of own) {
      test(each.name, () => {
        expect(faultOf(engine, each)).toBeUndefined();
      });
    }
  });
}

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
