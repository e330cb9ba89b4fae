/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path: from a burst to blocks in the calling thread's ring. Never blocks, never allocates, never logs.
 */
#include <rte_cycles.h>
#include <rte_prefetch.h>

#include "agent.h"

#define PREFETCH_AHEAD 4
#define SELECT_AT_ONCE 64

/*
 * A burst's time and the rings that are marked for it. The time is read when the first packet matches: a burst that
 * is rejected costs no more than its filter.
 */
struct moment {
	const struct plan *plan;
	const struct writer *writer;
	uint64_t ns; /* 0: not yet read */
};

/* Packets that matched, and the numbers they get: order[i] is the i-th one's place behind first_id, i itself without order. */
struct chosen {
	struct rte_mbuf **packets;
	const uint8_t *order;
	uint64_t first_id;
};

/*
 * The packets that the filter accepts, in order, into `chosen`, their places into `order`; how many. A loop of its own: most are
 * rejected, and a packet that is costs the program and one branch.
 */
static uint16_t select_matching(const struct program *program, struct rte_mbuf **packets, uint16_t count,
				struct rte_mbuf **chosen, uint8_t *order)
{
	uint64_t (*quick)(void *mbuf) = program->quick;
	uint16_t found = 0;

#pragma GCC unroll 4
	for (uint16_t i = 0; i < count; i++) {
		uint64_t verdict = likely(quick != NULL) ? quick(packets[i]) : PROGRAM_UNDECIDED;

		if (likely(verdict == 0))
			continue;
		if (unlikely(verdict == PROGRAM_UNDECIDED) && program_run(program, packets[i]) == 0)
			continue;
		chosen[found] = packets[i];
		order[found++] = (uint8_t)i;
	}
	return found;
}

/* Packets that matched in a thread that has no ring: with atomics, because any such thread comes here. */
static void count_orphans(const struct attachment *at, uint16_t count)
{
	struct hone_counters *counters = &at->session->memory->orphans[at->number];
	__atomic_fetch_add(&counters->matched, count, __ATOMIC_RELAXED);
	__atomic_fetch_add(&counters->dropped, count, __ATOMIC_RELAXED);
}

static struct ring *ring_of(struct session *session, const struct writer *writer)
{
	struct ring *ring = atomic_load_explicit(&session->by_writer[writer->index], memory_order_acquire);

	for (int i = 0; unlikely(ring == NULL) && i < SESSION_MAX_SPARES; i++) {
		if (atomic_load_explicit(&session->spares[i], memory_order_relaxed) == NULL)
			continue;
		ring = atomic_exchange(&session->spares[i], NULL);
		if (ring == NULL)
			continue;
		for (struct ring *one = ring; one != NULL; one = one->overflow)
			one->shared->tid = atomic_load_explicit(&writer->tid, memory_order_relaxed);
		atomic_store(&session->by_writer[writer->index], ring);
	}
	return ring;
}

/* A packet with tags, a loss before it, a comment or several segments. */
static void describe(struct block_packet *packet, const struct attachment *at, const struct rte_mbuf *mbuf,
		     uint64_t lost)
{
	struct block_rare *rare = &packet->rare;

	rare->lost = lost;
	rare->tags = block_tags(mbuf, at->direction);
	rare->comment_length = at->meta ? block_comment(rare->comment, mbuf, at->direction) : 0;
	packet->mbuf = mbuf;
	packet->original = mbuf->pkt_len + 4 * rare->tags.count;
	packet->captured = RTE_MIN(packet->original, at->snaplen);
	packet->has_hash = (mbuf->ol_flags & at->hash_flag) != 0;
}

/* The full ring's overflow, if that has room. */
static struct ring *overflow_with_room(const struct ring *ring, uint32_t length)
{
	struct ring *overflow = ring->overflow;

	return overflow != NULL && ring_has_room(overflow, overflow->head, length) ? overflow : NULL;
}

/* Packets that matched, into the ring: counts all but `seen`. */
static void write_burst(const struct attachment *at, struct ring *ring, const struct chosen *chosen, uint16_t count,
			uint64_t burst_ns)
{
	struct rte_mbuf **packets = chosen->packets;
	const uint8_t *order = chosen->order;
	struct hone_counters *counters = &ring->counters[at->number];
	uint64_t lost = ring->lost[at->number];
	struct ring *into = ring;
	uint64_t head = ring->head;
	uint64_t bytes = 0;
	uint32_t captured = 0, published = 0;
	struct block_packet packet; /* of one that is not plain */

	for (uint16_t i = 0; i < count; i++) {
		const struct rte_mbuf *mbuf = packets[i];
		bool has_hash = (mbuf->ol_flags & at->hash_flag) != 0;
		uint32_t original = mbuf->pkt_len;
		uint32_t wanted = RTE_MIN(original, at->snaplen);
		uint64_t packet_id = chosen->first_id + (order == NULL ? i : order[i]);
		uint64_t timestamp_ns = burst_ns;
		uint32_t length;
		uint8_t *to;
		bool plain = lost == 0 && !at->meta && (mbuf->ol_flags & at->tag_flags) == 0 &&
			     wanted <= mbuf->data_len;

		if (i + PREFETCH_AHEAD < count)
			rte_prefetch0(rte_pktmbuf_mtod(packets[i + PREFETCH_AHEAD], void *));
		if (likely(plain)) {
			length = block_plain_length(wanted, has_hash);
		} else {
			describe(&packet, at, mbuf, lost);
			original = packet.original;
			length = block_length(&packet);
		}
		if (unlikely(!ring_has_room(into, head, length))) {
			struct ring *overflow = overflow_with_room(into, length);

			if (overflow == NULL) {
				lost++;
				continue;
			}
			ring_publish(into, head, burst_ns, captured - published);
			published = captured;
			into = overflow;
			head = overflow->head;
		}
		if (at->adapter_clock)
			timestamp_ns = adapter_time_ns(&agent.adapters, mbuf, burst_ns);
		to = into->data + (head & into->mask);
		ring_prefetch(into, head);
		if (likely(plain)) {
			block_write_plain(to, length, &at->source, at->interface, timestamp_ns,
					  packet_id, mbuf, wanted, has_hash);
		} else {
			packet.timestamp_ns = timestamp_ns;
			packet.packet_id = packet_id;
			block_write(to, &at->source, at->interface, &packet);
		}
		head += length;
		bytes += original;
		lost = 0;
		captured++;
	}
	ring->lost[at->number] = lost;
	counters->matched += count;
	counters->captured += captured;
	counters->dropped += count - captured;
	counters->bytes += bytes;
	ring_publish(into, head, burst_ns, captured - published);
}

static void set_active(const struct plan *plan, const struct writer *writer, uint32_t active)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		struct ring *ring = atomic_load_explicit(&plan->attachments[i].session->by_writer[writer->index],
							 memory_order_relaxed);

		for (; ring != NULL; ring = ring->overflow)
			__atomic_store_n(&ring->shared->active, active, __ATOMIC_RELEASE);
	}
}

static uint64_t burst_time(struct moment *moment)
{
	if (moment->ns == 0) {
		set_active(moment->plan, moment->writer, 1);
		moment->ns = clock_ns(&agent.clock, rte_rdtsc());
	}
	return moment->ns;
}

static void capture_burst(const struct attachment *at, struct moment *moment, struct rte_mbuf **packets, uint16_t count)
{
	struct ring *ring = ring_of(at->session, moment->writer);
	uint64_t first_id = writer_next_packet_id(moment->writer);
	struct rte_mbuf *matching[SELECT_AT_ONCE];
	uint8_t order[SELECT_AT_ONCE];

	if (likely(ring != NULL))
		ring->counters[at->number].seen += count;
	else
		__atomic_fetch_add(&at->session->memory->orphans[at->number].seen, count, __ATOMIC_RELAXED);
	while (count != 0) {
		uint16_t part = at->program == NULL ? count : RTE_MIN(count, SELECT_AT_ONCE);
		struct chosen chosen = { .packets = packets, .first_id = first_id };
		uint16_t found = part;

		if (at->program != NULL) {
			found = select_matching(at->program, packets, part, matching, order);
			chosen.packets = matching;
			chosen.order = order;
		}
		if (found != 0 && likely(ring != NULL))
			write_burst(at, ring, &chosen, found, burst_time(moment));
		else if (found != 0)
			count_orphans(at, found);
		packets += part;
		first_id += part;
		count -= part;
	}
}

static void run_plan(const struct plan *plan, const struct writer *writer, struct rte_mbuf **packets, uint16_t count)
{
	struct moment moment = { .plan = plan, .writer = writer };

	for (uint32_t i = 0; i < plan->count; i++) {
		const struct attachment *at = &plan->attachments[i];

		if (unlikely(!atomic_load_explicit(&at->session->live, memory_order_acquire))) {
			atomic_store_explicit(&at->session->wanted[writer->index], true, memory_order_relaxed);
			continue;
		}
		if (count != 0)
			capture_burst(at, &moment, packets, count);
	}
	if (moment.ns != 0)
		set_active(plan, writer, 0);
}

void hook_run(struct hook *hook, struct rte_mbuf **packets, uint16_t count)
{
	struct writer *writer;
	const struct plan *plan;

	if (count == 0 && !atomic_load_explicit(&hook->warming, memory_order_relaxed))
		return;
	writer = writer_claim(&agent.writers);
	if (unlikely(writer == NULL)) {
		atomic_fetch_add(&hook->unplaced, count);
		return;
	}
	writer_enter(&agent.writers, writer);
	plan = atomic_load_explicit(&hook->plan, memory_order_acquire);
	if (likely(plan != NULL))
		run_plan(plan, writer, packets, count);
	writer_leave(writer);
}
