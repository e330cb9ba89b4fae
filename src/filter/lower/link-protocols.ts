/** What a link header says of its payload: EtherTypes (IEEE 802.3) and LLC service access points (IEEE 802.2). */

/** The largest value of Ethernet's type field that is a length. */
export const ETHERMTU = 1500;

export const ETHERTYPE_NS = 0x0600;
export const ETHERTYPE_IP = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_MOPDL = 0x6001;
export const ETHERTYPE_MOPRC = 0x6002;
export const ETHERTYPE_DN = 0x6003;
export const ETHERTYPE_LAT = 0x6004;
export const ETHERTYPE_SCA = 0x6007;
/** Transparent Ethernet Bridging (RFC 1701): a whole frame follows. */
export const ETHERTYPE_TEB = 0x6558;
export const ETHERTYPE_REVARP = 0x8035;
export const ETHERTYPE_ATALK = 0x809b;
export const ETHERTYPE_AARP = 0x80f3;
export const ETHERTYPE_8021Q = 0x8100;
export const ETHERTYPE_IPX = 0x8137;
export const ETHERTYPE_IPV6 = 0x86dd;
export const ETHERTYPE_MPLS = 0x8847;
export const ETHERTYPE_PPPOED = 0x8863;
export const ETHERTYPE_PPPOES = 0x8864;
export const ETHERTYPE_8021AD = 0x88a8;
export const ETHERTYPE_LOOPBACK = 0x9000;
/** The tag of 802.1QinQ before it had a number of its own. */
export const ETHERTYPE_8021QINQ = 0x9100;

export const LLCSAP_IP = 0x06;
export const LLCSAP_8021D = 0x42;
export const LLCSAP_IPX = 0xe0;
export const LLCSAP_NETBEUI = 0xf0;
export const LLCSAP_ISONS = 0xfe;
