/**
 * A filter expression as a matcher. The link type of a packet's interface decides what the expression means for it; a
 * packet whose direction the file does not tell matches when it would match either way.
 */
import { type CbpfProgram, runCbpf } from '../bpf/classic.ts';
import { compileFilter, type Resolver } from '../filter/index.ts';
import type { CaptureInterface, PacketRecord } from '../pcapng/index.ts';
import type { PacketMatcher } from './packet-matcher.ts';

/** Of epb_flags: the lowest two bits, 1 in, 2 out. */
const DIRECTION_BITS = 3;

/** By direction: 0 not known, 1 in, 2 out. */
type Programs = readonly [readonly CbpfProgram[], readonly CbpfProgram[], readonly CbpfProgram[]];

/** What a walk compiles for a filter; undefined when that depends on which way a packet went, which it does not know. */
export function walkCompiler(
  text: string,
  resolver: Resolver,
): ((linkType: number) => CbpfProgram | undefined) | undefined {
  if (text === '') return () => undefined;
  // As a word of another meaning it only costs time.
  if (/\b(in|out)bound\b/.test(text)) return undefined;
  return (linkType) => compileFilter(text, { linkType, resolver });
}

export class FilterMatcher implements PacketMatcher {
  readonly #text: string;
  readonly #resolver: Resolver;
  readonly #byLinkType = new Map<number, Programs>();

  constructor(text: string, resolver: Resolver) {
    this.#text = text;
    this.#resolver = resolver;
  }

  /** @throws CompileError; UnsupportedError for a link type that filters do not know */
  prepare({ linkType }: CaptureInterface): void {
    if (this.#byLinkType.has(linkType)) return;
    const inward = this.#compile(linkType, 'in');
    const outward = this.#compile(linkType, 'out');
    const either = isSame(inward, outward) ? [inward] : [inward, outward];
    this.#byLinkType.set(linkType, [either, [inward], [outward]]);
  }

  matches({ linkType, options, data, originalLength }: PacketRecord): boolean {
    const direction = (options.epb_flags ?? 0) & DIRECTION_BITS;
    const programs = this.#byLinkType.get(linkType)?.[direction === 3 ? 0 : direction] ?? [];
    for (const program of programs) if (runCbpf(program, data, originalLength) === 0) return false;
    return true;
  }

  #compile(linkType: number, direction: 'in' | 'out'): CbpfProgram {
    return compileFilter(this.#text, { linkType, direction, resolver: this.#resolver });
  }
}

function isSame(a: CbpfProgram, b: CbpfProgram): boolean {
  return (
    a.length === b.length &&
    a.every(({ code, jt, jf, k }, i) => {
      const other = b[i]!;
      return code === other.code && jt === other.jt && jf === other.jf && k === other.k;
    })
  );
}
