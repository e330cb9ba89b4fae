/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For filter programs in C that hone runs: beside the packets of a DPDK application (hone capture --bpf), on a replay,
 * and on recorded files (hone read --bpf). One object runs on all of them. Build it with
 *
 *	clang -g -O2 -target bpf -mcpu=v3 -I native/agent/include -c FILE.c -o FILE.o
 *
 *	#include <hone/packet.h>
 *
 *	SEC("filter") int dns(struct hone_packet *packet)
 *	{
 *		return load_half(packet, 12) == 0x0800 && load_byte(packet, 23) == 17 &&
 *		       load_half(packet, 36) == 53;
 *	}
 *
 * A program returns 0 to drop the packet and anything else to keep it. docs/programs.md says what runs where.
 */
#ifndef HONE_PACKET_H
#define HONE_PACKET_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;

/* The section of a function makes it a program, that of a variable what it is for: "filter", ".maps", "license". */
#define SEC(name) __attribute__((section(name), used))

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/*
 * What is known of the packet besides its bytes. The fields lie where struct rte_mbuf of DPDK 22.11 to 26.07 has them, in
 * host byte order; those that are called reserved cannot be read. On recorded files only pkt_len, data_len, port (the
 * number of the interface) and hash_rss say something, the others are 0.
 */
struct hone_packet {
	__u64 reserved0[2];
	__u32 reserved1;
	__u16 nb_segs;	      /* segments that the packet lies in */
	__u16 port;
	__u64 ol_flags;	      /* what the adapter found or shall do: HONE_RX_* */
	__u32 packet_type;    /* RTE_PTYPE_* */
	__u32 pkt_len;	      /* the whole length in memory; off the agent the length on the wire */
	__u16 data_len;	      /* the length of the first segment; off the agent what was captured, at most 65535 */
	__u16 vlan_tci;	      /* the tag that the adapter took off */
	__u32 hash_rss;
	__u32 hash_fdir_hi;   /* the mark of the flow rule that matched */
	__u16 vlan_tci_outer;
	__u8 reserved2[10];
};

_Static_assert(__builtin_offsetof(struct hone_packet, nb_segs) == 20, "rte_mbuf.nb_segs");
_Static_assert(__builtin_offsetof(struct hone_packet, ol_flags) == 24, "rte_mbuf.ol_flags");
_Static_assert(__builtin_offsetof(struct hone_packet, vlan_tci_outer) == 52, "rte_mbuf.vlan_tci_outer");
_Static_assert(sizeof(struct hone_packet) == 64, "struct hone_packet");

/* Bits of ol_flags of received packets, RTE_MBUF_F_RX_* in DPDK. */
#define HONE_RX_RSS_HASH (1ULL << 1)	   /* hash_rss is set */
#define HONE_RX_VLAN_STRIPPED (1ULL << 6)  /* vlan_tci is set, and the tag is not in the bytes */
#define HONE_RX_FDIR_ID (1ULL << 13)	   /* hash_fdir_hi is set */
#define HONE_RX_QINQ_STRIPPED (1ULL << 15) /* vlan_tci_outer is set, and that tag is not in the bytes */

/*
 * Bytes of the packet at an offset from its first, a half (2) and a word (4) in network byte order made a number. A load
 * beyond the end drops the packet: the program ends there.
 */
unsigned long long load_byte(void *packet, unsigned long long offset) __asm__("llvm.bpf.load.byte");
unsigned long long load_half(void *packet, unsigned long long offset) __asm__("llvm.bpf.load.half");
unsigned long long load_word(void *packet, unsigned long long offset) __asm__("llvm.bpf.load.word");

/*
 * Maps keep what a program counts, and are printed at the end. They exist on recorded files; the agent has none.
 *
 *	struct {
 *		__uint(type, HONE_MAP_HASH);
 *		__uint(max_entries, 1024);
 *		__type(key, __u32);
 *		__type(value, __u64);
 *	} packets SEC(".maps");
 */
#define __uint(name, number) int (*name)[number]
#define __type(name, type) __typeof__(type) *name

/* BPF_MAP_TYPE_* of <linux/bpf.h>. The ring buffer has no key and no value, and max_entries bytes. */
#define HONE_MAP_HASH 1
#define HONE_MAP_ARRAY 2
#define HONE_MAP_PERCPU_HASH 5
#define HONE_MAP_PERCPU_ARRAY 6
#define HONE_MAP_LRU_HASH 9
#define HONE_MAP_LRU_PERCPU_HASH 10
#define HONE_MAP_LPM_TRIE 11
#define HONE_MAP_RINGBUF 27

/* How to update: anything, new entries only, entries that exist only. */
#define HONE_ANY 0
#define HONE_NOEXIST 1
#define HONE_EXIST 2

/* The helpers, by their numbers in <linux/bpf.h>; they return what the kernel's return: 0, or an error below 0. */
static void *(*map_lookup)(void *map, const void *key) __attribute__((unused)) = (void *)1;
static long (*map_update)(void *map, const void *key, const void *value, __u64 how) __attribute__((unused)) = (void *)2;
static long (*map_delete)(void *map, const void *key) __attribute__((unused)) = (void *)3;
/* The time of the packet, in nanoseconds since 1970. */
static __u64 (*time_ns)(void) __attribute__((unused)) = (void *)5;
static __u32 (*random_u32)(void) __attribute__((unused)) = (void *)7;
static long (*ring_output)(void *ring, const void *data, __u64 size, __u64 flags) __attribute__((unused)) = (void *)130;
static void *(*ring_reserve)(void *ring, __u64 size, __u64 flags) __attribute__((unused)) = (void *)131;
static void (*ring_submit)(void *record, __u64 flags) __attribute__((unused)) = (void *)132;
static void (*ring_discard)(void *record, __u64 flags) __attribute__((unused)) = (void *)133;

#endif
