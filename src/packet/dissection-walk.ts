/** The state of a dissection: the layers so far, and what comes next. Dissectors of single protocols write to it. */
import { Layer, type LayerFault, type ProtocolName } from './layer.ts';
import type { Part } from './part.ts';

/** Adds the layer that begins with `part`, and says what follows with `go`, if anything does. */
export type Dissector = (walk: Walk, part: Part) => void;

export class Walk {
  readonly layers: Layer[] = [];
  /** Undefined at the end. */
  next: ProtocolName | undefined;
  part: Part;

  constructor(first: ProtocolName | undefined, part: Part) {
    this.next = first;
    this.part = part;
  }

  go(next: ProtocolName | undefined, part: Part): void {
    this.next = next;
    this.part = part;
  }

  add(protocol: ProtocolName, part: Part, headerLength: number, fault?: LayerFault): void {
    this.layers.push(new Layer(protocol, part, headerLength, fault));
  }

  /** Adds a layer whose numbers cannot be true; only its first `readable` bytes are believed. */
  addMalformed(protocol: ProtocolName, part: Part, readable: number): void {
    this.layers.push(new Layer(protocol, part.limit(readable), readable, 'malformed'));
  }

  /**
   * Adds a layer whose header has `headerLength` bytes, and tells whether they were all captured. When not, the layer
   * says why: the packet is shorter than the header (malformed), or was captured shorter (truncated).
   */
  addHeader(protocol: ProtocolName, part: Part, headerLength: number): boolean {
    const isWhole = part.has(headerLength);
    const fault = isWhole ? undefined : part.length < headerLength ? 'malformed' : 'truncated';
    this.layers.push(new Layer(protocol, part, headerLength, fault));
    return isWhole;
  }
}
