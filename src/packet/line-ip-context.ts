/** What an IP packet tells the lines of the protocols that it carries. */
import type { Nest } from './line-nest.ts';

export interface IpContext {
  readonly version: 4 | 6;
  readonly source: string;
  readonly destination: string;
  /** The payload is the first of several fragments: its header may claim more than is there. */
  readonly fragmented: boolean;
  /** The line has the addresses already: extension headers stood before. */
  readonly addressesShown: boolean;
  readonly nest: Nest;
}

/** `10.0.0.1 > 10.0.0.2: `; nothing when the line has the addresses. */
export function formatHosts(context: IpContext): string {
  return context.addressesShown ? '' : `${context.source} > ${context.destination}: `;
}

/** `10.0.0.1.1234 > 10.0.0.2.80: `; without the addresses when the line has them. */
export function formatPorts(context: IpContext, sourcePort: number, destinationPort: number): string {
  if (context.addressesShown) return `${sourcePort} > ${destinationPort}: `;
  return `${context.source}.${sourcePort} > ${context.destination}.${destinationPort}: `;
}
