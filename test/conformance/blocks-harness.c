/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's capture path (capture.c) with bursts of every shape: one length or many, with and without hash, tags beside the packet,
 * times of the adapter, segments, comments, filters, and rings that are full now and then. Each segment ends where a page begins that
 * nobody may touch. A line of JSON a burst: what the packets were, and what stood in the rings afterwards.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "guarded-packet.h"

#define MOST_PACKETS 70
#define MOST_SEGMENTS 3
#define BURSTS 1500
#define FRONT_RING_BYTES 65536
#define ADAPTER_FLAG (1ull << 50)

struct agent agent;

struct packet {
	struct guarded_packet guarded; /* first: a filter gets its first segment */
	bool matches;
};

static struct packet packets[MOST_PACKETS];
static struct rte_mbuf *burst[MOST_PACKETS];
static const char *separator;

static bool one_in(uint32_t n)
{
	return below(n) == 0;
}

static void print_hex(const uint8_t *bytes, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		printf("%02x", bytes[i]);
}

static void make_packet(struct packet *packet, uint32_t length, uint64_t flags)
{
	struct rte_mbuf *mbuf = &packet->guarded.segments[0];

	guarded_packet_make(&packet->guarded, length, one_in(20) ? 1 + below(MOST_SEGMENTS) : 1, 0);
	packet->matches = !one_in(3);
	/* A chain that is shorter than it says. */
	mbuf->pkt_len += one_in(100) ? below(50) : 0;
	mbuf->ol_flags = flags;
	mbuf->hash.rss = (uint32_t)rand() * 3u;
	mbuf->vlan_tci = (uint16_t)rand();
	mbuf->vlan_tci_outer = (uint16_t)rand();
	mbuf->packet_type = RTE_PTYPE_L2_ETHER;
	mbuf->dynfield1[0] = (uint32_t)rand();
}

/* Lengths and marks that all packets of a burst have, or each its own. */
static uint32_t make_burst(const struct attachment *at, bool crowded)
{
	const uint32_t count = 1 + below(MOST_PACKETS);
	const uint32_t lengths = crowded ? GUARDED_LONGEST : one_in(2) ? 130 : 700;
	const uint32_t one_length = below(lengths);
	const bool is_mixed = one_in(2);
	const uint64_t one_hash = one_in(2) ? RTE_MBUF_F_RX_RSS_HASH : 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t flags = one_hash;

		if (is_mixed && one_in(3))
			flags ^= RTE_MBUF_F_RX_RSS_HASH;
		if (is_mixed && one_in(15))
			flags |= at->direction == HONE_DIRECTION_IN ? RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED :
								      RTE_MBUF_F_TX_VLAN;
		/* A tag that was looked at and left in the frame. */
		if (is_mixed && one_in(15))
			flags |= RTE_MBUF_F_RX_VLAN;
		if (is_mixed && one_in(15))
			flags |= at->direction == HONE_DIRECTION_IN ? RTE_MBUF_F_RX_QINQ_STRIPPED : RTE_MBUF_F_TX_QINQ;
		if (is_mixed && one_in(15))
			flags |= ADAPTER_FLAG;
		make_packet(&packets[i], is_mixed ? below(lengths) : one_length, flags);
		burst[i] = packets[i].guarded.segments;
	}
	return count;
}

static uint64_t choose(void *mbuf)
{
	return ((const struct packet *)mbuf)->matches;
}

static void print_tags(const struct rte_mbuf *mbuf, bool in)
{
	uint64_t outer = in ? RTE_MBUF_F_RX_QINQ_STRIPPED : RTE_MBUF_F_TX_QINQ;
	uint64_t inner = in ? RTE_MBUF_F_RX_VLAN_STRIPPED : RTE_MBUF_F_TX_VLAN;

	if (mbuf->ol_flags & outer)
		printf("88a8%04x", mbuf->vlan_tci_outer);
	if (mbuf->ol_flags & (outer | inner))
		printf("8100%04x", mbuf->vlan_tci);
}

static void print_packet(const struct packet *packet, const struct attachment *at)
{
	const struct rte_mbuf *mbuf = packet->guarded.segments;
	char comment[BLOCK_MAX_COMMENT];
	uint32_t length = at->meta ? block_comment(comment, mbuf, at->direction) : 0;

	printf("%s{\"length\":%u,\"bytes\":\"", separator, mbuf->pkt_len);
	separator = ",";
	print_hex(packet->guarded.bytes, packet->guarded.length);
	printf("\",\"tags\":\"");
	print_tags(mbuf, at->direction == HONE_DIRECTION_IN);
	printf("\",\"comment\":\"%.*s\",\"matches\":%d", (int)length, comment, at->program == NULL || packet->matches);
	if (at->direction == HONE_DIRECTION_IN && mbuf->ol_flags & RTE_MBUF_F_RX_RSS_HASH)
		printf(",\"rss\":%u", mbuf->hash.rss);
	if (at->adapter_clock && mbuf->ol_flags & ADAPTER_FLAG)
		printf(",\"ns\":\"%" PRIu64 "\"", (uint64_t)mbuf->dynfield1[0] * 1000);
	printf("}");
}

/* What was published: its entries, and the bytes as the host sees them. */
static void print_ring(const struct ring *ring, uint64_t from, uint64_t index_from)
{
	printf("{\"room\":%" PRIu64 ",\"entries\":[", (uint64_t)ring->mask + 1 - (from - ring->shared->tail));
	separator = "";
	for (uint64_t i = index_from; i < ring->shared->index_head; i++) {
		const struct hone_index_entry *entry = &ring->index[i & ring->index_mask];

		printf("%s{\"ns\":\"%" PRIu64 "\",\"bytes\":%u,\"packets\":%u}", separator, entry->timestamp_ns, entry->bytes,
		       entry->packets);
		separator = ",";
	}
	printf("],\"bytes\":\"");
	print_hex(ring->data + (from & ring->mask), ring->shared->head - from);
	printf("\"}");
}

static void run_burst(struct hook *hook, struct attachment *at, struct writer *writer, struct ring *front, uint64_t ns,
		      uint32_t count)
{
	struct ring *rings[2] = { front, front->overflow };
	uint64_t from[2], index_from[2], first_id = writer_next_packet_id(writer);
	struct hone_counters before = front->counters[at->number], *after = &front->counters[at->number];

	for (int i = 0; i < 2; i++) {
		from[i] = rings[i]->shared->head;
		index_from[i] = rings[i]->shared->index_head;
	}
	if (hook_run(hook, writer, burst, (uint16_t)count) != (after->matched == before.matched ? 0 : ns))
		abort();
	writer->packets += count;
	printf("{\"snaplen\":%u,\"direction\":%u,\"queue\":%u,\"interface\":%u,\"ns\":\"%" PRIu64 "\",\"firstId\":\"%" PRIu64
	       "\",\"seen\":%" PRIu64 ",\"matched\":%" PRIu64 ",\"captured\":%" PRIu64 ",\"dropped\":%" PRIu64
	       ",\"bytes\":%" PRIu64 ",\"hook\":%u,\"active\":%u,\"packets\":[",
	       at->snaplen, at->direction, at->source.queue_option[1], at->interface, ns, first_id,
	       after->seen - before.seen, after->matched - before.matched, after->captured - before.captured,
	       after->dropped - before.dropped, after->bytes - before.bytes, at->number,
	       front->shared->active | front->overflow->shared->active);
	separator = "";
	for (uint32_t i = 0; i < count; i++)
		print_packet(&packets[i], at);
	printf("],\"rings\":[");
	for (int i = 0; i < 2; i++) {
		print_ring(rings[i], from[i], index_from[i]);
		printf(i == 0 ? "," : "]}\n");
	}
}

static void make_attachment(struct attachment *at, struct session *session, uint32_t number, const struct program *program)
{
	static const uint32_t snaplens[] = { 262144, 262144, 60, 100, 1 };
	const bool in = number % 2 == 0;
	const uint32_t direction = in ? HONE_DIRECTION_IN : HONE_DIRECTION_OUT;

	*at = (struct attachment){
		.session = session,
		.program = one_in(2) ? program : NULL,
		.source = block_source(direction, (uint16_t)below(300)),
		.interface = below(5),
		.number = number,
		.snaplen = snaplens[below(RTE_DIM(snaplens))],
		.direction = direction,
		.tag_flags = block_tag_flags(direction),
		.hash_flag = block_hash_flag(direction),
		.meta = one_in(4),
		.adapter_clock = in && one_in(2),
	};
}

static struct ring *make_rings(void)
{
	struct ring *front = ring_open(0, FRONT_RING_BYTES);

	front->overflow = ring_open(1, 2 * FRONT_RING_BYTES);
	return front;
}

int main(void)
{
	static struct session session;
	static struct program choosing = { .quick = choose };
	struct plan *plan = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN(sizeof(*plan) + sizeof(struct attachment), RTE_CACHE_LINE_SIZE));
	struct hook hook = { .plan = plan };
	struct ring *front = make_rings();
	struct writer *writer;

	srand(7);
	writers_open(&agent.writers);
	writer = writer_claim(&agent.writers);
	agent.adapters.offset = offsetof(struct rte_mbuf, dynfield1);
	agent.adapters.ports[0].time = ADAPTER_EPOCH_US;
	agent.adapters.flag = ADAPTER_FLAG;
	session.live = true;
	session.memory = calloc(1, sizeof(*session.memory));
	atomic_store(&session.by_writer[writer->index], front);
	memset(plan, 0, sizeof(*plan));
	plan->count = 1;
	for (uint32_t i = 0; i < BURSTS; i++) {
		const bool crowded = i / 50 % 2 == 1;
		uint64_t ns = 1700000000000000000ull + i * 4294967291ull;

		make_attachment(&plan->attachments[0], &session, below(6), &choosing);
		/* A rate of 0: the clock stands at `ns`. */
		clock_publish(&agent.clock, &(struct clock_anchor){ .ns = ns });
		run_burst(&hook, plan->attachments, writer, front, ns, make_burst(plan->attachments, crowded));
		for (struct ring *ring = front; ring != NULL; ring = ring->overflow)
			if (one_in(crowded ? 9 : 2))
				ring->shared->tail = ring->shared->head;
	}
	return 0;
}
