/**
 * The reserved words and named numbers of pcap-filter(7), as libpcap 1.10 has them. A word that is listed here is
 * never a host, port or protocol name unless a backslash stands before it (`ether proto \ip`).
 */

/** The words that stand for a protocol, in the grammar's `pname`. */
export const protocolWords = [
  'link',
  'ip',
  'ip6',
  'arp',
  'rarp',
  'tcp',
  'udp',
  'sctp',
  'icmp',
  'icmp6',
  'igmp',
  'igrp',
  'pim',
  'vrrp',
  'carp',
  'ah',
  'esp',
  'atalk',
  'aarp',
  'decnet',
  'lat',
  'sca',
  'moprc',
  'mopdl',
  'iso',
  'esis',
  'isis',
  'l1',
  'l2',
  'iih',
  'lsp',
  'snp',
  'csnp',
  'psnp',
  'clnp',
  'stp',
  'ipx',
  'netbeui',
] as const;

export type ProtocolWord = (typeof protocolWords)[number];

/** The other words that the grammar knows; each is its own kind of token. */
const grammarWords = [
  'src',
  'dst',
  'host',
  'net',
  'mask',
  'port',
  'portrange',
  'proto',
  'protochain',
  'gateway',
  'less',
  'greater',
  'byte',
  'broadcast',
  'multicast',
  'and',
  'or',
  'not',
  'len',
  'inbound',
  'outbound',
  'ifindex',
  'vlan',
  'mpls',
  'pppoed',
  'pppoes',
  'geneve',
  'llc',
] as const;

/** The words behind which the headers of a packet are looked for further back. */
export type EncapsulationWord = 'vlan' | 'mpls' | 'pppoes' | 'geneve';

export type GrammarWord = (typeof grammarWords)[number];

/** Other spellings of a word. */
const aliases: readonly (readonly [string, ProtocolWord | GrammarWord])[] = [
  ['ether', 'link'],
  ['ppp', 'link'],
  ['slip', 'link'],
  ['fddi', 'link'],
  ['tr', 'link'],
  ['wlan', 'link'],
  ['es-is', 'esis'],
  ['is-is', 'isis'],
  ['length', 'len'],
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
];

/** Reserved words of libpcap that this compiler does not have, and why. */
export const unsupportedWords: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'only for 802.11 link types': [
      ...['radio', 'type', 'subtype', 'direction', 'dir', 'ra', 'ta'],
      ...['address1', 'address2', 'address3', 'address4', 'addr1', 'addr2', 'addr3', 'addr4'],
    ],
    'only for ATM link types': [
      ...['lane', 'metac', 'bcc', 'oam', 'oamf4', 'oamf4ec', 'oamf4sc', 'sc', 'ilmic', 'vpi', 'vci'],
      ...['connectmsg', 'metaconnect'],
    ],
    'only for MTP2 link types': [
      ...['fisu', 'lssu', 'lsu', 'msu', 'hfisu', 'hlssu', 'hmsu', 'sio', 'opc', 'dpc', 'sls'],
      ...['hsio', 'hopc', 'hdpc', 'hsls'],
    ],
    'only for OpenBSD pf logs': [
      ...['on', 'ifname', 'rset', 'ruleset', 'rnr', 'rulenum', 'srnr', 'subrulenum', 'reason', 'action'],
    ],
  }).flatMap(([why, words]) => words.map((word): [string, string] => [word, why])),
);

export const words: ReadonlyMap<string, ProtocolWord | GrammarWord> = new Map<
  string,
  ProtocolWord | GrammarWord
>([
  ...[...protocolWords, ...grammarWords].map((word): [string, ProtocolWord | GrammarWord] => [word, word]),
  ...aliases,
]);

/** Names for numbers: header offsets, ICMP types and TCP flags. */
export const namedNumbers: ReadonlyMap<string, number> = new Map(
  Object.entries({
    icmptype: 0,
    icmpcode: 1,
    'icmp-echoreply': 0,
    'icmp-unreach': 3,
    'icmp-sourcequench': 4,
    'icmp-redirect': 5,
    'icmp-echo': 8,
    'icmp-routeradvert': 9,
    'icmp-routersolicit': 10,
    'icmp-timxceed': 11,
    'icmp-paramprob': 12,
    'icmp-tstamp': 13,
    'icmp-tstampreply': 14,
    'icmp-ireq': 15,
    'icmp-ireqreply': 16,
    'icmp-maskreq': 17,
    'icmp-maskreply': 18,
    icmp6type: 0,
    icmp6code: 1,
    'icmp6-destinationunreach': 1,
    'icmp6-packettoobig': 2,
    'icmp6-timeexceeded': 3,
    'icmp6-parameterproblem': 4,
    'icmp6-echo': 128,
    'icmp6-echoreply': 129,
    'icmp6-multicastlistenerquery': 130,
    'icmp6-multicastlistenerreportv1': 131,
    'icmp6-multicastlistenerdone': 132,
    'icmp6-routersolicit': 133,
    'icmp6-routeradvert': 134,
    'icmp6-neighborsolicit': 135,
    'icmp6-neighboradvert': 136,
    'icmp6-redirect': 137,
    'icmp6-routerrenum': 138,
    'icmp6-nodeinformationquery': 139,
    'icmp6-nodeinformationresponse': 140,
    'icmp6-ineighbordiscoverysolicit': 141,
    'icmp6-ineighbordiscoveryadvert': 142,
    'icmp6-multicastlistenerreportv2': 143,
    'icmp6-homeagentdiscoveryrequest': 144,
    'icmp6-homeagentdiscoveryreply': 145,
    'icmp6-mobileprefixsolicit': 146,
    'icmp6-mobileprefixadvert': 147,
    'icmp6-certpathsolicit': 148,
    'icmp6-certpathadvert': 149,
    'icmp6-multicastrouteradvert': 151,
    'icmp6-multicastroutersolicit': 152,
    'icmp6-multicastrouterterm': 153,
    tcpflags: 13,
    'tcp-fin': 0x01,
    'tcp-syn': 0x02,
    'tcp-rst': 0x04,
    'tcp-push': 0x08,
    'tcp-ack': 0x10,
    'tcp-urg': 0x20,
    'tcp-ece': 0x40,
    'tcp-cwr': 0x80,
  }),
);
