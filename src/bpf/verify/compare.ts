/**
 * What a comparison of two words can give, and what is known of them once it has: `jeq` to `jsle` of RFC 9669, section
 * 4.3, in the width of the words.
 */
import { intersectTnum } from './tnum.ts';
import { type Facts, isConstantWord, narrowWord, type Word } from './word.ts';

export type Relation = '==' | '!=' | '&' | '!&' | '<' | '<=' | '>' | '>=' | 's<' | 's<=' | 's>' | 's>=';

/** What holds when the relation does not; `!&` is "no bit in common". */
export const opposite: Readonly<Record<Relation, Relation>> = {
  '==': '!=',
  '!=': '==',
  '&': '!&',
  '!&': '&',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  's<': 's>=',
  's<=': 's>',
  's>': 's<=',
  's>=': 's<',
};

/**
 * The words where the relation holds between them. Undefined when it holds for no two numbers; this is not always
 * seen, but always for two constants.
 */
export function assumeRelation(relation: Relation, a: Word, b: Word): readonly [Word, Word] | undefined {
  if (isConstantWord(a) && isConstantWord(b)) return holds(relation, a, b) ? [a, b] : undefined;
  switch (relation) {
    case '==': {
      const both = narrowWord(a, b);
      return both && [both, both];
    }
    case '!=':
      return pair(without(a, b), without(b, a));
    case '&':
      if (((a.tnum.value | a.tnum.mask) & (b.tnum.value | b.tnum.mask)) === 0n) return undefined;
      return pair(withBit(a, b), withBit(b, a));
    case '!&':
      return pair(withoutBits(a, b), withoutBits(b, a));
    case '<':
      return pair(narrowWord(a, { umax: b.umax - 1n }), narrowWord(b, { umin: a.umin + 1n }));
    case '<=':
      return pair(narrowWord(a, { umax: b.umax }), narrowWord(b, { umin: a.umin }));
    case 's<':
      return pair(narrowWord(a, { smax: b.smax - 1n }), narrowWord(b, { smin: a.smin + 1n }));
    case 's<=':
      return pair(narrowWord(a, { smax: b.smax }), narrowWord(b, { smin: a.smin }));
    default: {
      const turned = assumeRelation(mirrored[relation], b, a);
      return turned && [turned[1], turned[0]];
    }
  }
}

/** Whether the relation holds between words that are one number. */
function holds(relation: Relation, a: Word, b: Word): boolean {
  switch (relation) {
    case '==':
      return a.umin === b.umin;
    case '!=':
      return a.umin !== b.umin;
    case '&':
      return (a.umin & b.umin) !== 0n;
    case '!&':
      return (a.umin & b.umin) === 0n;
    case '<':
      return a.umin < b.umin;
    case '<=':
      return a.umin <= b.umin;
    case '>':
      return a.umin > b.umin;
    case '>=':
      return a.umin >= b.umin;
    case 's<':
      return a.smin < b.smin;
    case 's<=':
      return a.smin <= b.smin;
    case 's>':
      return a.smin > b.smin;
    case 's>=':
      return a.smin >= b.smin;
  }
}

const mirrored = { '>': '<', '>=': '<=', 's>': 's<', 's>=': 's<=' } as const;

function pair(a: Word | undefined, b: Word | undefined): readonly [Word, Word] | undefined {
  return a && b && [a, b];
}

/** A constant that is not the number, at one of its ends, moves the end. */
function without(word: Word, other: Word): Word | undefined {
  if (!isConstantWord(other)) return word;
  const facts: Facts = {
    ...(word.umin === other.umin ? { umin: word.umin + 1n } : {}),
    ...(word.umax === other.umin ? { umax: word.umax - 1n } : {}),
    ...(word.smin === other.smin ? { smin: word.smin + 1n } : {}),
    ...(word.smax === other.smin ? { smax: word.smax - 1n } : {}),
  };
  return narrowWord(word, facts);
}

/** A bit in common with a number that may have only one is that bit. */
function withBit(word: Word, other: Word): Word | undefined {
  const possible = other.tnum.value | other.tnum.mask;
  if (possible === 0n || (possible & (possible - 1n)) !== 0n) return word;
  const tnum = intersectTnum(word.tnum, {
    value: possible,
    mask: ~possible & ((1n << BigInt(word.bits)) - 1n),
  });
  return tnum && narrowWord(word, { tnum });
}

/** No bit in common: what is 1 in the other is 0 here. */
function withoutBits(word: Word, other: Word): Word | undefined {
  const mask = ~other.tnum.value & ((1n << BigInt(word.bits)) - 1n);
  return narrowWord(word, { tnum: { value: 0n, mask } });
}
