/** IGMP as one line: `igmp query v2 [gaddr 224.0.0.1]`. Of version 3 the lists are counted, not shown. */
import { formatIpv4 } from './address.ts';
import { cutShort } from './line-nest.ts';
import type { Part } from './part.ts';

/** In tenths of a second; it is shown when it is another. */
const USUAL_RESPONSE_TIME = 100;
const HEADER_LENGTH = 8;
/** Of a query of version 3. */
const QUERY3_LENGTH = 12;

export function formatIgmp(part: Part): string {
  if (!part.has(HEADER_LENGTH)) return cutShort('igmp');
  const group = formatIpv4(part.borrow(4, 4));
  const length = part.length === HEADER_LENGTH ? '' : ` [len ${part.length}]`;
  switch (part.u8(0)) {
    case 0x11:
      return part.length >= QUERY3_LENGTH
        ? 'igmp query v3'
        : `igmp query ${formatQuery(part, group)}${length}`;
    case 0x12:
      return `igmp v1 report ${group}${length}`;
    case 0x16:
      return `igmp v2 report ${group}`;
    case 0x17:
      return `igmp leave ${group}`;
    case 0x22:
      return `igmp v3 report, ${part.u16(6)} group record(s)`;
    default:
      return `igmp-${part.u8(0)}`;
  }
}

function formatQuery(part: Part, group: string): string {
  const time = part.u8(1);
  const version = time === 0 ? 'v1' : 'v2';
  const response = time === 0 || time === USUAL_RESPONSE_TIME ? '' : ` [max resp time ${time}]`;
  return `${version}${response}${part.u32(4) === 0 ? '' : ` [gaddr ${group}]`}`;
}
