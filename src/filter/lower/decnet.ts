/** DECnet phase IV: hosts by area and node. Numbers in its headers are little-endian. */
import type { Direction } from '../ast.ts';
import { and, or, type Predicate } from '../predicate.ts';
import { directed } from './ethernet.ts';
import { carries } from './link.ts';
import { ETHERTYPE_DN } from './link-protocols.ts';
import type { Scope } from './scope.ts';

/** Forms of the header behind two bytes of length: the flags that tell it, and where the node addresses lie. */
const headers: readonly {
  readonly size: 1 | 2;
  readonly mask: number;
  readonly flags: number;
  readonly source: number;
  readonly destination: number;
}[] = [
  { size: 1, mask: 0x07, flags: 0x02, source: 5, destination: 3 },
  { size: 2, mask: 0xff07, flags: 0x8102, source: 6, destination: 4 },
  { size: 1, mask: 0x07, flags: 0x06, source: 17, destination: 9 },
  { size: 2, mask: 0xff07, flags: 0x8106, source: 18, destination: 10 },
];

/** `10.123`: six bits area, ten bits node; what follows them is left out. Undefined for text that is no address. */
export function parseDecnet(text: string): number | undefined {
  const parts = /^([0-9]+)\.([0-9]+)/.exec(text);
  return parts === null ? undefined : ((Number(parts[1]) & 0x3f) << 10) | (Number(parts[2]) & 0x3ff);
}

/** Packets from, to, or from or to a node; `address` counts by its lowest 16 bits. */
export function decnetHost(scope: Scope, address: number, direction: Direction | undefined): Predicate {
  const swapped = ((address & 0xff) << 8) | ((address >>> 8) & 0xff);
  const at = (side: 'source' | 'destination'): Predicate =>
    or(
      ...headers.map(({ size, mask, flags, ...offsets }) =>
        and(
          scope.test('eq', scope.load('payload', 2, size), flags, mask),
          scope.test('eq', scope.load('payload', offsets[side], 2), swapped),
        ),
      ),
    );
  return and(
    carries(scope, ETHERTYPE_DN),
    directed(
      direction,
      () => at('source'),
      () => at('destination'),
    ),
  );
}
