/**
 * Frames made from the inside out: `composeEthernet({...}, composeIpv4({...}, composeTcp({...}, payload)))`. Lengths
 * and checksums are filled in. It makes correct packets only, for samples and tests; addresses are text that our
 * own code writes and are not checked.
 */
import { parseIp, parseMac } from './address.ts';
import { internetChecksum } from './checksum.ts';
import { joinBytes, u16, u32 } from './network-bytes.ts';

/** What goes into an Ethernet frame. */
export interface NetworkPacket {
  readonly etherType: number;
  readonly bytes: Uint8Array;
}

/** What goes into an IP packet. The checksum at `checksumAt` also covers the addresses, so the IP layer fills it in. */
export interface Segment {
  readonly protocol: number;
  readonly bytes: Uint8Array;
  readonly checksumAt?: number;
}

const NO_PAYLOAD = new Uint8Array(0);
/** Without the frame check sequence, which captures do not have. */
const SHORTEST_FRAME = 60;
const PROTOCOL_UDP = 17;

export interface VlanTag {
  readonly id: number;
  /** 802.1p priority, 0 to 7. */
  readonly priority?: number;
  /** 0x8100, a customer tag, when left out; 0x88a8 is a service tag. */
  readonly tpid?: number;
}

export interface EthernetFields {
  readonly source: string;
  readonly destination: string;
  /** Outermost first. */
  readonly vlans?: readonly VlanTag[];
}

/** A frame, padded with zeros to the 60 bytes that every Ethernet frame has. */
export function composeEthernet(fields: EthernetFields, packet: NetworkPacket): Uint8Array {
  const { source, destination, vlans = [] } = fields;
  const tags = vlans.flatMap(({ id, priority = 0, tpid = 0x8100 }) => [
    ...u16(tpid),
    ...u16((priority << 13) | id),
  ]);
  const frame = joinBytes(
    parseMac(destination),
    parseMac(source),
    [...tags, ...u16(packet.etherType)],
    packet.bytes,
  );
  return frame.length < SHORTEST_FRAME
    ? joinBytes(frame, new Uint8Array(SHORTEST_FRAME - frame.length))
    : frame;
}

export interface ArpFields {
  readonly operation: 'request' | 'reply';
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
}

/** RFC 826, for IPv4 over Ethernet. */
export function composeArp(fields: ArpFields): NetworkPacket {
  const operation = fields.operation === 'request' ? 1 : 2;
  const fixed = [...u16(1), ...u16(0x0800), 6, 4, ...u16(operation)];
  const sender = joinBytes(parseMac(fields.senderMac), parseIp(fields.senderIp));
  const target = joinBytes(parseMac(fields.targetMac), parseIp(fields.targetIp));
  return { etherType: 0x0806, bytes: joinBytes(fixed, sender, target) };
}

export interface Ipv4Fields {
  readonly source: string;
  readonly destination: string;
  readonly identification?: number;
  /** 64 when left out. */
  readonly ttl?: number;
  readonly tos?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  /** A multiple of 4 bytes, at most 40. */
  readonly options?: Uint8Array;
}

/** RFC 791. */
export function composeIpv4(fields: Ipv4Fields, segment: Segment): NetworkPacket {
  const { identification = 0, ttl = 64, tos = 0, fragmentOffset = 0, options = NO_PAYLOAD } = fields;
  const source = parseIp(fields.source);
  const destination = parseIp(fields.destination);
  const body = fillChecksum(segment, source, destination);
  const headerLength = 20 + options.length;
  const fragment =
    (fields.dontFragment ? 0x4000 : 0) | (fields.moreFragments ? 0x2000 : 0) | (fragmentOffset / 8);
  const header = joinBytes(
    [0x40 | (headerLength / 4), tos, ...u16(headerLength + body.length)],
    [...u16(identification), ...u16(fragment)],
    [ttl, segment.protocol, 0, 0],
    source,
    destination,
    options,
  );
  header.set(u16(internetChecksum(header)), 10);
  return { etherType: 0x0800, bytes: joinBytes(header, body) };
}

export interface Ipv6Fields {
  readonly source: string;
  readonly destination: string;
  /** 64 when left out. */
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
}

/** RFC 8200, without extension headers: one can be given as a segment of its own. */
export function composeIpv6(fields: Ipv6Fields, segment: Segment): NetworkPacket {
  const { hopLimit = 64, trafficClass = 0, flowLabel = 0 } = fields;
  const source = parseIp(fields.source);
  const destination = parseIp(fields.destination);
  const body = fillChecksum(segment, source, destination);
  const first = 0x6000_0000 + trafficClass * 0x10_0000 + flowLabel;
  const header = joinBytes(
    u32(first),
    [...u16(body.length), segment.protocol, hopLimit],
    source,
    destination,
  );
  return { etherType: 0x86dd, bytes: joinBytes(header, body) };
}

export interface TcpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement?: number;
  /** tcpdump's letters: `S`, `S.`, `P.`, `F.`, `R` ... (F S R P . U E W). */
  readonly flags: string;
  /** 64240 when left out. */
  readonly window?: number;
  readonly urgentPointer?: number;
  /** Padded with zeros (end of options) to a multiple of 4. */
  readonly options?: readonly number[];
}

const TCP_FLAG_LETTERS = 'FSRP.UEW';

/** RFC 9293. */
export function composeTcp(fields: TcpFields, payload: Uint8Array = NO_PAYLOAD): Segment {
  const { acknowledgement = 0, window = 64_240, urgentPointer = 0, options = [] } = fields;
  const padding = new Array<number>(-options.length & 3).fill(0);
  const headerLength = 20 + options.length + padding.length;
  const flags = Array.from(fields.flags, (letter) => 1 << TCP_FLAG_LETTERS.indexOf(letter));
  const header = joinBytes(
    [...u16(fields.sourcePort), ...u16(fields.destinationPort)],
    u32(fields.sequence),
    u32(acknowledgement),
    [(headerLength / 4) << 4, flags.reduce((all, flag) => all | flag, 0), ...u16(window)],
    [0, 0, ...u16(urgentPointer)],
    [...options, ...padding],
  );
  return { protocol: 6, bytes: joinBytes(header, payload), checksumAt: 16 };
}

export interface UdpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** RFC 768. */
export function composeUdp(fields: UdpFields, payload: Uint8Array = NO_PAYLOAD): Segment {
  const { sourcePort, destinationPort } = fields;
  const header = [...u16(sourcePort), ...u16(destinationPort), ...u16(8 + payload.length), 0, 0];
  return { protocol: PROTOCOL_UDP, bytes: joinBytes(header, payload), checksumAt: 6 };
}

export interface IcmpFields {
  readonly type: number;
  readonly code?: number;
  /** The second word of the header: identifier and sequence number of an echo, the MTU of "too big". */
  readonly rest?: number;
}

/** RFC 792. */
export function composeIcmp(fields: IcmpFields, payload: Uint8Array = NO_PAYLOAD): Segment {
  const bytes = joinBytes([fields.type, fields.code ?? 0, 0, 0], u32(fields.rest ?? 0), payload);
  bytes.set(u16(internetChecksum(bytes)), 2);
  return { protocol: 1, bytes };
}

/** RFC 4443. */
export function composeIcmpv6(fields: IcmpFields, payload: Uint8Array = NO_PAYLOAD): Segment {
  const bytes = joinBytes([fields.type, fields.code ?? 0, 0, 0], u32(fields.rest ?? 0), payload);
  return { protocol: 58, bytes, checksumAt: 2 };
}

/** RFC 7348: the payload of a UDP datagram to port 4789. */
export function composeVxlan(vni: number, frame: Uint8Array): Uint8Array {
  return joinBytes([0x08, 0, 0, 0], u32(vni * 0x100), frame);
}

/** The segment's bytes with their checksum over the pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1). */
function fillChecksum(segment: Segment, source: Uint8Array, destination: Uint8Array): Uint8Array {
  if (segment.checksumAt === undefined) return segment.bytes;
  const bytes = new Uint8Array(segment.bytes);
  const pseudoHeader = joinBytes(source, destination, u32(bytes.length), u32(segment.protocol));
  const checksum = internetChecksum(pseudoHeader, bytes);
  // A UDP checksum of 0 says that there is none.
  const shown = checksum === 0 && segment.protocol === PROTOCOL_UDP ? 0xffff : checksum;
  bytes.set(u16(shown), segment.checksumAt);
  return bytes;
}
