/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path: from a burst to blocks in the calling thread's ring. Never blocks, never allocates, never logs.
 */
#include <rte_cycles.h>

#include "agent.h"

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

/* Packets that matched, and the numbers they get: order[i] is the i-th one's place behind first_id. */
struct chosen {
	struct rte_mbuf **packets;
	const uint8_t *order;
	uint64_t first_id;
	uint64_t burst_ns;
	uint16_t count;
};

/* How far a burst is written. */
struct writing {
	struct ring *into;
	uint64_t head;
	uint64_t bytes;	   /* of the packets on the wire */
	uint64_t lost;	   /* packets since the last captured one */
	uint32_t captured; /* packets */
	uint32_t published;
};

/* Without a filter packets are numbered as they come. */
static const uint8_t in_order[SELECT_AT_ONCE] = {
	0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
	22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
	44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
};

/*
 * The packets that the filter accepts, in order, into `chosen`, their places into `order`; how many. At least one comes in. A loop
 * of its own: most are rejected, and a packet that is costs the program and one branch.
 */
static uint16_t select_matching(const struct program *program, struct rte_mbuf **packets, uint16_t count,
				struct rte_mbuf **chosen, uint8_t *order)
{
	const loop_select select = (loop_select)program->loop.entry;
	uint64_t (*quick)(void *mbuf) = program->quick;
	uint16_t found = 0;

	if (likely(select != NULL))
		return select(packets, packets + count, chosen, order, program);
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

/* Packets of a burst that are still to be written, and where to. */
struct plain {
	struct rte_mbuf *const *next;
	struct rte_mbuf *const *end;
	const uint8_t *order; /* of `next` */
	uint8_t *to;
	const uint8_t *room_end;
	uint64_t bytes; /* of the packets that were written, on the wire */
};

/*
 * Writes packets for as long as each is plain: of `marks` it has `hash_mark` or, without a hash, none, what is captured lies in its
 * first segment, there is room. has_hash is known when this is compiled: twice the code, and less of it to run.
 */
static __rte_always_inline void write_run(struct plain *plain, const struct block_burst *burst, uint64_t first_id,
					  uint32_t snaplen, uint64_t marks, uint64_t hash_mark, bool has_hash)
{
	const uint64_t wanted = has_hash ? hash_mark : 0;

	for (; plain->next != plain->end; plain->next++) {
		const struct rte_mbuf *mbuf = *plain->next;
		uint32_t original = mbuf->pkt_len;
		uint32_t captured = RTE_MIN(original, snaplen);
		uint32_t length = block_plain_length(captured, has_hash);

		if (unlikely((mbuf->ol_flags & marks) != wanted || captured > mbuf->data_len ||
			     plain->to + length > plain->room_end))
			break;
		ring_prefetch(plain->to);
		block_write_plain(plain->to, length, burst, first_id + *plain->order++, mbuf, captured, original, has_hash);
		plain->to += length;
		plain->bytes += original;
	}
}

/*
 * Writes packets from the i-th on for as long as each is plain: no tag beside it, no time of its own, what is captured in
 * its first segment, room in the ring. Gives the one that is not, or the number of packets. The common burst is done by this loop alone.
 */
static uint16_t write_plain(const struct attachment *at, struct writing *writing, const struct chosen *chosen, uint16_t i)
{
	const struct ring *ring = writing->into;
	const struct block_burst burst = block_burst(&at->source, at->interface, chosen->burst_ns);
	uint8_t *const begin = ring->data + (writing->head & ring->mask);
	const uint64_t hash_mark = at->hash_flag;
	const uint64_t marks =
		hash_mark | at->tag_flags | (at->adapter_clock ? adapter_time_flag(&agent.adapters) : 0);
	struct rte_mbuf *const *before;
	struct plain plain = {
		.next = chosen->packets + i,
		.end = chosen->packets + chosen->count,
		.order = chosen->order + i,
		.to = begin,
		.room_end = begin + ring_room(ring, writing->head),
	};
	uint16_t next;

	do {
		before = plain.next;
		if (((*before)->ol_flags & hash_mark) == 0)
			write_run(&plain, &burst, chosen->first_id, at->snaplen, marks, hash_mark, false);
		else
			write_run(&plain, &burst, chosen->first_id, at->snaplen, marks, hash_mark, true);
	} while (plain.next != plain.end && plain.next != before);
	next = (uint16_t)(plain.next - chosen->packets);
	writing->head += (uint64_t)(plain.to - begin);
	writing->bytes += plain.bytes;
	writing->captured += next - i;
	return next;
}

/* The full ring's overflow, if that has room. */
static struct ring *overflow_with_room(const struct ring *ring, uint32_t length)
{
	struct ring *overflow = ring->overflow;

	return overflow != NULL && ring_has_room(overflow, overflow->head, length) ? overflow : NULL;
}

static void publish(struct writing *writing, uint64_t burst_ns)
{
	ring_publish(writing->into, writing->head, burst_ns, writing->captured - writing->published);
	writing->published = writing->captured;
}

/*
 * Any packet: with tags, a loss before it, a comment, a time of its own or several segments, or where the ring is full. False when
 * there is no room for it.
 */
static bool write_any(const struct attachment *at, struct writing *writing, const struct chosen *chosen, uint16_t i)
{
	const struct rte_mbuf *mbuf = chosen->packets[i];
	struct block_packet packet;
	uint32_t length;

	packet.mbuf = mbuf;
	packet.timestamp_ns = chosen->burst_ns;
	if (at->adapter_clock)
		packet.timestamp_ns = adapter_time_ns(&agent.adapters, mbuf, chosen->burst_ns);
	packet.packet_id = chosen->first_id + chosen->order[i];
	packet.has_hash = (mbuf->ol_flags & at->hash_flag) != 0;
	packet.lost = writing->lost;
	packet.tags = block_tags(mbuf, at->direction);
	packet.comment_length = at->meta ? block_comment(packet.comment, mbuf, at->direction) : 0;
	packet.original = mbuf->pkt_len + 4 * packet.tags.count;
	packet.captured = RTE_MIN(packet.original, at->snaplen);
	length = block_length(&packet);
	if (unlikely(!ring_has_room(writing->into, writing->head, length))) {
		struct ring *overflow = overflow_with_room(writing->into, length);

		if (overflow == NULL)
			return false;
		publish(writing, chosen->burst_ns);
		writing->into = overflow;
		writing->head = overflow->head;
	}
	block_write(writing->into->data + (writing->head & writing->into->mask), &at->source, at->interface, &packet);
	writing->head += length;
	writing->bytes += packet.original;
	writing->lost = 0;
	writing->captured++;
	return true;
}

/*
 * Packets that matched, into the ring: counts all but `seen`. Where one finds no room the rest of the burst is not tried: what is
 * lost shall cost nothing more.
 */
static void write_burst(const struct attachment *at, struct ring *ring, const struct chosen *chosen)
{
	struct hone_counters *counters = &ring->counters[at->number];
	struct writing writing = { .into = ring, .head = ring->head, .lost = ring->lost[at->number] };

	for (uint16_t i = 0; i < chosen->count; i++) {
		if (likely(!at->meta && writing.lost == 0)) {
			i = write_plain(at, &writing, chosen, i);
			if (likely(i == chosen->count))
				break;
		}
		if (unlikely(!write_any(at, &writing, chosen, i))) {
			writing.lost += chosen->count - i;
			break;
		}
	}
	ring->lost[at->number] = writing.lost;
	counters->matched += chosen->count;
	counters->captured += writing.captured;
	counters->dropped += chosen->count - writing.captured;
	counters->bytes += writing.bytes;
	publish(&writing, chosen->burst_ns);
}

/* The first ring of the writer speaks for its overflow, too (hone/abi.h). */
static void set_active(const struct plan *plan, const struct writer *writer, uint32_t active)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		struct ring *ring = atomic_load_explicit(&plan->attachments[i].session->by_writer[writer->index],
							 memory_order_relaxed);

		if (likely(ring != NULL))
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

/* ring: NULL where the thread has none. */
static __rte_always_inline void capture_burst(const struct attachment *at, struct ring *ring, struct moment *moment,
					      struct rte_mbuf **packets, uint16_t count)
{
	uint64_t first_id = writer_next_packet_id(moment->writer);
	struct rte_mbuf *matching[SELECT_AT_ONCE];
	uint8_t order[SELECT_AT_ONCE];

	if (likely(ring != NULL))
		ring->counters[at->number].seen += count;
	else
		__atomic_fetch_add(&at->session->memory->orphans[at->number].seen, count, __ATOMIC_RELAXED);
	while (count != 0) {
		uint16_t part = RTE_MIN(count, SELECT_AT_ONCE);
		struct chosen chosen = { .packets = packets, .order = in_order, .first_id = first_id, .count = part };

		if (at->program != NULL) {
			chosen.packets = matching;
			chosen.order = order;
			chosen.count = select_matching(at->program, packets, part, matching, order);
		}
		if (chosen.count != 0 && likely(ring != NULL)) {
			chosen.burst_ns = burst_time(moment);
			write_burst(at, ring, &chosen);
		} else if (chosen.count != 0) {
			count_orphans(at, chosen.count);
		}
		packets += part;
		first_id += part;
		count -= part;
	}
}

static void run_at(const struct attachment *at, struct moment *moment, struct rte_mbuf **packets, uint16_t count)
{
	const struct writer *writer = moment->writer;

	if (unlikely(!atomic_load_explicit(&at->session->live, memory_order_acquire)))
		atomic_store_explicit(&at->session->wanted[writer->index], true, memory_order_relaxed);
	else if (count != 0)
		capture_burst(at, ring_of(at->session, writer), moment, packets, count);
}

/* The plan's trail, if it is nobody's yet and the writer has its ring: that is not taken back while the plan is there. */
static __attribute__((noinline)) void learn_trail(struct plan *plan, const struct writer *writer)
{
	const struct session *session = plan->attachments[0].session;
	struct ring *ring = atomic_load_explicit(&session->by_writer[writer->index], memory_order_acquire);

	if (!atomic_load_explicit(&session->live, memory_order_acquire) || ring == NULL ||
	    atomic_exchange(&plan->trail.taken, true))
		return;
	plan->trail.ring = ring;
	atomic_store_explicit(&plan->trail.writer, writer, memory_order_release);
}

static uint64_t run_plan(struct plan *plan, const struct writer *writer, struct rte_mbuf **packets, uint16_t count)
{
	struct moment moment = { .plan = plan, .writer = writer };
	uint32_t i = 0;

	if (likely(atomic_load_explicit(&plan->trail.writer, memory_order_acquire) == writer)) {
		if (likely(count != 0))
			capture_burst(&plan->attachments[i], plan->trail.ring, &moment, packets, count);
		i++;
	} else if (unlikely(!atomic_load_explicit(&plan->trail.taken, memory_order_relaxed))) {
		learn_trail(plan, writer);
	}
	for (; i < plan->count; i++)
		run_at(&plan->attachments[i], &moment, packets, count);
	if (moment.ns != 0)
		set_active(plan, writer, 0);
	return moment.ns;
}

uint64_t hook_run(struct hook *hook, struct writer *writer, struct rte_mbuf **packets, uint16_t count)
{
	struct plan *plan;
	uint64_t ns = 0;

	if (unlikely(writer == NULL)) {
		atomic_fetch_add(&hook->unplaced, count);
		return 0;
	}
	writer_enter(writer);
	plan = atomic_load_explicit(&hook->plan, memory_order_acquire);
	if (likely(plan != NULL))
		ns = run_plan(plan, writer, packets, count);
	writer_leave(writer);
	return ns;
}
