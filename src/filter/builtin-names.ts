/**
 * The resolver that is always there: well-known services and protocols from the IANA registries "Service Name and
 * Transport Protocol Port Number" and "Assigned Internet Protocol Numbers". No names of hosts and networks.
 */
import type { Resolver, ServicePort } from './resolver.ts';

/** name: port, and t(cp), u(dp), s(ctp). */
const services: Readonly<Record<string, readonly [port: number, transports: string]>> = {
  echo: [7, 'tu'],
  discard: [9, 'tus'],
  daytime: [13, 'tu'],
  chargen: [19, 'tu'],
  'ftp-data': [20, 't'],
  ftp: [21, 't'],
  ssh: [22, 't'],
  telnet: [23, 't'],
  smtp: [25, 't'],
  time: [37, 'tu'],
  whois: [43, 't'],
  tacacs: [49, 'tu'],
  domain: [53, 'tu'],
  bootps: [67, 'u'],
  bootpc: [68, 'u'],
  tftp: [69, 'u'],
  gopher: [70, 't'],
  finger: [79, 't'],
  http: [80, 't'],
  kerberos: [88, 'tu'],
  pop3: [110, 't'],
  sunrpc: [111, 'tu'],
  nntp: [119, 't'],
  ntp: [123, 'u'],
  'netbios-ns': [137, 'u'],
  'netbios-dgm': [138, 'u'],
  'netbios-ssn': [139, 't'],
  imap2: [143, 't'],
  snmp: [161, 'tu'],
  'snmp-trap': [162, 'tu'],
  bgp: [179, 't'],
  irc: [194, 'tu'],
  ldap: [389, 'tu'],
  https: [443, 'tu'],
  'microsoft-ds': [445, 'tu'],
  submissions: [465, 't'],
  isakmp: [500, 'u'],
  login: [513, 't'],
  shell: [514, 't'],
  syslog: [514, 'u'],
  printer: [515, 't'],
  route: [520, 'u'],
  submission: [587, 't'],
  ipp: [631, 't'],
  ldaps: [636, 'tu'],
  rsync: [873, 't'],
  imaps: [993, 't'],
  pop3s: [995, 't'],
  socks: [1080, 't'],
  openvpn: [1194, 'tu'],
  radius: [1812, 'tu'],
  'radius-acct': [1813, 'tu'],
  nfs: [2049, 'tu'],
  'iscsi-target': [3260, 't'],
  mysql: [3306, 't'],
  'ms-wbt-server': [3389, 't'],
  'ipsec-nat-t': [4500, 'u'],
  sip: [5060, 'tu'],
  'sip-tls': [5061, 'tu'],
  mdns: [5353, 'u'],
  postgresql: [5432, 't'],
  amqp: [5672, 'tus'],
  x11: [6000, 't'],
  redis: [6379, 't'],
  'http-alt': [8080, 'tu'],
};

const protocols: Readonly<Record<string, number>> = {
  ip: 0,
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ipencap: 4,
  tcp: 6,
  egp: 8,
  igp: 9,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  eigrp: 88,
  ospf: 89,
  ipip: 94,
  etherip: 97,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  isis: 124,
  sctp: 132,
  fc: 133,
  udplite: 136,
  'mpls-in-ip': 137,
};

const transports: Readonly<Record<string, string>> = { t: 'tcp', u: 'udp', s: 'sctp' };

export const builtinNames: Resolver = {
  service(name: string): readonly ServicePort[] {
    if (!Object.hasOwn(services, name)) return [];
    const [port, letters] = services[name]!;
    return [...letters].map((letter) => ({ port, protocol: transports[letter]! }));
  },
  protocol(name: string): number | undefined {
    return Object.hasOwn(protocols, name) ? protocols[name] : undefined;
  },
  addresses(): readonly string[] {
    return [];
  },
  network(): undefined {
    return undefined;
  },
  etherAddress(): undefined {
    return undefined;
  },
  known(kind: 'service' | 'protocol'): readonly string[] {
    return Object.keys(kind === 'service' ? services : protocols);
  },
};
