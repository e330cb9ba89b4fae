/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keeps TCP connections that begin with a small maximum segment size, a sign of a tunnel on the way. The option may stand
 * anywhere among the options, which the filter language cannot say. Runs everywhere.
 *
 *	clang -g -O2 -target bpf -mcpu=v3 -I native/agent/include -c examples/filter/small-mss.c -o small-mss.o
 *	hone capture -i 0 --bpf small-mss.o
 */
#include <hone/packet.h>

#define SMALL 1400
#define IP 14
#define SYN 0x02
#define MOST_OPTIONS 8

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2 };

SEC("filter") int small_mss(struct hone_packet *packet)
{
	if (load_half(packet, 12) != 0x0800 || load_byte(packet, IP + 9) != 6)
		return 0;
	if ((load_half(packet, IP + 6) & 0x1fff) != 0)
		return 0;

	__u32 tcp = IP + (load_byte(packet, IP) & 0x0f) * 4;
	if ((load_byte(packet, tcp + 13) & SYN) == 0)
		return 0;

	__u32 end = tcp + (load_byte(packet, tcp + 12) >> 4) * 4;
	__u32 option = tcp + 20;

	/* Programs beside packets have no loops: this one is unrolled. */
#pragma unroll
	for (int n = 0; n < MOST_OPTIONS; n++) {
		if (option >= end)
			return 0;
		__u32 kind = load_byte(packet, option);
		if (kind == OPTION_END)
			return 0;
		if (kind == OPTION_MSS)
			return load_half(packet, option + 2) < SMALL;
		option += kind == OPTION_NOP ? 1 : load_byte(packet, option + 1);
	}
	return 0;
}
