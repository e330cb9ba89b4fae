/**
 * What lowering knows while it walks a filter from left to right: where the headers lie for the part that comes next
 * (`vlan` and its like move them), how to read a field there, and how to report a fault of the text.
 */
import { CompileError, nearest, type Span } from '../../base/index.ts';
import { BPF_AND, BPF_LSH } from '../../bpf/classic.ts';
import { compare, type Predicate, type TestKind } from '../predicate.ts';
import type { Resolver } from '../resolver.ts';
import { type Value, Values } from '../values.ts';
import type { LinkType } from './link-types.ts';

/**
 * What an offset counts from: the link header, its type field, what follows it, what follows the MPLS labels behind it,
 * or a transport header.
 */
export type Origin = 'frame' | 'type' | 'linkPayload' | 'payload' | 'ip4Transport' | 'ip6Transport';

/** A place in the packet: `base + offset`; no base for a constant place. */
export interface Place {
  readonly base: Value | undefined;
  readonly offset: number;
}

/** A link header and the places that it defines. */
export interface LinkHeader {
  readonly link: LinkType;
  readonly frame: Place;
  readonly type: Place;
  readonly payload: Place;
}

export interface ScopeOptions {
  readonly source: string;
  readonly link: LinkType;
  readonly resolver: Resolver;
  /** The IPv4 netmask of the network captured on, as a number; 0 when not known. */
  readonly netmask: number;
  readonly direction: 'in' | 'out' | undefined;
}

/** Bytes of the fixed IPv6 header; its extension headers are not followed, as in libpcap. */
const IP6_HEADER_BYTES = 40;

const MPLS_LABEL_BYTES = 4;

export class Scope {
  readonly values: Values = new Values();
  readonly resolver: Resolver;
  readonly netmask: number;
  readonly direction: 'in' | 'out' | undefined;
  /** The link type of the packets, whatever is encapsulated in them. */
  readonly outerLink: LinkType;
  /** Where the primitive stands that is being lowered. */
  span: Span = { start: 0, end: 0 };
  private readonly source: string;
  private header: LinkHeader;
  private labels = 0;
  /** Bytes of the labels behind the innermost link header. */
  private labelBytes = 0;

  constructor(options: ScopeOptions) {
    this.source = options.source;
    this.resolver = options.resolver;
    this.netmask = options.netmask;
    this.direction = options.direction;
    this.outerLink = options.link;
    const { link } = options;
    const at = (offset: number): Place => ({ base: undefined, offset });
    this.header = { link, frame: at(0), type: at(link.typeAt), payload: at(link.headerBytes) };
  }

  /** The innermost link type. */
  get link(): LinkType {
    return this.header.link;
  }

  /** MPLS labels that the filter has named. */
  get labelCount(): number {
    return this.labels;
  }

  /** From here on the type field and the payload lie this much further back. */
  moveHeaders(lengthBytes: number): void {
    const { type, payload } = this.header;
    this.header = { ...this.header, type: moved(type, lengthBytes), payload: moved(payload, lengthBytes) };
  }

  /** From here on the payload lies behind one more MPLS label. */
  pushLabel(): void {
    this.labels++;
    this.labelBytes += MPLS_LABEL_BYTES;
  }

  /** From here on the headers are those of an encapsulated frame. */
  enter(header: LinkHeader): void {
    this.header = header;
    this.labelBytes = 0;
  }

  place(origin: Origin, offset = 0): Place {
    const { frame, type, payload } = this.header;
    switch (origin) {
      case 'frame':
        return moved(frame, offset);
      case 'type':
        return moved(type, offset);
      case 'linkPayload':
        return moved(payload, offset);
      case 'payload':
        return moved(payload, this.labelBytes + offset);
      case 'ip4Transport': {
        const ip = moved(payload, this.labelBytes);
        return { base: this.ip4HeaderEnd(ip), offset: ip.offset + offset };
      }
      case 'ip6Transport':
        return moved(payload, this.labelBytes + IP6_HEADER_BYTES + offset);
    }
  }

  /** A field of the packet; `index` is added to the offset at run time. */
  load(origin: Origin, offset: number, size: 1 | 2 | 4, index?: Value): Value {
    const place = this.place(origin, offset);
    const { base } = place;
    const both = base === undefined || index === undefined ? (base ?? index) : this.values.sum(base, index);
    return this.values.load(size, both, place.offset);
  }

  /** `field & mask` compared with a constant. */
  test(kind: TestKind, field: Value, constant: number, mask = 0xffff_ffff): Predicate {
    const { values } = this;
    return compare(values, kind, values.masked(field, mask), values.constant(constant));
  }

  fail(span: Span, message: string, hint?: string): never {
    throw new CompileError(this.source, [{ message, span, ...(hint !== undefined && { hint }) }]);
  }

  /** A fault of the whole primitive: what it asks for does not exist here. */
  failPrimitive(message: string): never {
    return this.fail(this.span, message);
  }

  /** A name that nobody knows, with the nearest one that is known. */
  failName(span: Span, what: string, name: string, known: Iterable<string>): never {
    const near = nearest(name, known);
    return this.fail(span, `unknown ${what}`, near === undefined ? undefined : `did you mean "${near}"?`);
  }

  /** The length of the IPv4 header at a place, and the base of that place. */
  private ip4HeaderEnd({ base, offset }: Place): Value {
    const { values } = this;
    if (base === undefined) return values.headerLength(offset);
    const words = values.binary(BPF_AND, values.load(1, base, offset), values.constant(0xf));
    return values.sum(values.binary(BPF_LSH, words, values.constant(2)), base);
  }
}

function moved({ base, offset }: Place, by: number): Place {
  return { base, offset: offset + by };
}
