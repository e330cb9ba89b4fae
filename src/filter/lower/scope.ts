/**
 * What lowering knows while it walks a filter from left to right: where the headers lie for the part that comes next
 * (`vlan` moves them), how to read a field there, and how to report a fault of the text.
 */
import { CompileError, nearest, type Span } from '../../base/index.ts';
import { compare, type Predicate, type TestKind } from '../predicate.ts';
import type { Resolver } from '../resolver.ts';
import { type Value, Values } from '../values.ts';

/** What an offset counts from: the frame, its EtherType, what follows the link layer, or a transport header. */
export type Origin = 'frame' | 'etherType' | 'payload' | 'ip4Transport' | 'ip6Transport';

export interface ScopeOptions {
  readonly source: string;
  readonly resolver: Resolver;
  /** The IPv4 netmask of the network captured on, as a number; 0 when not known. */
  readonly netmask: number;
  readonly direction: 'in' | 'out' | undefined;
}

/** Bytes of the fixed IPv6 header; its extension headers are not followed, as in libpcap. */
const IP6_HEADER_BYTES = 40;

export class Scope {
  readonly values: Values = new Values();
  readonly resolver: Resolver;
  readonly netmask: number;
  readonly direction: 'in' | 'out' | undefined;
  private readonly source: string;
  private etherType = 12;
  private payload = 14;

  constructor(options: ScopeOptions) {
    this.source = options.source;
    this.resolver = options.resolver;
    this.netmask = options.netmask;
    this.direction = options.direction;
  }

  /** From here on the headers lie this much further back. */
  moveHeaders(lengthBytes: number): void {
    this.etherType += lengthBytes;
    this.payload += lengthBytes;
  }

  /** A field of the packet; `index` is added to the offset at run time. */
  load(origin: Origin, offset: number, size: 1 | 2 | 4, index?: Value): Value {
    switch (origin) {
      case 'frame':
        return this.values.load(size, index, offset);
      case 'etherType':
        return this.values.load(size, index, this.etherType + offset);
      case 'payload':
        return this.values.load(size, index, this.payload + offset);
      case 'ip4Transport':
        return this.values.load(size, this.transportBase(index), this.payload + offset);
      case 'ip6Transport':
        return this.values.load(size, index, this.payload + IP6_HEADER_BYTES + offset);
    }
  }

  /** `field & mask` compared with a constant. */
  test(kind: TestKind, field: Value, constant: number, mask = 0xffff_ffff): Predicate {
    const { values } = this;
    return compare(values, kind, values.masked(field, mask), values.constant(constant));
  }

  fail(span: Span, message: string, hint?: string): never {
    throw new CompileError(this.source, [{ message, span, ...(hint !== undefined && { hint }) }]);
  }

  /** A name that nobody knows, with the nearest one that is known. */
  failName(span: Span, what: string, name: string, known: Iterable<string>): never {
    const near = nearest(name, known);
    return this.fail(span, `unknown ${what}`, near === undefined ? undefined : `did you mean "${near}"?`);
  }

  private transportBase(index: Value | undefined): Value {
    const header = this.values.headerLength(this.payload);
    return index === undefined ? header : this.values.sum(header, index);
  }
}
