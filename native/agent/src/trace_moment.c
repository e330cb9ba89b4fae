/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace_moment.h"

uint32_t trace_arguments_of(uint32_t point, uint32_t *texts)
{
	*texts = 0;
	switch (point) {
	case HONE_POINT_RX_POLL:
	case HONE_POINT_RX_BURST:
	case HONE_POINT_TX_BURST:
		return NB_BURST_ARGUMENTS;
	case HONE_POINT_RX_PACKET:
	case HONE_POINT_TX_PACKET:
		return NB_PACKET_ARGUMENTS;
	case HONE_POINT_PORT_STATE:
		return 3;
	case HONE_POINT_QUEUE_STATE:
		return 4;
	case HONE_POINT_PORT_STATS:
		return 9;
	case HONE_POINT_MEMPOOL_LEVEL:
	case HONE_POINT_RING_LEVEL:
		*texts = 1;
		return 3;
	default:
		return 0;
	}
}

void trace_gather_head(struct trace_context *context, const struct rte_mbuf *mbuf, uint32_t bytes)
{
	uint32_t left = RTE_MIN(bytes, mbuf->pkt_len);
	uint8_t *to = context->packet;

	context->packet_bytes = left;
	for (const struct rte_mbuf *segment = mbuf; segment != NULL && left > 0; segment = segment->next) {
		uint32_t part = RTE_MIN(left, (uint32_t)segment->data_len);

		memcpy(to, rte_pktmbuf_mtod(segment, const void *), part);
		to += part;
		left -= part;
		bytes -= part;
	}
	memset(to, 0, bytes);
}
