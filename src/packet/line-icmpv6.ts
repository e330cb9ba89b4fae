/** ICMPv6 as one line: `ICMP6, neighbor solicitation, who has 2001:db8::2, length 32` (RFC 4443, RFC 4861). */
import { formatIpv6 } from './address.ts';
import { IcmpView } from './icmp.ts';
import { IP_PROTOCOLS } from './ip-protocols.ts';
import { Ipv6View } from './ipv6.ts';
import { cutShort } from './line-nest.ts';
import type { Part } from './part.ts';

const LISTENER_QUERY = 130;
const LISTENER_REPORT = 131;
const LISTENER_DONE = 132;
const NEIGHBOR_SOLICITATION = 135;
const NEIGHBOR_ADVERTISEMENT = 136;
const REDIRECT = 137;

const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'destination unreachable'],
  [2, 'packet too big'],
  [3, 'time exceeded'],
  [4, 'parameter problem'],
  [128, 'echo request'],
  [129, 'echo reply'],
  [LISTENER_QUERY, 'multicast listener query'],
  [LISTENER_REPORT, 'multicast listener report'],
  [LISTENER_DONE, 'multicast listener done'],
  [133, 'router solicitation'],
  [134, 'router advertisement'],
  [NEIGHBOR_SOLICITATION, 'neighbor solicitation'],
  [NEIGHBOR_ADVERTISEMENT, 'neighbor advertisement'],
  [REDIRECT, 'redirect'],
  [143, 'multicast listener report v2'],
]);

export function formatIcmpv6(part: Part): string {
  const icmp = IcmpView.tryOf(part);
  if (icmp === undefined) return cutShort('icmp6');
  const name = TYPE_NAMES.get(icmp.type);
  if (name === undefined) return `ICMP6, unknown icmp6 type (${icmp.type}), length ${part.length}`;
  const details = formatDetails(icmp);
  return `ICMP6, ${name}${details === undefined ? cutShort('icmp6') : `${details}, length ${part.length}`}`;
}

/** What follows the name of the type; undefined when it was not captured. */
function formatDetails(icmp: IcmpView): string | undefined {
  const { part, type, identifier, sequence } = icmp;
  switch (type) {
    case 1:
      return formatUnreachable(icmp);
    case 2:
      return `, mtu ${icmp.rest}`;
    case 3:
      return formatTimeExceeded(icmp);
    case 4:
      return formatParameterProblem(icmp);
    case 128:
    case 129:
      return `, id ${identifier}, seq ${sequence}`;
    case LISTENER_QUERY:
    case LISTENER_REPORT:
    case LISTENER_DONE:
      return part.has(24) ? formatListener(icmp) : undefined;
    case NEIGHBOR_SOLICITATION:
      return part.has(24) ? `, who has ${formatIpv6(part.borrow(8, 16))}` : undefined;
    case NEIGHBOR_ADVERTISEMENT:
      return part.has(24) ? `, tgt is ${formatIpv6(part.borrow(8, 16))}` : undefined;
    case REDIRECT:
      return part.has(40)
        ? `, ${formatIpv6(part.borrow(24, 16))} to ${formatIpv6(part.borrow(8, 16))}`
        : undefined;
    case 143:
      return `, ${sequence} group record(s)`;
    default:
      return '';
  }
}

/** A query longer than version 1's is of version 2 (RFC 3810, 8.1). */
function formatListener({ part, type, identifier }: IcmpView): string {
  const group = formatIpv6(part.borrow(8, 16));
  if (type === LISTENER_QUERY && part.length > 24) return ` v2 [gaddr ${group}]`;
  return ` max resp delay: ${identifier} addr: ${group}`;
}

function formatUnreachable(icmp: IcmpView): string | undefined {
  const quoted = Ipv6View.tryOf(icmp.payload());
  if (quoted === undefined) return undefined;
  const destination = formatIpv6(quoted.borrowDestination());
  switch (icmp.code) {
    case 0:
      return `, unreachable route ${destination}`;
    case 1:
      return `, unreachable prohibited ${destination}`;
    case 2:
      return `, beyond scope ${destination}, source address ${formatIpv6(quoted.borrowSource())}`;
    case 3:
      return `, unreachable address ${destination}`;
    case 4:
      return formatPortUnreachable(icmp.payload(), quoted, destination);
    default:
      return `, unknown unreach code (${icmp.code})`;
  }
}

function formatPortUnreachable(payload: Part, quoted: Ipv6View, destination: string): string | undefined {
  const transport = payload.after(Ipv6View.headerLength);
  if (!transport.has(4)) return undefined;
  const port = transport.u16(2);
  switch (quoted.nextHeader) {
    case IP_PROTOCOLS.TCP:
      return `, unreachable port, ${destination} tcp port ${port}`;
    case IP_PROTOCOLS.UDP:
      return `, unreachable port, ${destination} udp port ${port}`;
    default:
      return `, unreachable port, ${destination} protocol ${quoted.nextHeader} port ${port}`;
  }
}

function formatTimeExceeded(icmp: IcmpView): string | undefined {
  const quoted = Ipv6View.tryOf(icmp.payload());
  if (quoted === undefined) return undefined;
  const destination = formatIpv6(quoted.borrowDestination());
  if (icmp.code === 0) return ` in-transit for ${destination}`;
  return icmp.code === 1 ? ' in-transit (reassembly)' : ` in-transit, unknown code (${icmp.code})`;
}

function formatParameterProblem(icmp: IcmpView): string {
  switch (icmp.code) {
    case 0:
      return `, erroneous - octet ${icmp.rest}`;
    case 1:
      return `, next header - octet ${icmp.rest}`;
    case 2:
      return `, option - octet ${icmp.rest}`;
    case 3:
      return `, incomplete header chain - octet ${icmp.rest}`;
    default:
      return `, code-#${icmp.code}`;
  }
}
