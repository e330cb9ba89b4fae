/**
 * pcap-filter(7) expressions to classic BPF: text, tokens, tree, formula, graph of decisions, program. Pure: names
 * come from the resolver that is passed in.
 */
import { CompileError, UnsupportedError } from '../base/index.ts';
import type { CbpfProgram } from '../bpf/classic.ts';
import { builtinNames } from './builtin-names.ts';
import { defineCells } from './define-cells.ts';
import { emitProgram } from './emit.ts';
import { buildGraph, fresh } from './graph.ts';
import { linkTypeNumbers, linkTypeOf } from './lower/link-types.ts';
import { lowerFilter } from './lower/lower.ts';
import { Scope } from './lower/scope.ts';
import { optimize } from './optimize.ts';
import { parseFilter } from './parser.ts';
import { always } from './predicate.ts';
import type { Resolver } from './resolver.ts';

/** Ethernet. */
const LINKTYPE_ETHERNET = 1;

/** The bytes that tcpdump keeps of a packet when it is not told otherwise. */
const DEFAULT_SNAPLEN = 262144;

/** The longest program that packet engines take. */
const BPF_MAXINSNS = 4096;

export interface FilterOptions {
  /** What the packets begin with, as a LINKTYPE_ number of `linkTypeNumbers`; default 1, Ethernet. */
  readonly linkType?: number | undefined;
  /** The verdict for packets that match; default 262144. */
  readonly snaplen?: number | undefined;
  /** Which way the packets went, for `inbound` and `outbound`; without it these two compile only where packets tell it. */
  readonly direction?: 'in' | 'out' | undefined;
  /** IPv4 netmask of the network for `ip broadcast`; default 0, as tcpdump has it without an interface. */
  readonly netmask?: number | undefined;
  /** Where names come from; default the built-in table of well-known services and protocols. */
  readonly resolver?: Resolver | undefined;
}

/**
 * Compiles a filter expression. An empty text accepts every packet. A filter that can never match compiles to one
 * `ret #0` (libpcap refuses some of those). Throws CompileError with a caret under the fault, and UnsupportedError
 * for a link type that filters do not know.
 */
export function compileFilter(text: string, options: FilterOptions = {}): CbpfProgram {
  const { linkType = LINKTYPE_ETHERNET, snaplen = DEFAULT_SNAPLEN } = options;
  const link = linkTypeOf(linkType);
  if (link === undefined) {
    const known = [...linkTypeNumbers].map(([name, number]) => `${number} (${name})`).join(', ');
    throw new UnsupportedError(`filter for link type ${linkType}: expected one of ${known}`, 'Ethernet');
  }
  const tree = parseFilter(text);
  const scope = new Scope({
    source: text,
    link,
    resolver: options.resolver ?? builtinNames,
    netmask: options.netmask ?? 0,
    direction: options.direction,
  });
  const root = buildGraph(tree === undefined ? always : lowerFilter(scope, tree), 'accept', 'reject');
  const program = emitProgram(defineCells(optimize(root), scope.values, fresh), snaplen);
  if (program.length > BPF_MAXINSNS) {
    throw new CompileError(text, [
      {
        message: `the filter needs ${program.length} instructions: expected at most ${BPF_MAXINSNS}`,
        span: { start: 0, end: text.length },
      },
    ]);
  }
  return program;
}
