/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keeps the first packets between any two IPv4 hosts, and counts the bytes of all of them. It needs maps, and so runs on
 * recorded files.
 *
 *	clang -g -O2 -target bpf -mcpu=v3 -I native/agent/include -c examples/filter/first-packets.c -o first-packets.o
 *	hone read trace.pcapng --bpf first-packets.o
 */
#include <hone/packet.h>

#define KEPT 3

struct pair {
	__u32 source;
	__u32 destination;
};

struct {
	__uint(type, HONE_MAP_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct pair);
	__type(value, __u64);
} packets SEC(".maps");

__u64 other_packets;
__u64 ip_bytes;

SEC("filter") int first_packets(struct hone_packet *packet)
{
	if (load_half(packet, 12) != 0x0800) {
		other_packets++;
		return 0;
	}
	ip_bytes += packet->pkt_len;

	struct pair pair = { load_word(packet, 26), load_word(packet, 30) };
	__u64 *count = map_lookup(&packets, &pair);
	if (count) {
		*count += 1;
		return *count <= KEPT;
	}

	__u64 one = 1;
	map_update(&packets, &pair, &one, HONE_ANY);
	return 1;
}

char _license[] SEC("license") = "BSD";
