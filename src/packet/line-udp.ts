/**
 * UDP as one line: `10.0.0.1.1234 > 10.0.0.2.7000: UDP, length 18`. Of what it carries, only VXLAN and
 * GENEVE are looked into.
 */
import { hexByte } from './address.ts';
import { GENEVE_PORT, GeneveView } from './geneve.ts';
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
  if (udp.sourcePort === GENEVE_PORT || udp.destinationPort === GENEVE_PORT) {
    return ports + formatGeneve(udp.payload(), context);
  }
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

function formatGeneve(part: Part, context: IpContext): string {
  const geneve = GeneveView.tryOf(part);
  if (geneve === undefined || !part.has(geneve.headerLength)) return `Geneve${cutShort('geneve')}`;
  const flags = `${geneve.flags & 0x80 ? 'O' : ''}${geneve.flags & 0x40 ? 'C' : ''}`;
  const options = geneve.headerLength - GeneveView.minimumLength;
  const text = `Geneve, Flags [${flags || 'none'}], vni 0x${geneve.vni.toString(16)}`;
  const inner = context.nest.etherType(geneve.protocol, geneve.payload());
  const unknown =
    inner === undefined ? `, proto unknown (0x${geneve.protocol.toString(16).padStart(4, '0')})` : '';
  const sizes = options > 0 ? `, options [${options} bytes]` : '';
  return `${text}${unknown}${sizes}: ${inner ?? `geneve-proto-0x${geneve.protocol.toString(16)}`}`;
}
