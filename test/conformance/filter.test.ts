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
import { systemNames } from '../../src/cli/system-names.ts';
import { compileFilter, linkTypeNumbers } from '../../src/filter/index.ts';
import { filters } from './grammar.ts';
import {
  composedPackets,
  corpusPackets,
  encapsulatedPackets,
  hasCorpora,
  makeRandom,
  mutated,
  type Packet,
  reframed,
  truncated,
} from './packets.ts';
import { type Entry, entries } from './table.ts';
import {
  type Answer,
  askTcpdump,
  askTcpdumpAll,
  hasLoop,
  hasTcpdump,
  printedByTcpdump,
  UNKNOWN,
  unrolled,
} from './tcpdump.ts';

const needsTcpdump = 'needs tcpdump: apt-get install tcpdump';

/** Where hone means to differ; docs/filters.md says why. */
const deliberate: readonly {
  readonly why: string;
  readonly matches: (entry: Entry) => boolean;
}[] = [
  {
    why: 'libpcap 1.10 does not load the byte before "&" and "|" of "byte"',
    matches: ({ expression }) => /\bbyte \S+ [&|]/.test(expression),
  },
  {
    why: 'libpcap takes the first constant inside a divisor or shift for the whole of it',
    matches: (entry) =>
      (['plain', 'optimized'] as const).some((how) => isArithmeticRefusal(askTcpdump(entry, how))),
  },
];

function isArithmeticRefusal(answer: Answer): boolean {
  return typeof answer === 'string' && /^(division|modulus) by zero|^shift by more/.test(answer);
}

function honeCompile({ linkType, expression }: Entry): CbpfProgram | CompileError {
  try {
    return compileFilter(expression, { linkType: linkTypeNumbers.get(linkType) });
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
}

/** What is wrong with an expression, or undefined. */
function difference(entry: Entry, packets: readonly Packet[]): string | undefined {
  const optimized = askTcpdump(entry, 'optimized');
  const ours = honeCompile(entry);
  if (ours instanceof CompileError) {
    // A division by zero that stands nowhere in the text: libpcap finds it only where it cannot be left out.
    const refused = isArithmeticRefusal(ours.message) || typeof askTcpdump(entry, 'plain') === 'string';
    return refused ? undefined : `refused: ${ours.message}`;
  }
  if (deliberate.some(({ matches }) => matches(entry))) return undefined;
  if (typeof optimized === 'string') {
    const plain = askTcpdump(entry, 'plain');
    if (typeof plain === 'string') return `accepted, but tcpdump says: ${plain}`;
  }
  // libpcap refuses what its optimiser finds to reject all packets.
  const theirs = typeof optimized === 'string' ? undefined : runnable(optimized);
  for (const { bytes, wireLength } of packets) {
    const verdict = runCbpf(ours, bytes, wireLength);
    const expected = theirs === undefined ? 0 : runCbpf(theirs, bytes, wireLength);
    if (verdict === expected || expected === UNKNOWN) continue;
    const plain = askTcpdump(entry, 'plain');
    if (typeof plain !== 'string' && verdict === runCbpf(runnable(plain), bytes, wireLength)) continue;
    if (theirs !== undefined && leftAsTheyAre.test(entry.expression)) {
      const longer = padded(bytes);
      if (runCbpf(ours, longer, wireLength) === runCbpf(theirs, longer, wireLength)) continue;
    }
    return `verdict ${verdict} on ${Buffer.from(bytes).toString('hex')} of ${wireLength}`;
  }
  return undefined;
}

/** libpcap's optimiser gives up on some of these, so that they still load what is masked by 0, as hone does not. */
const leftAsTheyAre = /\b(geneve|protochain)\b/;

/** A packet in which no load of the tests goes too far. */
function padded(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + 4096);
  longer.set(bytes);
  return longer;
}

function runnable(program: CbpfProgram): CbpfProgram {
  return hasLoop(program) ? unrolled(program) : program;
}

/** Packets of each link type, with changed and truncated ones; `every` takes only some of the corpora's. */
function makePackets(seed: number, every: number): (linkType: string) => readonly Packet[] {
  const made = new Map<string, readonly Packet[]>();
  const frames = [
    ...composedPackets(),
    ...encapsulatedPackets(),
    ...(hasCorpora ? corpusPackets().filter((_, index) => index % every === 0) : []),
  ];
  return (linkType) => {
    const known = made.get(linkType);
    if (known !== undefined) return known;
    const random = makeRandom(seed);
    const whole = reframed(frames, linkType, random);
    const packets = [...whole, ...mutated(whole, random), ...truncated(whole, random)];
    made.set(linkType, packets);
    return packets;
  };
}

describe('filters mean what they mean to libpcap', () => {
  test('the fixed table', { timeout: 300_000 }, (ctx) => {
    if (!hasTcpdump) ctx.skip(needsTcpdump);
    if (!hasCorpora) ctx.skip('no corpora: set HONE_CORPORA to their folder');
    askTcpdumpAll(entries(), 'optimized');
    const packets = makePackets(1, 2);
    const some = makePackets(1, 6);
    const differences = entries().flatMap((entry) => {
      const isEthernet = entry.linkType === 'EN10MB';
      const found = difference(entry, isEthernet ? packets('EN10MB') : some(entry.linkType));
      return found === undefined ? [] : [`-y ${entry.linkType} ${entry.expression}: ${found}`];
    });
    expect(differences).toEqual([]);
  });

  test('programs are about as short as those of libpcap', { timeout: 60_000 }, (ctx) => {
    if (!hasTcpdump) ctx.skip(needsTcpdump);
    const ratios: number[] = [];
    let ours = 0;
    let theirs = 0;
    askTcpdumpAll(entries(), 'optimized');
    for (const entry of entries()) {
      const optimized = askTcpdump(entry, 'optimized');
      const compiled = honeCompile(entry);
      // A loop is short, but no program that runs next to the packets may have one.
      if (typeof optimized === 'string' || compiled instanceof CompileError || hasLoop(optimized)) continue;
      ours += compiled.length;
      theirs += optimized.length;
      ratios.push(compiled.length / optimized.length);
    }
    ratios.sort((a, b) => a - b);
    const at = (part: number): string => ratios[Math.floor(part * (ratios.length - 1))]!.toFixed(2);
    console.log(
      `${ours} instructions for libpcap's ${theirs}: ${(ours / theirs).toFixed(3)}; ` +
        `of ${ratios.length} programs the shortest ${at(0)}, half ${at(0.5)}, 95 in 100 ${at(0.95)}, the longest ${at(1)}`,
    );
    expect(ratios.length).toBeGreaterThan(1000);
    expect(ours).toBeLessThanOrEqual(theirs * 1.1);
  });

  test('random expressions', { timeout: 300_000 }, (ctx) => {
    if (!hasTcpdump) ctx.skip(needsTcpdump);
    const packets = makePackets(2, 8);
    const linkType = fc.constantFrom('EN10MB', 'EN10MB', 'EN10MB', ...linkTypeNumbers.keys());
    const parameters = {
      numRuns: Number(process.env.HONE_RUNS ?? 400),
      seed: Number(process.env.HONE_SEED ?? 1),
    };
    const property = fc.property(linkType, filters, (name, expression) => {
      expect(difference({ linkType: name, expression }, packets(name))).toBeUndefined();
    });
    const sample = fc.sample(property, parameters);
    askTcpdumpAll(
      sample.map(([name, expression]) => ({ linkType: name, expression })),
      'optimized',
    );
    fc.assert(property, parameters);
  });
});

test('names of networks are those of this machine', (ctx) => {
  if (!hasTcpdump) ctx.skip(needsTcpdump);
  const resolver = systemNames();
  const names = ['loopback', 'LINK-LOCAL', 'default', 'no-such-network'];
  if (names.every((name) => resolver.network(name) === undefined)) ctx.skip('/etc/networks has none of them');
  const compile = (expression: string): CbpfProgram | undefined => {
    try {
      return compileFilter(expression, { resolver });
    } catch (error) {
      if (error instanceof CompileError) return undefined;
      throw error;
    }
  };
  for (const name of names) {
    for (const qualifiers of ['', 'ip ', 'arp src ', 'dst ', 'ip6 ', 'tcp ']) {
      const expression = `${qualifiers}net ${name}`;
      const theirs = askTcpdump({ linkType: 'EN10MB', expression }, 'optimized');
      expect(compile(expression), expression).toEqual(typeof theirs === 'string' ? undefined : theirs);
    }
  }
});

test('programs are printed byte for byte as tcpdump prints them', { timeout: 60_000 }, (ctx) => {
  if (!hasTcpdump) ctx.skip(needsTcpdump);
  askTcpdumpAll(entries(), 'optimized');
  const printed = new Set<number>();
  entries().forEach((entry, index) => {
    const optimized = askTcpdump(entry, 'optimized');
    if (typeof optimized === 'string') return;
    const codes = optimized.map(({ code }) => code);
    // tcpdump gives these packet offsets names, and has others for them with every kind of program.
    if (/bound|ifindex/.test(entry.expression)) return;
    if (index % 16 !== 0 && codes.every((code) => printed.has(code))) return;
    for (const code of codes) printed.add(code);
    for (const style of ['d', 'dd', 'ddd'] as const) {
      expect(formatCbpf(optimized, style)).toBe(printedByTcpdump(entry, style));
    }
  });
  expect(printed.size).toBeGreaterThan(40);
});
