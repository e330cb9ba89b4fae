/**
 * UDP as one line: `10.0.0.1.1234 > 10.0.0.2.7000: UDP, length 18`. Of what it carries, only VXLAN is looked into.
 */
import { hexByte } from './address.ts';
import { formatHosts, formatPorts, type IpContext } from './line-ip-context.ts';
import { cutShort } from './line-nest.ts';
import type { Part } from './part.ts';
import { UdpView } from './udp.ts';
import { VXLAN_PORT, VxlanView } from './vxlan.ts';

export function formatUdp(part: Part, context: IpContext): string {
  if (!part.has(4)) return formatHosts(context) + cutShort('udp');
  const ports = formatPorts(context, part.u16(0), part.u16(2));
  if (part.length < UdpView.headerLength) return `${ports}truncated-udp ${part.length}`;
  const udp = UdpView.tryOf(part);
  if (udp === undefined) return ports + cutShort('udp');
  if (udp.length < UdpView.headerLength) return `${ports}truncated-udplength ${udp.length}`;
  if (udp.destinationPort === VXLAN_PORT) return ports + formatVxlan(udp.payload(), context);
  const claimed = udp.length - UdpView.headerLength;
  const room = part.length - UdpView.headerLength;
  if (claimed > room && !context.fragmented) return `${ports}UDP, bad length ${claimed} > ${room}`;
  return `${ports}UDP, length ${claimed}`;
}

function formatVxlan(part: Part, context: IpContext): string {
  const vxlan = VxlanView.tryOf(part);
  if (vxlan === undefined) return `VXLAN${cutShort('vxlan')}`;
  const { flags } = vxlan;
  const letter = flags & 0x08 ? 'I' : '.';
  return `VXLAN, flags [${letter}] (0x${hexByte(flags)}), vni ${vxlan.vni}: ${context.nest.frame(vxlan.payload())}`;
}
