/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One packet as a finished pcapng Enhanced Packet Block (draft-ietf-opsawg-pcapng, 4.3), little-endian:
 *
 *    0  type 6 | length | interface | time high | time low | captured | original
 *   28  packet data, padded with zeros to 4 bytes
 *       epb_flags (2), epb_queue (6), [epb_hash (3)], [epb_dropcount (4)], [opt_comment (1)], epb_packetid (5),
 *       opt_endofopt | length again
 *
 * VLAN tags that the adapter stripped, or will insert, are put back: the block holds the frame of the wire.
 */
#ifndef HONE_BLOCK_H
#define HONE_BLOCK_H

#include <string.h>

#include <rte_byteorder.h>
#include <rte_mbuf.h>

#include <hone/abi.h>

#define BLOCK_HEADER 28
#define BLOCK_FIXED_OPTIONS (8 + 8 + 12 + 4) /* flags, queue, packetid, endofopt */
#define BLOCK_TRAILER 4
#define BLOCK_HASH_OPTION 12
#define BLOCK_MAX_COMMENT 192

/* The same in each block of a hook. */
struct block_source {
	uint32_t flags_option[2]; /* epb_flags: direction */
	uint32_t queue_option[2];
};

struct block_tags {
	uint32_t count; /* 0 to 2 */
	uint8_t bytes[8];
};

/* A packet of which not everything is plain. */
struct block_packet {
	const struct rte_mbuf *mbuf;
	uint64_t timestamp_ns;
	uint64_t packet_id;
	uint64_t lost; /* packets since the one before, 0: none */
	uint32_t captured;
	uint32_t original;
	bool has_hash;
	struct block_tags tags;
	uint32_t comment_length;
	char comment[BLOCK_MAX_COMMENT];
};

static inline uint32_t block_option(uint16_t code, uint16_t length)
{
	return code | (uint32_t)length << 16;
}

static inline struct block_source block_source(uint32_t direction, uint16_t queue)
{
	return (struct block_source){
		.flags_option = { block_option(2, 4), direction },
		.queue_option = { block_option(6, 4), queue },
	};
}

static inline uint32_t block_pad(uint32_t bytes)
{
	return (bytes + 3) & ~3u;
}

/* Of a block without dropcount and comment. */
static inline uint32_t block_plain_length(uint32_t captured, bool has_hash)
{
	return BLOCK_HEADER + block_pad(captured) + (has_hash ? BLOCK_HASH_OPTION : 0) + BLOCK_FIXED_OPTIONS +
	       BLOCK_TRAILER;
}

uint32_t block_length(const struct block_packet *packet);

/*
 * Copies without a call for what most packets are: whole vectors, of which the last may overlap the one before. Never
 * reads a byte outside [from, from + bytes): the end of an mbuf's buffer may be the end of a mapping.
 */
static inline void block_copy(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
	if (unlikely(bytes < 16 || bytes > 512)) {
		memcpy(to, from, bytes);
	} else if (bytes < 64) {
		for (uint32_t at = 0; at + 16 < bytes; at += 16)
			memcpy(to + at, from + at, 16);
		memcpy(to + bytes - 16, from + bytes - 16, 16);
	} else {
		for (uint32_t at = 0; at + 64 < bytes; at += 64)
			memcpy(to + at, from + at, 64);
		memcpy(to + bytes - 64, from + bytes - 64, 64);
	}
}

/* In ol_flags: an outer tag, from QinQ, that is not in the frame; an inner one, or the only one. */
static inline uint64_t block_outer_flag(uint32_t direction)
{
	return direction == HONE_DIRECTION_IN ? RTE_MBUF_F_RX_QINQ_STRIPPED : RTE_MBUF_F_TX_QINQ;
}

static inline uint64_t block_inner_flag(uint32_t direction)
{
	return direction == HONE_DIRECTION_IN ? RTE_MBUF_F_RX_VLAN_STRIPPED : RTE_MBUF_F_TX_VLAN;
}

/* A packet with any of them has tags beside it. */
static inline uint64_t block_tag_flags(uint32_t direction)
{
	return block_outer_flag(direction) | block_inner_flag(direction);
}

/* hash.rss is set; only received packets have one. */
static inline uint64_t block_hash_flag(uint32_t direction)
{
	return direction == HONE_DIRECTION_IN ? RTE_MBUF_F_RX_RSS_HASH : 0;
}

/* Adapter's and driver's tags: what has to be put back at offset 12, in network byte order. */
struct block_tags block_tags(const struct rte_mbuf *mbuf, uint32_t direction);

static inline void block_put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline void block_put64(uint8_t *to, uint32_t low, uint32_t high)
{
	uint64_t value = low | (uint64_t)high << 32;

	memcpy(to, &value, sizeof(value));
}

/* Four fields at once. */
typedef uint32_t block_words __attribute__((vector_size(16)));

/* The same in each block of a burst. */
struct block_burst {
	struct block_source source;
	block_words front; /* type | - | interface | time high */
	block_words sizes; /* time low | - | - | - */
};

static inline struct block_burst block_burst(const struct block_source *source, uint32_t interface, uint64_t timestamp_ns)
{
	return (struct block_burst){
		.source = *source,
		.front = { 6, 0, interface, (uint32_t)(timestamp_ns >> 32) },
		.sizes = { (uint32_t)timestamp_ns },
	};
}

/*
 * The place of the packet's data. What the burst's blocks share is written first and the lengths over it, which is less work than to put
 * them into the vectors. Four bytes of the data are written, too: every block has more behind its header.
 */
static inline uint8_t *block_put_header(uint8_t *to, uint32_t length, const struct block_burst *burst, uint32_t captured,
					uint32_t original)
{
	memcpy(to, &burst->front, sizeof(burst->front));
	memcpy(to + sizeof(burst->front), &burst->sizes, sizeof(burst->sizes));
	block_put32(to + 4, length);
	block_put32(to + 20, captured);
	block_put32(to + 24, original);
	return to + BLOCK_HEADER;
}

/* epb_flags, epb_queue, and epb_hash where there is one; the place behind them. */
static inline uint8_t *block_put_source(uint8_t *to, const struct block_source *source, const struct rte_mbuf *mbuf,
					bool has_hash)
{
	memcpy(to, source, sizeof(*source));
	to += sizeof(*source);
	if (has_hash) {
		uint32_t rss = mbuf->hash.rss;

		/* Algorithm 5 is Toeplitz; five bytes and three of padding. */
		block_put64(to, block_option(3, 5), 5 | rss << 8);
		block_put32(to + 8, rss >> 24);
		to += BLOCK_HASH_OPTION;
	}
	return to;
}

/* epb_packetid, opt_endofopt, and the length again. */
static inline void block_put_end(uint8_t *to, uint64_t packet_id, uint32_t length)
{
	block_put32(to, block_option(5, 8));
	memcpy(to + 4, &packet_id, sizeof(packet_id));
	block_put64(to + 12, 0, length);
}

/*
 * The block of a packet whose first segment has all that is captured and that has nothing rare: `length` bytes, which
 * block_plain_length() told. Stores go straight to their place, and all it needs stays in registers: what is read of the mbuf is read
 * before the first store, behind which the compiler would have to read it again. `to` is aligned to 4.
 */
static inline void block_write_plain(uint8_t *to, uint32_t length, const struct block_burst *burst, uint64_t packet_id,
				     const struct rte_mbuf *mbuf, uint32_t captured, uint32_t original, bool has_hash)
{
	const uint8_t *data = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	uint32_t padded = block_pad(captured);

	to = block_put_header(to, length, burst, captured, original);
	if (padded != captured)
		block_put32(to + padded - 4, 0);
	block_copy(to, data, captured);
	block_put_end(block_put_source(to + padded, &burst->source, mbuf, has_hash), packet_id, length);
}

/* Writes block_length() bytes at `to`: gathers segments, inserts tags, cuts at packet->captured. */
void block_write(uint8_t *to, const struct block_source *source, uint32_t interface,
		 const struct block_packet *packet);

/* --meta: what pcapng has no field for, as text; the length, at most BLOCK_MAX_COMMENT. */
uint32_t block_comment(char *to, const struct rte_mbuf *mbuf, uint32_t direction);

#endif
