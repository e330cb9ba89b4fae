/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The comment that --meta adds to a packet: `mark=0x2a ptype=ipv4/tcp(0x111) rx=ip_good,l4_good,vlan_stripped
 * segs=3`. Written with no library call: it runs on the data path. Every part has a bound, and the sum
 * of the bounds is below BLOCK_MAX_COMMENT.
 */
#include <rte_mbuf_ptype.h>

#include "block.h"

static char *put_text(char *to, const char *text)
{
	while (*text != '\0')
		*to++ = *text++;
	return to;
}

static char *put_hex(char *to, uint32_t value)
{
	int shift = 28;

	to = put_text(to, "0x");
	while (shift > 0 && (value >> shift) == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[(value >> shift) & 15];
	return to;
}

static char *put_decimal(char *to, uint32_t value)
{
	if (value >= 10)
		to = put_decimal(to, value / 10);
	*to++ = (char)('0' + value % 10);
	return to;
}

static char *put_packet_type(char *to, uint32_t type)
{
	static const char *const l3[16] = {
		[RTE_PTYPE_L3_IPV4 >> 4] = "ipv4",	       [RTE_PTYPE_L3_IPV4_EXT >> 4] = "ipv4",
		[RTE_PTYPE_L3_IPV4_EXT_UNKNOWN >> 4] = "ipv4", [RTE_PTYPE_L3_IPV6 >> 4] = "ipv6",
		[RTE_PTYPE_L3_IPV6_EXT >> 4] = "ipv6",	       [RTE_PTYPE_L3_IPV6_EXT_UNKNOWN >> 4] = "ipv6",
	};
	static const char *const l4[16] = {
		[RTE_PTYPE_L4_TCP >> 8] = "/tcp",   [RTE_PTYPE_L4_UDP >> 8] = "/udp",
		[RTE_PTYPE_L4_FRAG >> 8] = "/frag", [RTE_PTYPE_L4_SCTP >> 8] = "/sctp",
		[RTE_PTYPE_L4_ICMP >> 8] = "/icmp",
	};
	const char *network = l3[(type & RTE_PTYPE_L3_MASK) >> 4];
	const char *transport = l4[(type & RTE_PTYPE_L4_MASK) >> 8];

	to = put_text(to, "ptype=");
	if (network != NULL) {
		to = put_text(to, network);
		to = put_text(to, transport != NULL ? transport : "");
		*to++ = '(';
		to = put_hex(to, type);
		*to++ = ')';
		return to;
	}
	return put_hex(to, type);
}

struct flag {
	uint64_t mask;
	uint64_t value;
	const char *name;
};

#define FLAG(bits, text) { bits, bits, text }

static const struct flag rx_flags[] = {
	{ RTE_MBUF_F_RX_IP_CKSUM_MASK, RTE_MBUF_F_RX_IP_CKSUM_GOOD, "ip_good" },
	{ RTE_MBUF_F_RX_IP_CKSUM_MASK, RTE_MBUF_F_RX_IP_CKSUM_BAD, "ip_bad" },
	{ RTE_MBUF_F_RX_L4_CKSUM_MASK, RTE_MBUF_F_RX_L4_CKSUM_GOOD, "l4_good" },
	{ RTE_MBUF_F_RX_L4_CKSUM_MASK, RTE_MBUF_F_RX_L4_CKSUM_BAD, "l4_bad" },
	FLAG(RTE_MBUF_F_RX_VLAN_STRIPPED, "vlan_stripped"),
	FLAG(RTE_MBUF_F_RX_QINQ_STRIPPED, "qinq_stripped"),
	FLAG(RTE_MBUF_F_RX_LRO, "lro"),
	FLAG(RTE_MBUF_F_RX_IEEE1588_TMST, "ptp"),
};

static const struct flag tx_flags[] = {
	FLAG(RTE_MBUF_F_TX_IP_CKSUM, "ip_cksum"),
	{ RTE_MBUF_F_TX_L4_MASK, RTE_MBUF_F_TX_TCP_CKSUM, "tcp_cksum" },
	{ RTE_MBUF_F_TX_L4_MASK, RTE_MBUF_F_TX_UDP_CKSUM, "udp_cksum" },
	{ RTE_MBUF_F_TX_L4_MASK, RTE_MBUF_F_TX_SCTP_CKSUM, "sctp_cksum" },
	FLAG(RTE_MBUF_F_TX_TCP_SEG, "tso"),
	FLAG(RTE_MBUF_F_TX_UDP_SEG, "uso"),
	FLAG(RTE_MBUF_F_TX_VLAN, "vlan_insert"),
	FLAG(RTE_MBUF_F_TX_QINQ, "qinq_insert"),
};

static char *put_flags(char *to, uint64_t ol_flags, const char *side, const struct flag *flags, size_t count)
{
	const char *before = side;

	for (size_t i = 0; i < count; i++) {
		if ((ol_flags & flags[i].mask) != flags[i].value)
			continue;
		to = put_text(to, before);
		to = put_text(to, flags[i].name);
		before = ",";
	}
	return to;
}

uint32_t block_comment(char *to, const struct rte_mbuf *mbuf, uint32_t direction)
{
	char *start = to;

	if (direction == HONE_DIRECTION_IN && (mbuf->ol_flags & RTE_MBUF_F_RX_FDIR_ID)) {
		to = put_text(to, "mark=");
		to = put_hex(to, mbuf->hash.fdir.hi);
		*to++ = ' ';
	}
	to = put_packet_type(to, mbuf->packet_type);
	if (direction == HONE_DIRECTION_IN)
		to = put_flags(to, mbuf->ol_flags, " rx=", rx_flags, RTE_DIM(rx_flags));
	else
		to = put_flags(to, mbuf->ol_flags, " tx=", tx_flags, RTE_DIM(tx_flags));
	to = put_text(to, " segs=");
	to = put_decimal(to, mbuf->nb_segs);
	return (uint32_t)(to - start);
}
