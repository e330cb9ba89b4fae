/**
 * The one table of protocol fields. Names, meanings and printed forms are Wireshark's (4.0). Printing (`-e`), scripts
 * and docs/fields.md derive from it; what is not in here has no name. Differences from Wireshark: docs/fields.md.
 */
import type { Packet } from './dissect.ts';
import type { Field, FieldKind, FieldPlace, FieldValue } from './field.ts';
import {
  arp,
  icvBytes,
  isLength,
  isType,
  type LayerReader,
  ofView,
  payloadBytes,
  payloadLength,
  pppProtocol,
  sctpChunks,
  tcpOption,
  tcpOptionBytes,
  tcpOptionKinds,
  tcpOptionLengths,
  tcpSackEdges,
} from './field-readers.ts';
import { formatProtocols } from './format-protocols.ts';
import { GreView } from './gre.ts';
import { GtpView } from './gtp.ts';
import type { Layer, ProtocolName } from './layer.ts';
import { LlcView } from './llc.ts';
import { NullLoopbackView } from './null-loopback.ts';
import { TCP_OPTIONS } from './tcp.ts';

/** A row before it has its name and protocol. */
interface Row {
  readonly kind: FieldKind;
  readonly bits: number;
  readonly description: string;
  readonly hexDigits?: number;
  readonly places?: readonly FieldPlace[];
  /** Names of rows of the same protocol, whose places are this row's. */
  readonly placesOf?: readonly string[];
  readonly when?: (layer: Layer) => boolean;
  readonly compute?: LayerReader;
  readonly ofPacket?: (packet: Packet) => FieldValue | undefined;
}

interface NumberOptions {
  /** Digits of the hexadecimal form; decimal without. */
  readonly hex?: number;
  readonly shift?: number;
  /** Width, when it is not that of the bytes. */
  readonly bits?: number;
  readonly scale?: number;
  readonly when?: (layer: Layer) => boolean;
}

function uint(offset: number, bytes: number, description: string, options: NumberOptions = {}): Row {
  const { hex = 0, shift = 0, bits = 8 * bytes, scale = 1, when } = options;
  const place = { offset, bytes, shift, mask: 2 ** bits - 1, scale };
  const row = { kind: 'unsigned', bits, description, hexDigits: hex, places: [place] } as const;
  return when === undefined ? row : { ...row, when };
}

/** One bit: `mask` within the `bytes` bytes at `offset`. */
function flag(offset: number, bytes: number, mask: number, description: string): Row {
  const place = { offset, bytes, shift: 31 - Math.clz32(mask), mask: 1, scale: 1 };
  return { kind: 'boolean', bits: 1, description, places: [place] };
}

function address(kind: 'mac' | 'ipv4' | 'ipv6', offset: number, description: string): Row {
  const bytes = kind === 'mac' ? 6 : kind === 'ipv4' ? 4 : 16;
  return {
    kind,
    bits: 8 * bytes,
    description,
    places: [{ offset, bytes, shift: 0, mask: 0xffff_ffff, scale: 1 }],
  };
}

/** Both of two rows. */
function both(first: string, second: string, kind: FieldKind, bits: number): Row {
  return { kind, bits, description: `${first} and ${second}`, placesOf: [first, second] };
}

function computed(kind: FieldKind, bits: number, description: string, compute: LayerReader, hex = 0): Row {
  return { kind, bits, description, hexDigits: hex, compute };
}

function ofPacket(
  kind: FieldKind,
  description: string,
  read: (packet: Packet) => FieldValue | undefined,
): Row {
  return { kind, bits: 0, description, ofPacket: read };
}

const typeIs =
  (...types: readonly number[]) =>
  (layer: Layer): boolean =>
    types.includes(layer.u8(0));
const ICMP_ECHO = typeIs(0, 8, 13, 14, 15, 16, 17, 18);
const ICMPV6_ECHO = typeIs(128, 129);

type Rows = Readonly<Partial<Record<ProtocolName, Readonly<Record<string, Row>>>>>;

const TABLE: Rows = {
  frame: {
    'frame.number': ofPacket('unsigned', 'number of the packet in the file, from 1', (p) => p.origin.number),
    'frame.time_epoch': ofPacket('time', 'time of capture, seconds since 1970', (p) => p.origin.timestampNs),
    'frame.len': ofPacket('unsigned', 'bytes on the wire', (p) => p.originalLength),
    'frame.cap_len': ofPacket('unsigned', 'bytes captured', (p) => p.bytes.length),
    'frame.interface_id': ofPacket('unsigned', 'interface in the file, from 0', (p) => p.origin.interfaceId),
    'frame.interface_name': ofPacket('text', 'name of the interface', (p) => p.origin.interfaceName),
    'frame.comment': ofPacket('text', 'comment in the file', (p) => p.origin.comment),
    'frame.protocols': ofPacket('text', 'names of the layers', formatProtocols),
  },
  eth: {
    'eth.dst': address('mac', 0, 'destination address'),
    'eth.src': address('mac', 6, 'source address'),
    'eth.addr': both('eth.dst', 'eth.src', 'mac', 48),
    'eth.dst.lg': flag(0, 1, 0x02, 'destination is locally administered'),
    'eth.dst.ig': flag(0, 1, 0x01, 'destination is a group (multicast, broadcast)'),
    'eth.src.lg': flag(6, 1, 0x02, 'source is locally administered'),
    'eth.src.ig': flag(6, 1, 0x01, 'source is a group'),
    'eth.type': uint(12, 2, 'EtherType', { hex: 4, when: isType(12) }),
    'eth.len': uint(12, 2, 'length of an 802.3 frame', { when: isLength(12) }),
  },
  vlan: {
    'vlan.priority': uint(0, 2, 'priority (802.1p)', { shift: 13, bits: 3 }),
    'vlan.dei': flag(0, 2, 0x1000, 'drop eligible'),
    'vlan.id': uint(0, 2, 'VLAN identifier', { bits: 12 }),
    'vlan.etype': uint(2, 2, 'EtherType of what follows', { hex: 4, when: isType(2) }),
    'vlan.len': uint(2, 2, 'length of an 802.3 frame', { when: isLength(2) }),
  },
  llc: {
    'llc.dsap': uint(0, 1, 'destination service access point', { hex: 2 }),
    'llc.ssap': uint(1, 1, 'source service access point', { hex: 2 }),
    'llc.control': computed(
      'unsigned',
      16,
      'control field of one or two bytes',
      ofView(LlcView.tryOf, (v) => v.control),
      4,
    ),
    'llc.type': computed(
      'unsigned',
      16,
      'EtherType of a SNAP header',
      ofView(LlcView.tryOf, (v) => (v.organization === 0 ? v.protocol : undefined)),
      4,
    ),
  },
  mpls: {
    'mpls.label': uint(0, 4, 'label', { shift: 12, bits: 20 }),
    'mpls.exp': uint(0, 4, 'traffic class', { shift: 9, bits: 3 }),
    'mpls.bottom': uint(0, 4, 'bottom of the stack', { shift: 8, bits: 1 }),
    'mpls.ttl': uint(0, 4, 'time to live', { bits: 8 }),
  },
  pppoed: pppoe(),
  pppoes: pppoe(),
  ppp: {
    'ppp.protocol': computed('unsigned', 16, 'protocol number', pppProtocol, 4),
  },
  null: {
    'null.family': computed(
      'unsigned',
      32,
      'address family, in either byte order',
      ofView(NullLoopbackView.tryOf, (v) => v.family),
    ),
  },
  sll: {
    'sll.pkttype': uint(0, 2, 'to us, broadcast, multicast, to others, from us: 0 to 4'),
    'sll.hatype': uint(2, 2, 'kind of interface (ARPHRD_)'),
    'sll.halen': uint(4, 2, 'bytes of the link-layer address'),
    'sll.src.eth': {
      ...address('mac', 6, 'link-layer source address'),
      when: (layer) => layer.u16(4) === 6,
    },
    'sll.etype': uint(14, 2, 'EtherType', { hex: 4, when: isType(14) }),
  },
  sll2: {
    'sll.etype': uint(0, 2, 'EtherType', { hex: 4, when: isType(0) }),
    'sll.ifindex': uint(4, 4, 'index of the interface'),
    'sll.hatype': uint(8, 2, 'kind of interface (ARPHRD_)'),
    'sll.pkttype': uint(10, 1, 'to us, broadcast, multicast, to others, from us: 0 to 4'),
    'sll.halen': uint(11, 1, 'bytes of the link-layer address'),
    'sll.src.eth': {
      ...address('mac', 12, 'link-layer source address'),
      when: (layer) => layer.u8(11) === 6,
    },
  },
  arp: {
    'arp.hw.type': uint(0, 2, 'kind of hardware address'),
    'arp.proto.type': uint(2, 2, 'kind of protocol address', { hex: 4 }),
    'arp.hw.size': uint(4, 1, 'bytes of a hardware address'),
    'arp.proto.size': uint(5, 1, 'bytes of a protocol address'),
    'arp.opcode': uint(6, 2, '1 request, 2 reply, 3 and 4 the same of RARP'),
    'arp.src.hw_mac': computed(
      'mac',
      48,
      'sender MAC address',
      arp('mac', (v) => v.borrowSenderHardware()),
    ),
    'arp.src.proto_ipv4': computed(
      'ipv4',
      32,
      'sender IPv4 address',
      arp('ipv4', (v) => v.borrowSenderProtocol()),
    ),
    'arp.dst.hw_mac': computed(
      'mac',
      48,
      'target MAC address',
      arp('mac', (v) => v.borrowTargetHardware()),
    ),
    'arp.dst.proto_ipv4': computed(
      'ipv4',
      32,
      'target IPv4 address',
      arp('ipv4', (v) => v.borrowTargetProtocol()),
    ),
  },
  ip: {
    'ip.version': uint(0, 1, 'version, 4', { shift: 4, bits: 4 }),
    'ip.hdr_len': uint(0, 1, 'bytes of the header', {
      bits: 4,
      scale: 4,
      when: (layer) => layer.u8(0) >> 4 === 4,
    }),
    'ip.dsfield': uint(1, 1, 'differentiated services field', { hex: 2 }),
    'ip.dsfield.dscp': uint(1, 1, 'differentiated services codepoint', { shift: 2, bits: 6 }),
    'ip.dsfield.ecn': uint(1, 1, 'explicit congestion notification', { bits: 2 }),
    'ip.len': uint(2, 2, 'bytes of header and payload'),
    'ip.id': uint(4, 2, 'identification', { hex: 4 }),
    'ip.flags': uint(6, 1, 'the three flags', { hex: 2, shift: 5, bits: 3 }),
    'ip.flags.rb': flag(6, 1, 0x80, 'reserved bit'),
    'ip.flags.df': flag(6, 1, 0x40, "don't fragment"),
    'ip.flags.mf': flag(6, 1, 0x20, 'more fragments'),
    'ip.frag_offset': uint(6, 2, 'fragment offset in units of 8 bytes', { bits: 13 }),
    'ip.ttl': uint(8, 1, 'time to live'),
    'ip.proto': uint(9, 1, 'protocol number'),
    'ip.checksum': uint(10, 2, 'header checksum', { hex: 4 }),
    'ip.src': address('ipv4', 12, 'source address'),
    'ip.dst': address('ipv4', 16, 'destination address'),
    'ip.addr': both('ip.src', 'ip.dst', 'ipv4', 32),
  },
  ipv6: {
    'ip.version': uint(0, 1, 'version, 6', { shift: 4, bits: 4 }),
    'ipv6.version': uint(0, 1, 'version, 6', { shift: 4, bits: 4 }),
    'ipv6.tclass': uint(0, 4, 'traffic class', { hex: 8, shift: 20, bits: 8 }),
    'ipv6.tclass.dscp': uint(0, 4, 'differentiated services codepoint', { shift: 22, bits: 6 }),
    'ipv6.tclass.ecn': uint(0, 4, 'explicit congestion notification', { shift: 20, bits: 2 }),
    'ipv6.flow': uint(1, 3, 'flow label', { hex: 6, bits: 20 }),
    'ipv6.plen': uint(4, 2, 'bytes behind the header'),
    'ipv6.nxt': uint(6, 1, 'next header'),
    'ipv6.hlim': uint(7, 1, 'hop limit'),
    'ipv6.src': address('ipv6', 8, 'source address'),
    'ipv6.dst': address('ipv6', 24, 'destination address'),
    'ipv6.addr': both('ipv6.src', 'ipv6.dst', 'ipv6', 128),
  },
  'ipv6.hopopts': extension('ipv6.hopopts'),
  'ipv6.dstopts': extension('ipv6.dstopts'),
  'ipv6.routing': {
    ...extension('ipv6.routing'),
    'ipv6.routing.type': uint(2, 1, 'kind of routing header'),
    'ipv6.routing.segleft': uint(3, 1, 'segments left'),
  },
  'ipv6.fraghdr': {
    'ipv6.fraghdr.nxt': uint(0, 1, 'next header'),
    'ipv6.fraghdr.offset': uint(2, 2, 'fragment offset in units of 8 bytes', { shift: 3, bits: 13 }),
    'ipv6.fraghdr.more': flag(2, 2, 0x0001, 'more fragments'),
    'ipv6.fraghdr.ident': uint(4, 4, 'identification', { hex: 8 }),
  },
  ah: {
    'ah.next_header': uint(0, 1, 'next header'),
    'ah.length': uint(1, 1, 'length field: words of the header, less 2'),
    'ah.spi': uint(4, 4, 'security parameters index', { hex: 8 }),
    'ah.sequence': uint(8, 4, 'sequence number'),
    'ah.icv': computed('bytes', 0, 'integrity check value', icvBytes),
  },
  esp: {
    'esp.spi': uint(0, 4, 'security parameters index', { hex: 8 }),
    'esp.sequence': uint(4, 4, 'sequence number'),
  },
  icmp: {
    'icmp.type': uint(0, 1, 'type of message'),
    'icmp.code': uint(1, 1, 'code within the type'),
    'icmp.checksum': uint(2, 2, 'checksum', { hex: 4 }),
    'icmp.ident': uint(4, 2, 'identifier of echo and the like', { when: ICMP_ECHO }),
    'icmp.seq': uint(6, 2, 'sequence number of echo and the like', { when: ICMP_ECHO }),
    'icmp.mtu': uint(6, 2, 'MTU of the next hop ("fragmentation needed")', {
      when: (layer) => layer.u16(0) === 0x0304,
    }),
    'icmp.redir_gw': { ...address('ipv4', 4, 'gateway of a redirect'), when: typeIs(5) },
  },
  icmpv6: {
    'icmpv6.type': uint(0, 1, 'type of message'),
    'icmpv6.code': uint(1, 1, 'code within the type'),
    'icmpv6.checksum': uint(2, 2, 'checksum', { hex: 4 }),
    'icmpv6.echo.identifier': uint(4, 2, 'identifier of an echo', { hex: 4, when: ICMPV6_ECHO }),
    'icmpv6.echo.sequence_number': uint(6, 2, 'sequence number of an echo', { when: ICMPV6_ECHO }),
    'icmpv6.mtu': uint(4, 4, 'MTU of "packet too big"', { when: typeIs(2) }),
    'icmpv6.nd.ns.target_address': {
      ...address('ipv6', 8, 'target of a neighbor solicitation'),
      when: typeIs(135),
    },
    'icmpv6.nd.na.target_address': {
      ...address('ipv6', 8, 'target of a neighbor advertisement'),
      when: typeIs(136),
    },
  },
  igmp: {
    'igmp.type': uint(0, 1, 'type of message', { hex: 2 }),
  },
  tcp: {
    'tcp.srcport': uint(0, 2, 'source port'),
    'tcp.dstport': uint(2, 2, 'destination port'),
    'tcp.port': both('tcp.srcport', 'tcp.dstport', 'unsigned', 16),
    'tcp.len': computed('unsigned', 0, 'bytes of payload on the wire', payloadLength),
    'tcp.seq': uint(4, 4, 'sequence number, as in the packet'),
    'tcp.seq_raw': uint(4, 4, 'sequence number, as in the packet'),
    'tcp.ack': uint(8, 4, 'acknowledgement number, as in the packet'),
    'tcp.ack_raw': uint(8, 4, 'acknowledgement number, as in the packet'),
    'tcp.hdr_len': uint(12, 1, 'bytes of the header', { shift: 4, bits: 4, scale: 4 }),
    'tcp.flags': uint(12, 2, 'all flags', { hex: 4, bits: 12 }),
    'tcp.flags.ae': flag(12, 2, 0x100, 'accurate ECN'),
    'tcp.flags.cwr': flag(12, 2, 0x080, 'congestion window reduced'),
    'tcp.flags.ece': flag(12, 2, 0x040, 'ECN echo'),
    'tcp.flags.urg': flag(12, 2, 0x020, 'urgent pointer counts'),
    'tcp.flags.ack': flag(12, 2, 0x010, 'acknowledgement number counts'),
    'tcp.flags.push': flag(12, 2, 0x008, 'push'),
    'tcp.flags.reset': flag(12, 2, 0x004, 'reset'),
    'tcp.flags.syn': flag(12, 2, 0x002, 'synchronize: opens the connection'),
    'tcp.flags.fin': flag(12, 2, 0x001, 'finish: closes the direction'),
    'tcp.window_size_value': uint(14, 2, 'window, as in the packet'),
    'tcp.checksum': uint(16, 2, 'checksum', { hex: 4 }),
    'tcp.urgent_pointer': uint(18, 2, 'urgent pointer'),
    'tcp.options': computed('bytes', 0, 'the options as bytes', tcpOptionBytes),
    'tcp.option_kind': computed('unsigned', 8, 'kind of each option', tcpOptionKinds),
    'tcp.option_len': computed('unsigned', 8, 'length of each option that has one', tcpOptionLengths),
    'tcp.options.mss_val': computed(
      'unsigned',
      16,
      'maximum segment size',
      tcpOption(TCP_OPTIONS.MSS, 2, (data) => data.u16(0)),
    ),
    'tcp.options.wscale.shift': computed(
      'unsigned',
      8,
      'window scale, as a shift',
      tcpOption(TCP_OPTIONS.WSCALE, 1, (data) => data.u8(0)),
    ),
    'tcp.options.sack_le': computed('unsigned', 32, 'left edge of each SACK block', tcpSackEdges(0)),
    'tcp.options.sack_re': computed('unsigned', 32, 'right edge of each SACK block', tcpSackEdges(4)),
    'tcp.options.timestamp.tsval': computed(
      'unsigned',
      32,
      'timestamp value',
      tcpOption(TCP_OPTIONS.TIMESTAMP, 8, (data) => data.u32(0)),
    ),
    'tcp.options.timestamp.tsecr': computed(
      'unsigned',
      32,
      'timestamp echo reply',
      tcpOption(TCP_OPTIONS.TIMESTAMP, 8, (data) => data.u32(4)),
    ),
    'tcp.payload': computed('bytes', 0, 'captured payload', payloadBytes),
  },
  udp: {
    'udp.srcport': uint(0, 2, 'source port'),
    'udp.dstport': uint(2, 2, 'destination port'),
    'udp.port': both('udp.srcport', 'udp.dstport', 'unsigned', 16),
    'udp.length': uint(4, 2, 'bytes of header and payload'),
    'udp.checksum': uint(6, 2, 'checksum', { hex: 4 }),
    'udp.payload': computed('bytes', 0, 'captured payload', payloadBytes),
  },
  sctp: {
    'sctp.srcport': uint(0, 2, 'source port'),
    'sctp.dstport': uint(2, 2, 'destination port'),
    'sctp.port': both('sctp.srcport', 'sctp.dstport', 'unsigned', 16),
    'sctp.verification_tag': uint(4, 4, 'verification tag', { hex: 8 }),
    'sctp.checksum': uint(8, 4, 'checksum', { hex: 8 }),
    'sctp.chunk_type': computed(
      'unsigned',
      8,
      'type of each chunk',
      sctpChunks(4, (chunk) => chunk.u8(0)),
    ),
    'sctp.chunk_flags': computed(
      'unsigned',
      8,
      'flags of each chunk',
      sctpChunks(4, (chunk) => chunk.u8(1)),
      2,
    ),
    'sctp.chunk_length': computed(
      'unsigned',
      16,
      'length of each chunk, without padding',
      sctpChunks(4, (chunk) => chunk.u16(2)),
    ),
    'sctp.data_tsn_raw': computed(
      'unsigned',
      32,
      'transmission sequence number of each DATA chunk',
      sctpChunks(8, (chunk) => chunk.u32(4), 0),
    ),
    'sctp.data_sid': computed(
      'unsigned',
      16,
      'stream of each DATA chunk',
      sctpChunks(10, (chunk) => chunk.u16(8), 0),
      4,
    ),
    'sctp.data_ssn': computed(
      'unsigned',
      16,
      'stream sequence number of each DATA chunk',
      sctpChunks(12, (chunk) => chunk.u16(10), 0),
    ),
    'sctp.data_payload_proto_id': computed(
      'unsigned',
      32,
      'payload protocol of each DATA chunk',
      sctpChunks(16, (chunk) => chunk.u32(12), 0),
    ),
  },
  gre: {
    'gre.flags_and_version': uint(0, 2, 'flags and version', { hex: 4 }),
    'gre.flags.checksum': flag(0, 2, 0x8000, 'a checksum is there'),
    'gre.flags.routing': flag(0, 2, 0x4000, 'routing is there (obsolete)'),
    'gre.flags.key': flag(0, 2, 0x2000, 'a key is there'),
    'gre.flags.sequence_number': flag(0, 2, 0x1000, 'a sequence number is there'),
    'gre.flags.version': uint(0, 2, 'version', { bits: 3 }),
    'gre.proto': uint(2, 2, 'EtherType of what follows', { hex: 4 }),
    'gre.checksum': computed(
      'unsigned',
      16,
      'checksum',
      ofView(GreView.tryOf, (v) => v.checksum),
      4,
    ),
    'gre.key': computed(
      'unsigned',
      32,
      'key',
      ofView(GreView.tryOf, (v) => v.key),
      8,
    ),
    'gre.sequence_number': computed(
      'unsigned',
      32,
      'sequence number',
      ofView(GreView.tryOf, (v) => v.sequence),
    ),
  },
  vxlan: {
    'vxlan.flags': uint(0, 2, 'flags', { hex: 4 }),
    'vxlan.flag_i': flag(0, 2, 0x0800, 'the network identifier counts'),
    'vxlan.gbp': uint(2, 2, 'group policy identifier'),
    'vxlan.vni': uint(4, 3, 'network identifier'),
  },
  geneve: {
    'geneve.version': uint(0, 1, 'version', { shift: 6, bits: 2 }),
    'geneve.flags.oam': flag(1, 1, 0x80, 'a control packet'),
    'geneve.flags.critical': flag(1, 1, 0x40, 'critical options are there'),
    'geneve.proto_type': uint(2, 2, 'EtherType of what follows', { hex: 4 }),
    'geneve.vni': uint(4, 3, 'network identifier', { hex: 6 }),
  },
  gtp: {
    'gtp.flags': uint(0, 1, 'version and flags', { hex: 2 }),
    'gtp.flags.version': uint(0, 1, 'version', { shift: 5, bits: 3 }),
    'gtp.flags.payload': uint(0, 1, '1 for GTP', { shift: 4, bits: 1 }),
    'gtp.flags.e': flag(0, 1, 0x04, 'extension headers are there'),
    'gtp.flags.s': flag(0, 1, 0x02, 'the sequence number counts'),
    'gtp.flags.pn': flag(0, 1, 0x01, 'the N-PDU number counts'),
    'gtp.message': uint(1, 1, 'type of message: 255 carries a packet', { hex: 2 }),
    'gtp.length': uint(2, 2, 'bytes behind the first 8'),
    'gtp.teid': uint(4, 4, 'tunnel endpoint identifier', { hex: 8 }),
    'gtp.seq_number': computed(
      'unsigned',
      16,
      'sequence number',
      ofView(GtpView.tryOf, (v) => v.sequence),
      4,
    ),
  },
};

function pppoe(): Readonly<Record<string, Row>> {
  return {
    'pppoe.version': uint(0, 1, 'version, 1', { shift: 4, bits: 4 }),
    'pppoe.type': uint(0, 1, 'type, 1', { bits: 4 }),
    'pppoe.code': uint(1, 1, 'code: 0 in the session stage', { hex: 2 }),
    'pppoe.session_id': uint(2, 2, 'session identifier', { hex: 4 }),
    'pppoe.payload_length': uint(4, 2, 'bytes behind the header'),
  };
}

function extension(prefix: string): Readonly<Record<string, Row>> {
  return {
    [`${prefix}.nxt`]: uint(0, 1, 'next header'),
    [`${prefix}.len`]: uint(1, 1, 'length field: words of 8 bytes after the first'),
  };
}

function fieldOf(protocol: ProtocolName, name: string, row: Row): Field {
  const places = row.placesOf?.flatMap((other) => TABLE[protocol]![other]!.places!) ?? row.places ?? [];
  return {
    name,
    protocol,
    kind: row.kind,
    bits: row.bits,
    hexDigits: row.hexDigits ?? 0,
    description: row.description,
    places,
    when: row.when,
    compute: row.compute,
    ofPacket: row.ofPacket,
  };
}

/** Every row; a name that two protocols share (`pppoe.code`, `sll.etype`) stands twice. */
export const FIELDS: readonly Field[] = Object.entries(TABLE).flatMap(([protocol, rows]) =>
  Object.entries(rows).map(([name, row]) => fieldOf(protocol as ProtocolName, name, row)),
);

const rowsByName = new Map<string, Field[]>();
for (const field of FIELDS) {
  const rows = rowsByName.get(field.name);
  if (rows === undefined) rowsByName.set(field.name, [field]);
  else rows.push(field);
}

/** The rows of a name: one, or one for each protocol that shares it; undefined for a name that is not in the table. */
export function fieldsByName(name: string): readonly Field[] | undefined {
  return rowsByName.get(name);
}
