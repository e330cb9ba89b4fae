import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Knowledge } from './knowledge.ts';
import { holdsFor, type TestKind } from './predicate.ts';
import { Values } from './values.ts';

const byte = new Values().load(1, undefined, 0);

const fact = fc.record({
  kind: fc.constantFrom<TestKind>('eq', 'gt', 'ge', 'set'),
  constant: fc.oneof(fc.integer({ min: 0, max: 16 }), fc.constantFrom(0x40, 0x80, 0xc0, 0xff, 0x100)),
});

test('never claims an outcome that some value contradicts', () => {
  fc.assert(
    fc.property(
      fc.array(fact, { maxLength: 4 }),
      fact,
      fc.integer({ min: 0, max: 255 }),
      (facts, asked, value) => {
        const knowledge = new Knowledge(byte);
        for (const { kind, constant } of facts)
          knowledge.learn(kind, constant, holdsFor(kind, value, constant));
        const outcome = knowledge.outcome(asked.kind, asked.constant);
        if (outcome !== undefined) expect(outcome).toBe(holdsFor(asked.kind, value, asked.constant));
      },
    ),
    { numRuns: 2000, seed: 1 },
  );
});

test('an IPv4 header has at most 60 bytes', () => {
  const knowledge = new Knowledge(new Values().headerLength(14));
  knowledge.learn('ge', 20, true);
  expect(knowledge.outcome('ge', 60)).toBeUndefined();
  expect(knowledge.outcome('gt', 60)).toBe(false);
});

for (const [facts, kind, constant, want] of [
  [[], 'gt', 255, undefined],
  [[['ge', 10, true]], 'ge', 9, true],
  [[['ge', 10, true]], 'eq', 9, false],
  [[['ge', 10, false]], 'gt', 9, false],
  [[['gt', 10, true]], 'ge', 11, true],
  [[['ge', 10, true]], 'gt', 255, false],
  [[['set', 0xf0, false]], 'eq', 0x10, false],
  [[['set', 0xf0, false]], 'set', 0x30, false],
  [[['set', 0xf0, false]], 'set', 0x31, undefined],
  [[['set', 0x0f, true]], 'set', 0x1f, true],
  [[['set', 0x0f, true]], 'eq', 0xf0, false],
  [
    [
      ['set', 0x01, false],
      ['set', 0x08, false],
    ],
    'set',
    0x09,
    false,
  ],
  [
    [
      ['set', 0x03, true],
      ['set', 0x01, false],
    ],
    'set',
    0x02,
    true,
  ],
  [
    [
      ['ge', 10, true],
      ['gt', 10, false],
    ],
    'eq',
    10,
    true,
  ],
] as const) {
  test(`${JSON.stringify(facts)}, then ${kind} ${constant}`, () => {
    const knowledge = new Knowledge(byte);
    for (const [factKind, factConstant, holds] of facts) knowledge.learn(factKind, factConstant, holds);
    expect(knowledge.outcome(kind, constant)).toBe(want);
  });
}
