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
#define BLOCK_MAX_COMMENT 192

struct block_head {
	uint32_t type;
	uint32_t length;
	uint32_t interface;
	uint32_t time_high;
	uint32_t time_low;
	uint32_t captured;
	uint32_t original;
};

/* The same in each block of a hook. */
struct block_source {
	uint32_t flags_option[2]; /* epb_flags: direction */
	uint32_t queue_option[2];
};

struct block_tags {
	uint32_t count; /* 0 to 2 */
	uint8_t bytes[8];
};

struct block_packet {
	struct rte_mbuf *mbuf;
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

static inline uint32_t block_length(const struct block_packet *packet)
{
	return BLOCK_HEADER + block_pad(packet->captured) + BLOCK_FIXED_OPTIONS + BLOCK_TRAILER +
	       (packet->has_hash ? 12 : 0) + (packet->lost != 0 ? 12 : 0) +
	       (packet->comment_length != 0 ? 4 + block_pad(packet->comment_length) : 0);
}

/*
 * Copies without a call for what most packets are. Never reads a byte outside [from, from + bytes): the end
 * of an mbuf's buffer may be the end of a mapping.
 */
static inline void block_copy(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
	uint32_t at;

	if (unlikely(bytes < 16 || bytes > 512)) {
		memcpy(to, from, bytes);
		return;
	}
	for (at = 0; at + 16 <= bytes; at += 16)
		memcpy(to + at, from + at, 16);
	memcpy(to + bytes - 16, from + bytes - 16, 16);
}

/* Adapter's and driver's tags: what has to be put back at offset 12, in network byte order. */
struct block_tags block_tags(const struct rte_mbuf *mbuf, uint32_t direction);

/* Gathers segments, inserts tags, cuts at packet->captured. */
void block_gather(uint8_t *to, const struct block_packet *packet);

static inline uint8_t *block_put(uint8_t *to, const void *words, uint32_t bytes)
{
	memcpy(to, words, bytes);
	return to + bytes;
}

/* Writes block_length() bytes at `to`, which is aligned to 4. */
static inline void block_write(uint8_t *to, const struct block_source *source, uint32_t interface,
			       const struct block_packet *packet)
{
	const struct rte_mbuf *mbuf = packet->mbuf;
	uint32_t length = block_length(packet);
	struct block_head head = {
		.type = 6,
		.length = length,
		.interface = interface,
		.time_high = (uint32_t)(packet->timestamp_ns >> 32),
		.time_low = (uint32_t)packet->timestamp_ns,
		.captured = packet->captured,
		.original = packet->original,
	};
	const uint32_t id_and_end[4] = {
		block_option(5, 8),
		(uint32_t)packet->packet_id,
		(uint32_t)(packet->packet_id >> 32),
		0,
	};
	uint32_t padded = block_pad(packet->captured);

	to = block_put(to, &head, sizeof(head));
	if (padded != packet->captured)
		memset(to + padded - 4, 0, 4);
	if (likely(packet->tags.count == 0 && packet->captured <= mbuf->data_len))
		block_copy(to, rte_pktmbuf_mtod(mbuf, const uint8_t *), packet->captured);
	else
		block_gather(to, packet);
	to = block_put(to + padded, source, sizeof(*source));
	if (packet->has_hash) {
		uint32_t rss = mbuf->hash.rss;
		/* Algorithm 5 is Toeplitz; five bytes and three of padding. */
		const uint32_t hash[3] = { block_option(3, 5), 5 | rss << 8, rss >> 24 };

		to = block_put(to, hash, sizeof(hash));
	}
	if (unlikely(packet->lost != 0)) {
		const uint32_t dropcount[3] = { block_option(4, 8), (uint32_t)packet->lost,
						(uint32_t)(packet->lost >> 32) };

		to = block_put(to, dropcount, sizeof(dropcount));
	}
	if (unlikely(packet->comment_length != 0)) {
		uint32_t code = block_option(1, (uint16_t)packet->comment_length);

		to = block_put(to, &code, sizeof(code));
		memset(to + block_pad(packet->comment_length) - 4, 0, 4);
		memcpy(to, packet->comment, packet->comment_length);
		to += block_pad(packet->comment_length);
	}
	to = block_put(to, id_and_end, sizeof(id_and_end));
	block_put(to, &length, sizeof(length));
}

/* --meta: what pcapng has no field for, as text; the length, at most BLOCK_MAX_COMMENT. */
uint32_t block_comment(char *to, const struct rte_mbuf *mbuf, uint32_t direction);

#endif
