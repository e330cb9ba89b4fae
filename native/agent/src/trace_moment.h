/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One call of a gate: what happened, and how programs and records are told of it.
 */
#ifndef HONE_TRACE_MOMENT_H
#define HONE_TRACE_MOMENT_H

#include <string.h>

#include <rte_cycles.h>

#include "agent.h"

#define TRACE_COPY_BYTES 32
#define TRACE_TEXT_BYTES 64
#define TRACE_MAX_TEXTS (HONE_MAX_TRACE_PACKET / TRACE_TEXT_BYTES)

#define TRACE_BIT(argument) (1u << (argument))
#define TRACE_OF_EACH_PACKET (~(TRACE_BIT(PORT) | TRACE_BIT(QUEUE)))

struct trace_moment {
	struct rte_mbuf **packets;
	uint16_t count;
	uint16_t max;
	uint32_t direction;
	uint64_t first_packet_id;
	const uint64_t *args; /* of a point that has no packets; a text's is its address */
	uint32_t nb_args;
	uint32_t texts;
	uint64_t ns; /* 0: not yet read */
	uint64_t captured_ns; /* of the packets in captures; 0: in none */
};

/* Read once a call, when it is first needed. */
static inline uint64_t trace_time(struct trace_moment *moment)
{
	if (moment->ns == 0)
		moment->ns = clock_ns(&agent.clock, rte_rdtsc());
	return moment->ns;
}

static inline void trace_fill_burst(uint64_t args[NB_BURST_ARGUMENTS], const struct trace_at *at,
				    const struct trace_moment *moment)
{
	args[PORT] = at->port_id;
	args[QUEUE] = at->queue_id;
	args[NB_PACKETS] = moment->count;
	args[MAX_PACKETS] = moment->max;
	args[FIRST_PACKET_ID] = moment->first_packet_id;
}

#define TRACE_OFTEN_USED \
	(TRACE_BIT(LEN) | TRACE_BIT(HASH) | TRACE_BIT(INDEX) | TRACE_BIT(PACKET_ID) | TRACE_BIT(MBUF))

static inline void trace_fill_rest(uint64_t *args, uint32_t used, const struct rte_mbuf *mbuf, bool in)
{
	const uint64_t flags = mbuf->ol_flags;

	if (used & TRACE_BIT(DATA_LEN))
		args[DATA_LEN] = mbuf->data_len;
	if (used & TRACE_BIT(NB_SEGS))
		args[NB_SEGS] = mbuf->nb_segs;
	if (used & TRACE_BIT(OL_FLAGS))
		args[OL_FLAGS] = flags;
	if (used & TRACE_BIT(MARK))
		args[MARK] = in && (flags & RTE_MBUF_F_RX_FDIR_ID) ? mbuf->hash.fdir.hi : 0;
	if (used & TRACE_BIT(PACKET_TYPE))
		args[PACKET_TYPE] = mbuf->packet_type;
	if (used & TRACE_BIT(VLAN_TCI))
		args[VLAN_TCI] = flags & (in ? RTE_MBUF_F_RX_VLAN_STRIPPED : RTE_MBUF_F_TX_VLAN) ? mbuf->vlan_tci : 0;
	if (used & TRACE_BIT(VLAN_TCI_OUTER))
		args[VLAN_TCI_OUTER] =
			flags & (in ? RTE_MBUF_F_RX_QINQ_STRIPPED : RTE_MBUF_F_TX_QINQ) ? mbuf->vlan_tci_outer : 0;
}

/* Of the packet with that index: those of `used`, beside PORT and QUEUE. */
static __rte_always_inline void trace_fill_packet(uint64_t *args, uint32_t used, const struct trace_moment *moment,
						  uint16_t index)
{
	const struct rte_mbuf *mbuf = moment->packets[index];
	const bool in = moment->direction == HONE_DIRECTION_IN;

	args[INDEX] = index;
	args[PACKET_ID] = moment->first_packet_id + index;
	args[MBUF] = (uintptr_t)mbuf;
	if (used & TRACE_BIT(LEN))
		args[LEN] = mbuf->pkt_len;
	if (used & TRACE_BIT(HASH))
		args[HASH] = in && (mbuf->ol_flags & RTE_MBUF_F_RX_RSS_HASH) ? mbuf->hash.rss : 0;
	if (unlikely(used & ~TRACE_OFTEN_USED))
		trace_fill_rest(args, used, mbuf, in);
}

/* The head of a packet that is shorter, or goes on in another segment. */
void trace_gather_head(struct trace_context *context, const struct rte_mbuf *mbuf, uint32_t bytes);

/* Whether that many bytes can be copied from where the packet begins, those of the packet being the first of them. */
static __rte_always_inline bool trace_head_is_near(const struct rte_mbuf *mbuf, uint32_t bytes)
{
	return mbuf->pkt_len == mbuf->data_len && mbuf->data_off + bytes <= mbuf->buf_len;
}

/* bytes: a multiple of TRACE_COPY_BYTES. What is behind the end of the packet has no meaning. */
static __rte_always_inline void trace_copy_head(struct trace_context *context, const struct rte_mbuf *mbuf,
						uint32_t bytes)
{
	const uint8_t *head = rte_pktmbuf_mtod(mbuf, const uint8_t *);

	if (likely(mbuf->data_len >= bytes)) {
		context->packet_bytes = bytes;
	} else if (trace_head_is_near(mbuf, bytes)) {
		context->packet_bytes = mbuf->data_len;
	} else {
		trace_gather_head(context, mbuf, bytes);
		return;
	}
	for (uint32_t i = 0; i < bytes; i += TRACE_COPY_BYTES)
		memcpy(context->packet + i, head + i, TRACE_COPY_BYTES);
}

/* Arguments of a point that has no packets, its first texts into slots. */
static inline void trace_fill_point(struct trace_context *context, const struct trace_moment *moment)
{
	uint32_t texts = 0;

	memcpy(context->args, moment->args, moment->nb_args * sizeof(context->args[0]));
	for (uint32_t left = moment->texts; unlikely(left != 0); left &= left - 1) {
		uint32_t argument = (uint32_t)__builtin_ctz(left);
		const char *text = (const char *)(uintptr_t)moment->args[argument];
		char *slot = (char *)context->packet + texts * TRACE_TEXT_BYTES;

		if (texts == TRACE_MAX_TEXTS)
			break;
		strncpy(slot, text == NULL ? "" : text, TRACE_TEXT_BYTES - 1);
		slot[TRACE_TEXT_BYTES - 1] = '\0';
		context->args[argument] = texts++;
	}
}

#endif
