/** GRE as one line, with the packet inside: `GREv0, key=0x9, length 68: IP ...`. Version 1 (PPTP) is only named. */
import { GreView } from './gre.ts';
import { cutShort, type Nest } from './line-nest.ts';
import type { Part } from './part.ts';

export function formatGre(part: Part, nest: Nest): string {
  if (!part.has(2)) return cutShort('gre');
  const version = part.u16(0) & 7;
  const gre = GreView.tryOf(part);
  if (gre === undefined) return `GREv${version}${cutShort('gre')}`;
  let text = `GREv${version}`;
  if (version !== 0) return `${text}, length ${part.length}`;
  if (gre.offset !== undefined) text += `, off 0x${gre.offset.toString(16)}`;
  if (gre.key !== undefined) text += `, key=0x${gre.key.toString(16)}`;
  if (gre.sequence !== undefined) text += `, seq ${gre.sequence}`;
  const inner = nest.etherType(gre.protocol, gre.payload());
  return `${text}, length ${part.length}: ${inner ?? `gre-proto-0x${gre.protocol.toString(16).padStart(4, '0')}`}`;
}
