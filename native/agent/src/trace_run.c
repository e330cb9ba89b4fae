/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path of traces: what happened into the context of the calling thread, then the program. Never blocks, never
 * allocates, never logs.
 */
#include <string.h>
#include <sys/prctl.h>

#include <rte_cycles.h>
#include <rte_prefetch.h>

#include "agent.h"

#define PREFETCH_AHEAD 4
#define CALLS_A_SAMPLE 64
#define COPY_BYTES 32
#define TEXT_BYTES 64
#define MAX_TEXTS (HONE_MAX_TRACE_PACKET / TEXT_BYTES)

/* In the order of src/tracepoints/dpdk-points.ts; port and queue come first at each of them. */
enum burst_argument { PORT, QUEUE, NB_PACKETS, MAX_PACKETS };
enum packet_argument {
	LEN = 2,
	DATA_LEN,
	NB_SEGS,
	HASH,
	OL_FLAGS,
	MARK,
	PACKET_TYPE,
	VLAN_TCI,
	VLAN_TCI_OUTER,
	INDEX,
	NB_PACKET_ARGUMENTS,
};
static_assert(NB_PACKET_ARGUMENTS <= HONE_MAX_TRACE_ARGS, "arguments");

#define BIT(argument) (1u << (argument))
#define OF_EACH_PACKET (~(BIT(PORT) | BIT(QUEUE)))

/* One call of a gate. */
struct moment {
	struct rte_mbuf **packets;
	uint16_t count;
	uint16_t max;
	uint32_t direction;
	const uint64_t *args; /* of an application's point */
	uint32_t nb_args;
	uint32_t texts;
	uint64_t ns; /* 0: not yet read */
};

static uint64_t time_of(struct moment *moment)
{
	if (moment->ns == 0)
		moment->ns = clock_ns(&agent.clock, rte_rdtsc());
	return moment->ns;
}

/* How often the attachment is hit by this call. */
static uint32_t hits_of(const struct trace_at *at, const struct moment *moment)
{
	const bool in = moment->direction == HONE_DIRECTION_IN;

	switch (at->point) {
	case HONE_POINT_RX_POLL:
		return in;
	case HONE_POINT_RX_BURST:
		return in && moment->count != 0;
	case HONE_POINT_TX_BURST:
		return !in;
	case HONE_POINT_RX_PACKET:
		return in ? moment->count : 0;
	case HONE_POINT_TX_PACKET:
		return in ? 0 : moment->count;
	default:
		return 1;
	}
}

static void run_burst(const struct trace_at *at, struct trace_context *context, const struct moment *moment)
{
	context->args[PORT] = at->port_id;
	context->args[QUEUE] = at->queue_id;
	context->args[NB_PACKETS] = moment->count;
	context->args[MAX_PACKETS] = moment->max;
	trace_program_run(&at->program, context);
}

static void fill_arguments(struct trace_context *context, uint32_t used, const struct rte_mbuf *mbuf, uint32_t direction)
{
	const bool in = direction == HONE_DIRECTION_IN;
	const uint64_t flags = mbuf->ol_flags;

	if (used & BIT(LEN))
		context->args[LEN] = mbuf->pkt_len;
	if (used & BIT(DATA_LEN))
		context->args[DATA_LEN] = mbuf->data_len;
	if (used & BIT(NB_SEGS))
		context->args[NB_SEGS] = mbuf->nb_segs;
	if (used & BIT(HASH))
		context->args[HASH] = in && (flags & RTE_MBUF_F_RX_RSS_HASH) ? mbuf->hash.rss : 0;
	if (used & BIT(OL_FLAGS))
		context->args[OL_FLAGS] = flags;
	if (used & BIT(MARK))
		context->args[MARK] = in && (flags & RTE_MBUF_F_RX_FDIR_ID) ? mbuf->hash.fdir.hi : 0;
	if (used & BIT(PACKET_TYPE))
		context->args[PACKET_TYPE] = mbuf->packet_type;
	if (used & BIT(VLAN_TCI))
		context->args[VLAN_TCI] =
			flags & (in ? RTE_MBUF_F_RX_VLAN_STRIPPED : RTE_MBUF_F_TX_VLAN) ? mbuf->vlan_tci : 0;
	if (used & BIT(VLAN_TCI_OUTER))
		context->args[VLAN_TCI_OUTER] =
			flags & (in ? RTE_MBUF_F_RX_QINQ_STRIPPED : RTE_MBUF_F_TX_QINQ) ? mbuf->vlan_tci_outer : 0;
}

/* The head of a packet that its first segment does not hold in full, zeros behind its end. */
static __attribute__((noinline)) void gather_head(uint8_t *to, const struct rte_mbuf *mbuf, uint32_t bytes)
{
	uint32_t left = RTE_MIN(bytes, mbuf->pkt_len);

	for (const struct rte_mbuf *segment = mbuf; segment != NULL && left > 0; segment = segment->next) {
		uint32_t part = RTE_MIN(left, (uint32_t)segment->data_len);

		memcpy(to, rte_pktmbuf_mtod(segment, const void *), part);
		to += part;
		left -= part;
		bytes -= part;
	}
	memset(to, 0, bytes);
}

static __rte_always_inline void copy_head(struct trace_context *context, const struct rte_mbuf *mbuf, uint32_t bytes)
{
	context->packet_bytes = RTE_MIN(bytes, mbuf->pkt_len);
	if (unlikely(mbuf->data_len < bytes)) {
		gather_head(context->packet, mbuf, bytes);
		return;
	}
	for (uint32_t i = 0; i < bytes; i += COPY_BYTES)
		memcpy(context->packet + i, rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, i), COPY_BYTES);
}

static __rte_always_inline void run_each(const struct trace_at *at, struct trace_context *context,
					 const struct moment *moment, uint32_t bytes)
{
	uint64_t (*jit)(void *context) = at->program.jit;
	const uint32_t used = at->arguments & OF_EACH_PACKET;

	for (uint16_t i = 0; i < moment->count; i++) {
		const struct rte_mbuf *mbuf = moment->packets[i];

		if (bytes != 0) {
			if (i + PREFETCH_AHEAD < moment->count)
				rte_prefetch0(rte_pktmbuf_mtod(moment->packets[i + PREFETCH_AHEAD], void *));
			copy_head(context, mbuf, bytes);
		}
		if (used != 0) {
			context->args[INDEX] = i;
			fill_arguments(context, used, mbuf, moment->direction);
		}
		if (likely(jit != NULL))
			jit(context);
		else
			trace_program_run(&at->program, context);
	}
}

static void run_packets(const struct trace_at *at, struct trace_context *context, const struct moment *moment)
{
	context->args[PORT] = at->port_id;
	context->args[QUEUE] = at->queue_id;
	switch (at->packet_bytes) {
	case 0:
		run_each(at, context, moment, 0);
		break;
	case 32:
		run_each(at, context, moment, 32);
		break;
	case 64:
		run_each(at, context, moment, 64);
		break;
	default:
		run_each(at, context, moment, at->packet_bytes);
		break;
	}
}

static void run_application(const struct trace_at *at, struct trace_context *context, const struct moment *moment)
{
	uint32_t texts = 0;

	memcpy(context->args, moment->args, moment->nb_args * sizeof(context->args[0]));
	for (uint32_t left = moment->texts; unlikely(left != 0); left &= left - 1) {
		uint32_t argument = (uint32_t)__builtin_ctz(left);
		const char *text = (const char *)(uintptr_t)moment->args[argument];
		char *slot = (char *)context->packet + texts * TEXT_BYTES;

		if (texts == MAX_TEXTS)
			break;
		strncpy(slot, text == NULL ? "" : text, TEXT_BYTES - 1);
		slot[TEXT_BYTES - 1] = '\0';
		context->args[argument] = texts++;
	}
	trace_program_run(&at->program, context);
}

static void run_program(const struct trace_at *at, struct trace_context *context, struct moment *moment)
{
	if (at->needs_time)
		context->time_ns = time_of(moment);
	switch (at->point) {
	case HONE_POINT_RX_PACKET:
	case HONE_POINT_TX_PACKET:
		run_packets(at, context, moment);
		break;
	case HONE_POINT_APP:
		run_application(at, context, moment);
		break;
	default:
		run_burst(at, context, moment);
		break;
	}
}

static __attribute__((noinline)) void run_timed(const struct trace_at *at, struct trace_context *context,
						struct moment *moment, struct hone_trace_cost *cost, uint32_t hits)
{
	uint64_t begin = rte_rdtsc();
	uint64_t ticks;

	run_program(at, context, moment);
	ticks = rte_rdtsc() - begin;
	ticks -= RTE_MIN(ticks, at->trace->timing_ticks);
	cost->sampled_hits += hits;
	cost->sampled_ns += (uint64_t)((unsigned __int128)ticks * at->trace->ns_a_tick >> 32);
}

/* A thread that was not seen while the trace was warming takes a memory made in advance, if there is one. */
static __attribute__((noinline)) struct trace_writer *take_spare(struct trace *trace, const struct writer *writer)
{
	char comm[16] = "";

	for (int i = 0; i < TRACE_MAX_SPARES; i++) {
		struct trace_writer *spare;

		if (atomic_load_explicit(&trace->spares[i], memory_order_relaxed) == NULL)
			continue;
		spare = atomic_exchange(&trace->spares[i], NULL);
		if (spare == NULL)
			continue;
		prctl(PR_GET_NAME, comm);
		trace_writer_introduce(spare, atomic_load_explicit(&writer->tid, memory_order_relaxed), comm);
		atomic_store(&trace->by_writer[writer->index], spare);
		return spare;
	}
	return NULL;
}

static inline void run_at(const struct trace_at *at, const struct writer *writer, struct moment *moment)
{
	struct trace *trace = at->trace;
	struct trace_writer *own;
	struct trace_context *context;
	struct hone_trace_cost *cost;
	uint32_t hits;

	if (unlikely(!trace_is_live(trace))) {
		atomic_store_explicit(&trace->wanted[writer->index], true, memory_order_relaxed);
		return;
	}
	hits = hits_of(at, moment);
	if (hits == 0)
		return;
	own = atomic_load_explicit(&trace->by_writer[writer->index], memory_order_acquire);
	if (unlikely(own == NULL)) {
		own = take_spare(trace, writer);
		if (own == NULL) {
			__atomic_fetch_add(&trace->memory->unplaced, hits, __ATOMIC_RELAXED);
			return;
		}
	}
	context = own->banks[atomic_load_explicit(&trace->bank, memory_order_relaxed)];
	cost = &own->shared->costs[at->number];
	cost->hits += hits;
	if (unlikely(++own->calls[at->number] % CALLS_A_SAMPLE == 0))
		run_timed(at, context, moment, cost, hits);
	else
		run_program(at, context, moment);
}

static void run_gate(struct trace_gate *gate, struct moment *moment)
{
	struct writer *writer = writer_claim(&agent.writers);
	const struct trace_plan *plan;

	/* Odd before we enter: a signal's handler came in between. It must not disturb what it interrupted. */
	if (unlikely(writer == NULL || (atomic_load_explicit(&writer->active, memory_order_relaxed) & 1))) {
		atomic_fetch_add(&gate->unplaced, 1);
		return;
	}
	writer_enter(&agent.writers, writer);
	plan = atomic_load_explicit(&gate->plan, memory_order_acquire);
	for (uint32_t i = 0; likely(plan != NULL) && i < plan->count; i++)
		run_at(&plan->ats[i], writer, moment);
	writer_leave(writer);
}

void trace_run_burst(struct trace_gate *gate, uint32_t direction, struct rte_mbuf **packets, uint16_t count,
		     uint16_t max)
{
	struct moment moment = { .packets = packets, .count = count, .max = max, .direction = direction };

	if (count != 0 || atomic_load_explicit(&gate->empty_too, memory_order_relaxed))
		run_gate(gate, &moment);
}

void trace_run_point(struct trace_gate *gate, const uint64_t *args, uint32_t nb_args, uint32_t texts)
{
	struct moment moment = { .args = args, .nb_args = nb_args, .texts = texts };

	run_gate(gate, &moment);
}
