/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ether.h>

#include "block.h"

#define DROPCOUNT_OPTION 12

static void put_tag(struct block_tags *tags, uint16_t protocol, uint16_t tci)
{
	uint8_t *to = tags->bytes + 4 * tags->count++;

	to[0] = (uint8_t)(protocol >> 8);
	to[1] = (uint8_t)protocol;
	to[2] = (uint8_t)(tci >> 8);
	to[3] = (uint8_t)tci;
}

struct block_tags block_tags(const struct rte_mbuf *mbuf, uint32_t direction)
{
	struct block_tags tags = { 0 };
	uint64_t outer = block_outer_flag(direction);
	uint64_t inner = block_inner_flag(direction);

	if (mbuf->ol_flags & outer)
		put_tag(&tags, RTE_ETHER_TYPE_QINQ, mbuf->vlan_tci_outer);
	if (mbuf->ol_flags & (outer | inner))
		put_tag(&tags, RTE_ETHER_TYPE_VLAN, mbuf->vlan_tci);
	return tags;
}

struct output {
	uint8_t *to;
	uint32_t room;
};

static void put(struct output *output, const uint8_t *from, uint32_t bytes)
{
	if (bytes > output->room)
		bytes = output->room;
	memcpy(output->to, from, bytes);
	output->to += bytes;
	output->room -= bytes;
}

static void gather(uint8_t *to, const struct block_packet *packet)
{
	const struct block_tags *tags = &packet->tags;
	struct output output = { .to = to, .room = packet->captured };
	uint32_t before_tags = tags->count == 0 ? 0 : 12;

	for (const struct rte_mbuf *segment = packet->mbuf; segment != NULL && output.room != 0;
	     segment = segment->next) {
		const uint8_t *from = rte_pktmbuf_mtod(segment, const uint8_t *);
		uint32_t bytes = segment->data_len;

		if (before_tags != 0) {
			uint32_t front = RTE_MIN(bytes, before_tags);

			put(&output, from, front);
			from += front;
			bytes -= front;
			before_tags -= front;
			if (before_tags == 0)
				put(&output, tags->bytes, 4 * tags->count);
		}
		put(&output, from, bytes);
	}
	/* A chain shorter than its pkt_len: a defect of the application, shown as zeros. */
	memset(output.to, 0, output.room);
}

/* epb_dropcount and opt_comment; the place behind them. */
static uint8_t *put_rare(uint8_t *to, const struct block_packet *packet)
{
	if (packet->lost != 0) {
		block_put32(to, block_option(4, 8));
		memcpy(to + 4, &packet->lost, sizeof(packet->lost));
		to += DROPCOUNT_OPTION;
	}
	if (packet->comment_length != 0) {
		uint32_t padded = block_pad(packet->comment_length);

		block_put32(to, block_option(1, (uint16_t)packet->comment_length));
		block_put32(to + padded, 0);
		memcpy(to + 4, packet->comment, packet->comment_length);
		to += 4 + padded;
	}
	return to;
}

uint32_t block_length(const struct block_packet *packet)
{
	uint32_t length = block_plain_length(packet->captured, packet->has_hash);

	if (packet->lost != 0)
		length += DROPCOUNT_OPTION;
	if (packet->comment_length != 0)
		length += 4 + block_pad(packet->comment_length);
	return length;
}

void block_write(uint8_t *to, const struct block_source *source, uint32_t interface,
		 const struct block_packet *packet)
{
	struct block_burst burst = block_burst(source, interface, packet->timestamp_ns);
	uint32_t length = block_length(packet);
	uint32_t padded = block_pad(packet->captured);

	to = block_put_header(to, length, &burst, packet->captured, packet->original);
	if (padded != packet->captured)
		block_put32(to + padded - 4, 0);
	gather(to, packet);
	to = block_put_source(to + padded, source, packet->mbuf, packet->has_hash);
	block_put_end(put_rare(to, packet), packet->packet_id, length);
}
