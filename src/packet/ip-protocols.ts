/** The IP protocol numbers that are taken apart here (IANA, "Protocol Numbers"). */
export const IP_PROTOCOLS = {
  HopByHop: 0,
  ICMP: 1,
  IGMP: 2,
  IPv4: 4,
  TCP: 6,
  UDP: 17,
  IPv6: 41,
  Routing: 43,
  Fragment: 44,
  GRE: 47,
  ESP: 50,
  AH: 51,
  ICMPv6: 58,
  NoNextHeader: 59,
  DestinationOptions: 60,
  SCTP: 132,
} as const;
