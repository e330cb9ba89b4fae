/** Packets: shown as text, composed, and made up as samples. Pure: bytes in, text or bytes out. */

export {
  type ArpFields,
  composeArp,
  composeEthernet,
  composeIcmp,
  composeIcmpv6,
  composeIpv4,
  composeIpv6,
  composeTcp,
  composeUdp,
  composeVxlan,
  type EthernetFields,
  type IcmpFields,
  type Ipv4Fields,
  type Ipv6Fields,
  type NetworkPacket,
  type Segment,
  type TcpFields,
  type UdpFields,
  type VlanTag,
} from './compose.ts';
export { formatPacketLine } from './packet-line.ts';
export { type SamplePacket, sampleTraffic } from './sample.ts';
export { formatEpoch, formatTimeOfDay } from './time-text.ts';
