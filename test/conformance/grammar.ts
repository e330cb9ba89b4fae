/** Random filter expressions, made along the grammar of pcap-filter(7) from operands that packets of the tests have. */
import fc from 'fast-check';

type Text = fc.Arbitrary<string>;

const pick = (...choices: readonly string[]): Text => fc.constantFrom(...choices);

const joined = (...parts: readonly Text[]): Text =>
  fc.tuple(...parts).map((words) => words.filter((word) => word !== '').join(' '));

const direction = pick('', '', '', 'src', 'dst', 'src or dst', 'src and dst');
const ip4 = pick(
  '10.1.2.3',
  '192.168.1.5',
  '10.1',
  '224.0.0.1',
  '255.255.255.255',
  '127.0.0.1',
  '10.0.0.1',
  '172.16.1.2',
);
const ip6 = pick('2001:db8::1', 'ff02::2', 'fe80::1', '::1', '::', 'ff02::1');
const ether = pick('02:00:00:00:00:01', '02:00:00:00:00:02', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01');
const network = pick(
  '10.0.0.0/8',
  '10',
  '192.168',
  '192.168.1.0/24',
  '224.0.0.0/4',
  '0.0.0.0/1',
  '10.0.0.0 mask 255.0.0.0',
);
const network6 = pick('2001:db8::/32', 'fe80::/10', 'ff00::/8', '::/0', '2001:db8::/65');
const port = pick(
  '80',
  '443',
  '53',
  '22',
  '0',
  '65535',
  '49152',
  '8080',
  '646',
  '179',
  'domain',
  'ssh',
  'http',
);
const portRange = pick('80-443', '0-1023', '1024-65535', '53', '50-60');
const ipProtocol = pick('6', '17', '1', '58', '132', '0', '44', '\\tcp', '\\udp', '\\icmp', '300');
const etherType = pick(
  '0x0800',
  '0x86dd',
  '\\arp',
  '\\ip',
  '0x42',
  '0xfe',
  '1500',
  '1501',
  '0x8100',
  '\\ipx',
);

const protocol = pick(
  ...['ip', 'ip6', 'arp', 'rarp', 'tcp', 'udp', 'sctp', 'icmp', 'icmp6', 'igmp', 'pim', 'vrrp', 'ah', 'esp'],
  ...['stp', 'iso', 'ipx', 'atalk', 'aarp', 'isis', 'netbeui', 'lat', 'clnp', 'decnet'],
  ...['l1', 'l2', 'iih', 'lsp', 'snp', 'csnp', 'psnp'],
);

/** Operands that may follow the same qualifiers: "host a or b". */
const carried = (qualifiers: Text, operand: Text): Text =>
  fc.oneof(
    { weight: 5, arbitrary: joined(qualifiers, operand) },
    { weight: 1, arbitrary: joined(qualifiers, operand, pick('or', 'and', 'and not', 'or not'), operand) },
    { weight: 1, arbitrary: joined(qualifiers, pick('('), operand, pick('or', 'and'), operand, pick(')')) },
    { weight: 1, arbitrary: joined(qualifiers, pick('not'), operand) },
  );

const match: Text = fc.oneof(
  carried(joined(pick('', '', 'ip', 'arp', 'rarp'), direction, pick('host')), ip4),
  carried(joined(pick('', 'ip6'), direction, pick('host')), ip6),
  carried(joined(pick('', 'ip', 'arp'), direction, pick('net')), network),
  carried(joined(pick('', 'ip6'), direction, pick('net')), network6),
  carried(joined(pick('ether'), direction, pick('host')), ether),
  carried(joined(pick('', '', 'tcp', 'udp', 'sctp'), direction, pick('port')), port),
  carried(joined(pick('', 'tcp', 'udp'), direction, pick('portrange')), portRange),
  carried(joined(pick('ip', 'ip6', ''), pick('proto')), ipProtocol),
  carried(joined(pick('ether proto')), etherType),
  carried(joined(pick('decnet'), direction, pick('host')), pick('1.1', '10.15', '1')),
  carried(pick('isis proto', 'iso proto'), pick('15', '18', '0x83', '20')),
);

const number = pick(
  '0',
  '1',
  '2',
  '4',
  '5',
  '6',
  '0x0f',
  '0xf0',
  '13',
  '64',
  '010',
  '255',
  '0x1fff',
  '0x800',
  '0xffffffff',
  'tcp-syn',
);

const { relation } = fc.letrec<{ value: string; leaf: string; load: string; relation: string }>((tie) => ({
  leaf: fc.oneof(number, pick('len')),
  load: joined(
    pick('ether', 'ip', 'ip6', 'arp', 'icmp', 'icmp6', 'tcp', 'udp', 'sctp', 'ip', 'ether', 'tcp'),
    pick('['),
    fc.oneof({ maxDepth: 2, depthIdentifier: 'index' }, number, tie('value')),
    pick('', '', ':2', ':4', ':1'),
    pick(']'),
  ),
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    tie('leaf'),
    tie('load'),
    tie('load'),
    joined(tie('value'), pick('+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'), tie('value')),
    joined(pick('('), tie('value'), pick(')')),
    joined(pick('-'), tie('value')),
  ),
  relation: joined(tie('value'), pick('=', '==', '!=', '<', '<=', '>', '>='), tie('value')),
}));

const primitive: Text = fc.oneof(
  { weight: 4, arbitrary: match },
  { weight: 3, arbitrary: protocol },
  { weight: 3, arbitrary: relation },
  {
    weight: 1,
    arbitrary: pick(
      ...['broadcast', 'multicast', 'ip broadcast', 'ip multicast', 'ip6 multicast', 'ether multicast'],
      ...['less 64', 'greater 60', 'byte 12 = 8', 'byte 0 < 3'],
      ...['llc', 'llc u', 'llc s', 'llc ui', 'llc rnr', 'pppoed'],
      ...['ip protochain 6', 'ip6 protochain 17', 'protochain 6'],
    ),
  },
  {
    weight: 2,
    arbitrary: pick(
      ...['vlan', 'vlan 100', 'vlan 200', 'mpls', 'mpls 100', 'pppoes', 'pppoes 5'],
      ...['geneve', 'geneve', 'geneve 5'],
    ),
  },
);

/** A whole filter. Most compile; some are refused, by both compilers. */
export const filters: Text = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'filter' },
    primitive,
    primitive,
    joined(tie('filter'), pick('and', 'or', '&&', '||'), tie('filter')),
    joined(pick('not', '!'), tie('filter')),
    joined(pick('('), tie('filter'), pick(')')),
  ),
})).filter;
