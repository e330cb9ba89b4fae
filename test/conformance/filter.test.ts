/**
 * hone's filters against libpcap's: the fixed table and random expressions, each compiled by both, give the same verdict
 * on every packet; and both accept or refuse the same expressions.
 *
 * A load beyond a truncated packet rejects it, and libpcap's optimiser moves and drops loads: its own two programs may
 * differ there. hone must agree with at least one of them. RUNS and SEED of the random part come from the
 * environment (HONE_RUNS, HONE_SEED).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../src/base/index.ts';
import { type CbpfProgram, formatCbpf, runCbpf } from '../../src/bpf/index.ts';
import { compileFilter } from '../../src/filter/index.ts';
import { filters } from './grammar.ts';
import {
  composedPackets,
  corpusPackets,
  hasCorpora,
  makeRandom,
  mutated,
  type Packet,
  truncated,
} from './packets.ts';
import { expressions } from './table.ts';
import { askTcpdump, hasTcpdump, type Oracle, printedByTcpdump } from './tcpdump.ts';

const needsTcpdump = 'needs tcpdump: apt-get install tcpdump';

/** Where hone means to differ; docs/filter.md says why. */
const deliberate: readonly {
  readonly why: string;
  readonly matches: (expression: string, answer: Oracle) => boolean;
}[] = [
  {
    why: 'libpcap 1.10 does not load the byte before "&" and "|" of "byte"',
    matches: (expression) => /\bbyte \S+ [&|]/.test(expression),
  },
  {
    why: 'libpcap takes the first constant inside a divisor or shift for the whole of it',
    matches: (_, { plain, optimized }) => [plain, optimized].some(isArithmeticRefusal),
  },
];

function isArithmeticRefusal(answer: CbpfProgram | string): boolean {
  return typeof answer === 'string' && /^(division|modulus) by zero|^shift by more/.test(answer);
}

function honeCompile(expression: string): CbpfProgram | CompileError {
  try {
    return compileFilter(expression);
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
}

/** What is wrong with an expression, or undefined. */
function difference(expression: string, packets: readonly Packet[]): string | undefined {
  const answer = askTcpdump(expression);
  const { plain, optimized } = answer;
  const ours = honeCompile(expression);
  if (ours instanceof CompileError) {
    // Only the optimiser finds a division by zero that stands nowhere in the text.
    const refused = typeof plain === 'string' || isArithmeticRefusal(optimized);
    return refused ? undefined : `refused: ${ours.message}`;
  }
  if (deliberate.some(({ matches }) => matches(expression, answer))) return undefined;
  if (typeof plain === 'string') return `accepted, but tcpdump says: ${plain}`;
  for (const { bytes, wireLength } of packets) {
    const verdict = runCbpf(ours, bytes, wireLength);
    if (verdict === runCbpf(plain, bytes, wireLength)) continue;
    // libpcap refuses what its optimiser finds to reject all packets.
    if (verdict === (typeof optimized === 'string' ? 0 : runCbpf(optimized, bytes, wireLength))) continue;
    return `verdict ${verdict} on ${Buffer.from(bytes).toString('hex')} of ${wireLength}`;
  }
  return undefined;
}

describe('filters mean what they mean to libpcap', () => {
  test('the fixed table', { timeout: 120_000 }, (ctx) => {
    if (!hasTcpdump) ctx.skip(needsTcpdump);
    if (!hasCorpora) ctx.skip('no corpora: set HONE_CORPORA to their folder');
    const random = makeRandom(1);
    const whole = [...composedPackets(), ...corpusPackets()];
    const packets = [...whole, ...mutated(whole, random), ...truncated(whole, random)];
    const differences = expressions().flatMap((expression) => {
      const found = difference(expression, packets);
      return found === undefined ? [] : [`${expression}: ${found}`];
    });
    expect(differences).toEqual([]);
  });

  test('programs are about as short as those of libpcap', { timeout: 60_000 }, (ctx) => {
    if (!hasTcpdump) ctx.skip(needsTcpdump);
    let ours = 0;
    let theirs = 0;
    for (const expression of expressions()) {
      const { optimized } = askTcpdump(expression);
      const compiled = honeCompile(expression);
      if (typeof optimized === 'string' || compiled instanceof CompileError) continue;
      ours += compiled.length;
      theirs += optimized.length;
    }
    expect(theirs).toBeGreaterThan(5000);
    expect(ours).toBeLessThanOrEqual(theirs * 1.05);
  });

  test('random expressions', { timeout: 300_000 }, (ctx) => {
    if (!hasTcpdump) ctx.skip(needsTcpdump);
    const random = makeRandom(2);
    const composed = composedPackets();
    const others = hasCorpora ? corpusPackets().filter((_, index) => index % 8 === 0) : [];
    const whole = [...composed, ...others];
    const packets = [...whole, ...mutated(whole, random), ...truncated(whole, random)];
    fc.assert(
      fc.property(filters, (expression) => {
        expect(difference(expression, packets)).toBeUndefined();
      }),
      { numRuns: Number(process.env.HONE_RUNS ?? 400), seed: Number(process.env.HONE_SEED ?? 1) },
    );
  });
});

test('programs are printed byte for byte as tcpdump prints them', { timeout: 60_000 }, (ctx) => {
  if (!hasTcpdump) ctx.skip(needsTcpdump);
  const table = expressions().filter((_, index) => index % 9 === 0);
  let compared = 0;
  for (const expression of table) {
    const { optimized } = askTcpdump(expression);
    if (typeof optimized === 'string') continue;
    for (const style of ['d', 'dd', 'ddd'] as const) {
      expect(formatCbpf(optimized, style)).toBe(printedByTcpdump(expression, style));
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(150);
});
