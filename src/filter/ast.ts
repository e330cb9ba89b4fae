/**
 * A filter as the parser understands it: every operand carries the qualifiers that apply to it, also where the text
 * left them out (`tcp port 80 or 443`). Nothing about bytes yet. Children are in the order of the text, which
 * matters: `vlan` and its like move the offsets of everything after them.
 */
import type { Span } from '../base/index.ts';
import type { EncapsulationWord, ProtocolWord } from './words.ts';

export type Direction = 'src' | 'dst' | 'src or dst' | 'src and dst';
export type AddressType = 'host' | 'net' | 'port' | 'portrange' | 'proto' | 'protochain' | 'gateway';

/** What `tcp src port` says before an operand; what is absent was not said. */
export interface Qualifiers {
  readonly protocol?: ProtocolWord;
  readonly direction?: Direction;
  readonly type?: AddressType;
}

/** The operand of qualifiers, not yet understood: `10.1` is a net or a host by its qualifiers. */
export type Operand =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'dotted'; readonly text: string; readonly prefix?: number; readonly mask?: string }
  | { readonly kind: 'ip6'; readonly text: string; readonly prefix?: number }
  | { readonly kind: 'ether'; readonly text: string };

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A 32-bit unsigned value. */
export type Arithmetic = { readonly span: Span } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'len' }
  | {
      readonly kind: 'load';
      readonly protocol: ProtocolWord;
      readonly index: Arithmetic;
      readonly size: number;
    }
  | { readonly kind: 'negate'; readonly operand: Arithmetic }
  | {
      readonly kind: 'binary';
      readonly operator: ArithmeticOperator;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
    }
);

export type Filter = { readonly span: Span } & (
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Filter[] }
  | { readonly kind: 'not'; readonly operand: Filter }
  | { readonly kind: 'match'; readonly qualifiers: Qualifiers; readonly operand: Operand }
  | { readonly kind: 'protocol'; readonly protocol: ProtocolWord }
  | {
      readonly kind: 'relation';
      readonly comparison: Comparison;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
    }
  | {
      readonly kind: 'cast';
      readonly cast: 'broadcast' | 'multicast';
      readonly protocol: ProtocolWord | undefined;
    }
  | { readonly kind: 'length'; readonly comparison: 'less' | 'greater'; readonly lengthBytes: number }
  | {
      readonly kind: 'byte';
      readonly offset: number;
      readonly operator: '=' | '<' | '>' | '&' | '|';
      readonly value: number;
    }
  | { readonly kind: 'direction'; readonly direction: 'in' | 'out' }
  | { readonly kind: 'interface'; readonly index: number }
  /** `vlan 100`, `mpls`; the number is a VLAN's, a label, a session or a virtual network. */
  | { readonly kind: 'encapsulation'; readonly word: EncapsulationWord; readonly id: number | undefined }
  | { readonly kind: 'discovery' }
  /** `llc`, `llc u`, `llc rnr`; the type is in lower case. */
  | { readonly kind: 'llc'; readonly type: string | undefined }
);
