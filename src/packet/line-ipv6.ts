/** IPv6 as one line, extension headers included: `IP6 2001:db8::1 > 2001:db8::2: HBH ...`. */
import { formatIpv6 as formatAddress } from './address.ts';
import { IP_PROTOCOLS } from './ip-protocols.ts';
import { Ipv6ExtensionView, Ipv6FragmentView, Ipv6View } from './ipv6.ts';
import { cutShort, type Nest } from './line-nest.ts';
import { formatTransport, showsAddresses } from './line-transport.ts';
import type { Part } from './part.ts';

export function formatIpv6(part: Part, nest: Nest): string {
  if (part.length < Ipv6View.headerLength) return `IP6 truncated-ip6 ${part.length}`;
  const ip = Ipv6View.tryOf(part);
  if (ip === undefined) return cutShort('ip6');
  if (ip.version !== 6) return `IP6 version error: ${ip.version} != 6`;
  const missing = ip.payloadLength + Ipv6View.headerLength - part.length;
  const start = missing > 0 ? `IP6 truncated-ip6 - ${missing} bytes missing!` : 'IP6 ';

  const source = formatAddress(ip.borrowSource());
  const destination = formatAddress(ip.borrowDestination());
  const addresses = `${source} > ${destination}: `;
  const { text, protocol, payload, fragmented } = walkExtensions(ip.nextHeader, ip.payload());
  const hasExtensions = text !== '';
  const shown = hasExtensions || !showsAddresses(ip.nextHeader) ? addresses : '';
  if (protocol === undefined) return start + shown + text;
  const context = {
    version: 6,
    source,
    destination,
    fragmented,
    addressesShown: hasExtensions,
    nest,
  } as const;
  return start + shown + text + formatTransport(protocol, payload, context);
}

interface Walk {
  /** One word for each extension header. */
  readonly text: string;
  /** What comes after them; undefined when the line ends with them. */
  readonly protocol: number | undefined;
  readonly payload: Part;
  readonly fragmented: boolean;
}

function walkExtensions(firstHeader: number, first: Part): Walk {
  let protocol: number | undefined = firstHeader;
  let payload = first;
  let text = '';
  let fragmented = false;
  while (protocol !== undefined && EXTENSIONS.includes(protocol)) {
    if (protocol === IP_PROTOCOLS.HopByHop && text !== '') {
      return { text: `${text}[HBH not first] (invalid)`, protocol: undefined, payload, fragmented };
    }
    if (protocol === IP_PROTOCOLS.Fragment) fragmented = true;
    const step: Step =
      protocol === IP_PROTOCOLS.Fragment ? stepFragment(payload) : stepOptions(protocol, payload);
    text += step.text;
    protocol = step.next;
    payload = step.payload;
  }
  return { text, protocol, payload, fragmented };
}

const EXTENSIONS: readonly number[] = [
  IP_PROTOCOLS.HopByHop,
  IP_PROTOCOLS.Routing,
  IP_PROTOCOLS.Fragment,
  IP_PROTOCOLS.DestinationOptions,
];

interface Step {
  readonly text: string;
  /** The next header; undefined where the line ends. */
  readonly next: number | undefined;
  readonly payload: Part;
}

/** Only the first fragment is gone on with: the others have no header of what they carry. */
function stepFragment(part: Part): Step {
  const fragment = Ipv6FragmentView.tryOf(part);
  if (fragment === undefined) return { text: cutShort('frag6'), next: undefined, payload: part };
  const payload = fragment.payload();
  const text = `frag (${fragment.fragmentOffset}|${payload.length})`;
  if (fragment.fragmentOffset > 0) return { text, next: undefined, payload };
  return { text: `${text} `, next: fragment.nextHeader, payload };
}

function stepOptions(header: number, part: Part): Step {
  const extension = Ipv6ExtensionView.tryOf(part);
  const name = header === IP_PROTOCOLS.HopByHop ? 'HBH' : header === IP_PROTOCOLS.Routing ? 'RT6' : 'DSTOPT';
  if (extension === undefined) return { text: cutShort('ip6'), next: undefined, payload: part };
  const routing = `(len=${part.u8(1)}, type=${part.u8(2)}, segleft=${part.u8(3)}) `;
  const text = header === IP_PROTOCOLS.Routing ? `${name} ${routing}` : `${name} `;
  return { text, next: extension.nextHeader, payload: extension.payload() };
}
