/** IPv4 as one line: `IP 10.0.0.1 > 10.0.0.2: ...`, and of a fragment that is not the first, its protocol. */
import { formatIpv4 as formatAddress } from './address.ts';
import { Ipv4View } from './ipv4.ts';
import { cutShort, type Nest } from './line-nest.ts';
import { formatTransport, showsAddresses } from './line-transport.ts';
import type { Part } from './part.ts';

export function formatIpv4(part: Part, nest: Nest): string {
  if (!part.has(1)) return cutShort('ip');
  const version = part.u8(0) >> 4;
  if (version === 6) return 'IP6, wrong link-layer encapsulation (invalid)';
  if (version !== 4) return `IP${version} (invalid)`;
  const ip = Ipv4View.tryOf(part);
  if (ip === undefined) return `IP ${cutShort('ip')}`;
  const { headerLength, totalLength, protocol } = ip;
  if (part.length < Ipv4View.minimumLength) return `IP truncated-ip ${part.length}`;
  if (headerLength < Ipv4View.minimumLength) return `IP bad-hlen ${headerLength}`;
  const missing = totalLength - part.length;
  const start = missing > 0 ? `IP truncated-ip - ${missing} bytes missing! ` : 'IP ';
  const length = Math.min(totalLength, part.length);
  if (length < headerLength) return `${start}bad-len ${length}`;

  const source = formatAddress(ip.borrowSource());
  const destination = formatAddress(ip.borrowDestination());
  const addresses = `${source} > ${destination}:`;
  if (ip.fragmentOffset > 0) return `${start}${addresses} ip-proto-${protocol}`;
  const shown = showsAddresses(protocol) ? '' : `${addresses} `;
  const datagram = part.limit(totalLength);
  if (!datagram.has(headerLength)) {
    const captured = datagram.end - datagram.start;
    return `${start}${shown} [remaining caplen(${captured}) < header length(${headerLength})]${cutShort('ip')}`;
  }
  const context = {
    version: 4,
    source,
    destination,
    fragmented: ip.moreFragments,
    addressesShown: false,
    nest,
  } as const;
  return start + shown + formatTransport(protocol, ip.payload(), context);
}
