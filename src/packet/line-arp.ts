/** ARP and RARP as one line: `ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28`. */
import { formatIpv4, formatMac } from './address.ts';
import { ARP_HARDWARE_ETHERNET, ARP_REPLY, ARP_REQUEST, ArpView } from './arp.ts';
import { ETHERTYPES } from './ethernet.ts';
import { cutShort } from './line-nest.ts';
import type { Part } from './part.ts';

export function formatArp(part: Part): string {
  const arp = ArpView.tryOf(part);
  if (arp === undefined) return cutShort('arp');
  return `ARP, ${formatMessage(arp)}, length ${part.length}`;
}

function formatMessage(arp: ArpView): string {
  if (arp.protocolType !== ETHERTYPES.IPv4 || arp.protocolLength !== 4 || arp.hardwareLength === 0) {
    return `${hardwareName(arp)} (len ${arp.hardwareLength}), ${protocolName(arp)} (len ${arp.protocolLength})`;
  }
  const senderMac = formatMac(arp.borrowSenderHardware());
  const senderIp = formatIpv4(arp.borrowSenderProtocol());
  const targetHardware = arp.borrowTargetHardware();
  const targetMac = formatMac(targetHardware);
  const targetIp = formatIpv4(arp.borrowTargetProtocol());
  switch (arp.operation) {
    case ARP_REQUEST: {
      const known = targetHardware.some((byte) => byte !== 0) ? ` (${targetMac})` : '';
      return `Request who-has ${targetIp}${known} tell ${senderIp}`;
    }
    case ARP_REPLY:
      return `Reply ${senderIp} is-at ${senderMac}`;
    case 3:
      return `Reverse Request who-is ${targetMac} tell ${senderMac}`;
    case 4:
      return `Reverse Reply ${targetMac} at ${targetIp}`;
    case 8:
      return `Inverse Request who-is ${targetMac} tell ${senderMac}`;
    case 9:
      return `Inverse Reply ${senderMac} at ${senderIp}`;
    default:
      return `Unknown (${arp.operation})`;
  }
}

function hardwareName(arp: ArpView): string {
  return arp.hardwareType === ARP_HARDWARE_ETHERNET ? 'Ethernet' : `Unknown Hardware (${arp.hardwareType})`;
}

function protocolName(arp: ArpView): string {
  if (arp.protocolType === ETHERTYPES.IPv4) return 'IPv4';
  if (arp.protocolType === ETHERTYPES.IPv6) return 'IPv6';
  return `Unknown Protocol (0x${arp.protocolType.toString(16).padStart(4, '0')})`;
}
