/** ICMP as one line: `ICMP echo request, id 1, seq 1, length 64` (RFC 792, RFC 950, RFC 1812). */
import { formatIpv4 } from './address.ts';
import { IcmpView } from './icmp.ts';
import { IP_PROTOCOLS } from './ip-protocols.ts';
import { Ipv4View } from './ipv4.ts';
import { cutShort } from './line-nest.ts';
import type { Part } from './part.ts';

export function formatIcmp(part: Part): string {
  const icmp = IcmpView.tryOf(part);
  if (icmp === undefined) return cutShort('icmp');
  const message = formatMessage(icmp);
  return message === undefined ? cutShort('icmp') : `ICMP ${message}, length ${part.length}`;
}

/** Undefined when what the message quotes was not captured far enough. */
function formatMessage(icmp: IcmpView): string | undefined {
  const { type, code, identifier, sequence } = icmp;
  switch (type) {
    case 0:
      return `echo reply, id ${identifier}, seq ${sequence}`;
    case 3:
      return formatUnreachable(icmp);
    case 4:
      return 'source quench';
    case 5:
      return formatRedirect(icmp);
    case 8:
      return `echo request, id ${identifier}, seq ${sequence}`;
    case 9:
      return 'router advertisement';
    case 10:
      return 'router solicitation';
    case 11:
      return TIME_EXCEEDED[code] ?? `time exceeded-#${code}`;
    case 12:
      return code === 0 ? `parameter problem - octet ${icmp.part.u8(4)}` : `parameter problem - code ${code}`;
    case 13:
      return `time stamp query id ${identifier} seq ${sequence}`;
    case 14:
      return `time stamp reply id ${identifier} seq ${sequence}`;
    case 15:
      return 'information request';
    case 16:
      return 'information reply';
    case 17:
      return 'address mask request';
    case 18:
      return icmp.part.has(12)
        ? `address mask is 0x${icmp.part.u32(8).toString(16).padStart(8, '0')}`
        : undefined;
    default:
      return `type-#${type}`;
  }
}

const TIME_EXCEEDED = ['time exceeded in-transit', 'ip reassembly time exceeded'];

/** By the code of a "destination unreachable"; `%` stands for the destination of the packet that is quoted. */
const UNREACHABLE = new Map([
  [0, 'net % unreachable'],
  [1, 'host % unreachable'],
  [5, '% unreachable - source route failed'],
  [6, 'net % unreachable - unknown'],
  [7, 'host % unreachable - unknown'],
  [8, '% unreachable - source host isolated'],
  [9, 'net % unreachable - admin prohibited'],
  [10, 'host % unreachable - admin prohibited'],
  [11, 'net % unreachable - tos prohibited'],
  [12, 'host % unreachable - tos prohibited'],
  [13, 'host % unreachable - admin prohibited filter'],
  [14, 'host % unreachable - host precedence violation'],
  [15, 'host % unreachable - precedence cutoff'],
]);

function formatUnreachable(icmp: IcmpView): string | undefined {
  const quoted = Ipv4View.tryOf(icmp.payload());
  if (quoted === undefined) return undefined;
  const destination = formatIpv4(quoted.borrowDestination());
  switch (icmp.code) {
    case 2:
      return `${destination} protocol ${quoted.protocol} unreachable`;
    case 3:
      return formatPortUnreachable(icmp.payload(), quoted, destination);
    case 4: {
      const mtu = icmp.sequence;
      return `${destination} unreachable - need to frag${mtu === 0 ? '' : ` (mtu ${mtu})`}`;
    }
    default: {
      const text = UNREACHABLE.get(icmp.code) ?? `% unreachable - #${icmp.code}`;
      return text.replace('%', destination);
    }
  }
}

function formatPortUnreachable(payload: Part, quoted: Ipv4View, destination: string): string | undefined {
  const transport = payload.after(quoted.headerLength);
  if (!transport.has(4)) return undefined;
  const port = transport.u16(2);
  switch (quoted.protocol) {
    case IP_PROTOCOLS.TCP:
      return `${destination} tcp port ${port} unreachable`;
    case IP_PROTOCOLS.UDP:
      return `${destination} udp port ${port} unreachable`;
    default:
      return `${destination} protocol ${quoted.protocol} port ${port} unreachable`;
  }
}

const REDIRECTS = [
  'redirect % to net',
  'redirect % to host',
  'redirect-tos % to net',
  'redirect-tos % to host',
];

function formatRedirect(icmp: IcmpView): string | undefined {
  const quoted = Ipv4View.tryOf(icmp.payload());
  if (quoted === undefined) return undefined;
  const text = REDIRECTS[icmp.code] ?? `redirect-#${icmp.code} % to`;
  const gateway = formatIpv4(icmp.part.borrow(4, 4));
  return `${text.replace('%', formatIpv4(quoted.borrowDestination()))} ${gateway}`;
}
