/**
 * A packet as one line of text, in the words of tcpdump -nn -S: headers up to TCP, UDP, SCTP and ICMP, tunnels opened,
 * applications not decoded. It never throws, whatever the bytes; where they end too early it says so (`[|tcp]`).
 */
import { formatFrame, formatPayload } from './line-frame.ts';
import { formatLink } from './line-link.ts';
import type { Nest } from './line-nest.ts';
import { LINK_TYPES } from './link-types.ts';
import { Part } from './part.ts';

/** A hostile packet can hold thousands of packets in packets: more than this are not opened. */
const DEEPEST_NESTING = 8;
const TOO_DEEP = '[nested too deep]';

/** NESTS[n] opens n more levels. */
const NESTS: Nest[] = [{ frame: () => TOO_DEEP, etherType: () => TOO_DEEP }];
for (let levels = 1; levels <= DEEPEST_NESTING; levels++) {
  const inner = NESTS[levels - 1]!;
  NESTS.push({
    frame: (part) => formatFrame(part, inner),
    etherType: (etherType, part) => formatPayload(etherType, part, inner),
  });
}

/**
 * `IP 10.0.0.1.1234 > 10.0.0.2.80: Flags [S], seq 1, win 64240, length 0`: without the time, without a line feed.
 * @param bytes the captured bytes, from the link layer's header
 * @param originalLength bytes on the wire
 * @param linkType LINKTYPE_ value
 */
export function formatPacketLine(
  bytes: Uint8Array,
  originalLength: number,
  linkType: number = LINK_TYPES.ETHERNET,
): string {
  return formatLink(linkType, Part.ofFrame(bytes, originalLength), NESTS[DEEPEST_NESTING]!).trim();
}
