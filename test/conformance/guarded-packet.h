/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of random bytes in mbufs whose segments end where a page begins that nobody may touch, or a little before. Each harness
 * that includes this has a `packets` of its own; the randomness is that of rand(3).
 */
#ifndef HONE_GUARDED_PACKET_H
#define HONE_GUARDED_PACKET_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_mbuf.h>

#define GUARD_PAGE 4096
#define GUARDED_LONGEST 1600
#define GUARDED_MOST_SEGMENTS 5

struct guarded_packet {
	struct rte_mbuf segments[GUARDED_MOST_SEGMENTS];
	uint8_t *areas[GUARDED_MOST_SEGMENTS]; /* of two pages each; NULL: none yet */
	uint8_t bytes[GUARDED_LONGEST];	       /* of all segments */
	uint32_t length;
};

static inline uint32_t below(uint32_t bound)
{
	return (uint32_t)rand() % bound;
}

/* `tail` bytes of the buffer lie behind the data. */
static inline void guarded_segment(struct rte_mbuf *mbuf, uint8_t **area, const uint8_t *bytes, uint32_t length, uint32_t tail)
{
	uint32_t headroom = below(129);

	if (*area == NULL) {
		*area = mmap(NULL, 2 * GUARD_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		mprotect(*area + GUARD_PAGE, GUARD_PAGE, PROT_NONE);
	}
	memset(mbuf, 0, sizeof(*mbuf));
	mbuf->data_off = (uint16_t)headroom;
	mbuf->data_len = (uint16_t)length;
	mbuf->buf_len = (uint16_t)(headroom + length + tail);
	mbuf->buf_addr = *area + GUARD_PAGE - mbuf->buf_len;
	memset(mbuf->buf_addr, 0x55, mbuf->buf_len);
	memcpy((uint8_t *)mbuf->buf_addr + headroom, bytes, length);
}

/* Any bytes, in segments of any lengths. longest_tail: see guarded_segment(); half of the segments have none. */
static inline void guarded_packet_make(struct guarded_packet *packet, uint32_t length, uint32_t nb_segments,
				       uint32_t longest_tail)
{
	uint32_t at = 0;

	packet->length = length;
	for (uint32_t i = 0; i < length; i++)
		packet->bytes[i] = (uint8_t)rand();
	for (uint32_t i = 0; i < nb_segments; i++) {
		uint32_t left = length - at;
		uint32_t part = i + 1 == nb_segments ? left : below(left + 1);

		guarded_segment(&packet->segments[i], &packet->areas[i], packet->bytes + at, part,
				longest_tail == 0 || below(2) == 0 ? 0 : below(longest_tail + 1));
		if (i != 0)
			packet->segments[i - 1].next = &packet->segments[i];
		at += part;
	}
	packet->segments[0].pkt_len = length;
	packet->segments[0].nb_segs = (uint16_t)nb_segments;
}

#endif
