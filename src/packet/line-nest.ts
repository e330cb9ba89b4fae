/**
 * What the lines of one protocol need of another that it can carry, handed down as an argument: tunnels carry
 * frames and packets again, and files must not import each other in a circle.
 */
import type { Part } from './part.ts';

export interface Nest {
  /** An Ethernet frame. */
  frame(part: Part): string;
  /** What follows an EtherType; undefined when it is none that is taken apart here. */
  etherType(etherType: number, part: Part): string | undefined;
}

/** Said where the captured bytes end before a protocol's header does, as tcpdump says it. */
export function cutShort(protocol: string): string {
  return ` [|${protocol}]`;
}
