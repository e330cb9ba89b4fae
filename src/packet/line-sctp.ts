/** SCTP as one line: ports and the types of the chunks, `10.0.0.1.7 > 10.0.0.2.9: sctp (1) [INIT]`. */
import { hexByte } from './address.ts';
import { formatHosts, formatPorts, type IpContext } from './line-ip-context.ts';
import { cutShort } from './line-nest.ts';
import type { Part } from './part.ts';
import { SCTP_CHUNK_TYPES, SctpChunkView, SctpView } from './sctp.ts';

/** More chunks than a line should list. */
const LISTED_CHUNKS = 16;

export function formatSctp(part: Part, context: IpContext): string {
  const sctp = SctpView.tryOf(part);
  if (sctp === undefined) return `${formatHosts(context)}sctp${cutShort('sctp')}`;
  const ports = formatPorts(context, sctp.sourcePort, sctp.destinationPort);
  const chunks: string[] = [];
  for (let rest = sctp.payload(); rest.length > 0; ) {
    const chunk = SctpChunkView.tryOf(rest);
    if (chunk === undefined) return `${ports}sctp ${chunks.join(', ')}${cutShort('sctp')}`;
    if (chunks.length === LISTED_CHUNKS) {
      chunks.push('...');
      break;
    }
    const name = SCTP_CHUNK_TYPES.get(chunk.type) ?? `Unknown chunk type: 0x${hexByte(chunk.type)}`;
    chunks.push(`(${chunks.length + 1}) [${name}]`);
    if (chunk.length < SctpChunkView.headerLength) {
      chunks.push(`[bad chunk length ${chunk.length}, too short, < 4]`);
      break;
    }
    rest = chunk.following();
  }
  return `${ports}sctp ${chunks.join(', ')}`;
}
