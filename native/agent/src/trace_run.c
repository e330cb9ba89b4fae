/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path of traces: what happened into the context of the calling thread, then the program. Never blocks, never
 * allocates, never logs.
 */
#include <sys/prctl.h>

#include "trace_moment.h"
#include "trace_record.h"

#define CALLS_A_SAMPLE 64

/* How often the attachment is hit by this call. */
static uint32_t hits_of(const struct trace_at *at, const struct trace_moment *moment)
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
	case HONE_POINT_PORT_STATE:
	case HONE_POINT_PORT_STATS:
		return at->port_id == HONE_ANY_PORT || at->port_id == moment->args[PORT];
	case HONE_POINT_QUEUE_STATE:
		return (at->port_id == HONE_ANY_PORT || at->port_id == moment->args[PORT]) &&
		       (at->queue_id == HONE_ANY_QUEUE || at->queue_id == moment->args[QUEUE]);
	default:
		return 1;
	}
}

static void run_burst(const struct trace_at *at, struct trace_context *context, const struct trace_moment *moment)
{
	trace_fill_burst(context->args, at, moment);
	trace_program_run(&at->program, context);
}

static __rte_always_inline void run_each(const struct trace_at *at, struct trace_context *context,
					 const struct trace_moment *moment, uint32_t bytes, uint32_t used,
					 uint64_t (*jit)(void *context))
{
	struct rte_mbuf **packets = moment->packets;
	const uint32_t count = moment->count;

#pragma GCC unroll 4
	for (uint32_t i = 0; i < count; i++) {
		if (bytes != 0)
			trace_copy_head(context, packets[i], bytes);
		if (used != 0)
			trace_fill_packet(context->args, used, moment, (uint16_t)i);
		if (jit != NULL)
			jit(context);
		else
			trace_program_run(&at->program, context);
	}
}

static void run_packets(const struct trace_at *at, struct trace_context *context, const struct trace_moment *moment)
{
	const uint32_t used = at->arguments & TRACE_OF_EACH_PACKET;
	uint64_t (*const jit)(void *context) = at->program.jit;

	context->args[PORT] = at->port_id;
	context->args[QUEUE] = at->queue_id;
	if (unlikely(jit == NULL))
		run_each(at, context, moment, at->packet_bytes, used, NULL);
	else if (used == 0 && at->packet_bytes == 0)
		run_each(at, context, moment, 0, 0, jit);
	else if (used == 0 && at->packet_bytes == 32)
		run_each(at, context, moment, 32, 0, jit);
	else
		run_each(at, context, moment, at->packet_bytes, used, jit);
}

static void run_point(const struct trace_at *at, struct trace_context *context, const struct trace_moment *moment)
{
	trace_fill_point(context, moment);
	trace_program_run(&at->program, context);
}

static void run_program(const struct trace_at *at, struct trace_context *context, struct trace_moment *moment)
{
	if (at->needs_time)
		context->time_ns = trace_time(moment);
	switch (at->point) {
	case HONE_POINT_RX_POLL:
	case HONE_POINT_RX_BURST:
	case HONE_POINT_TX_BURST:
		run_burst(at, context, moment);
		break;
	case HONE_POINT_RX_PACKET:
	case HONE_POINT_TX_PACKET:
		run_packets(at, context, moment);
		break;
	default:
		run_point(at, context, moment);
		break;
	}
}

static inline void run_hits(const struct trace_at *at, struct trace_writer *own, struct trace_moment *moment)
{
	struct trace_context *context = own->banks[atomic_load_explicit(&at->trace->bank, memory_order_relaxed)];

	if (at->records)
		trace_record_hits(at, own, context, moment);
	else
		run_program(at, context, moment);
}

/* No program takes so long. */
#define LONGEST_NS_A_HIT 10000

static __attribute__((noinline)) void run_timed(const struct trace_at *at, struct trace_writer *own,
						struct trace_moment *moment, uint32_t hits)
{
	struct hone_trace_cost *cost = &own->shared->costs[at->number];
	uint64_t begin = rte_rdtsc();
	uint64_t ticks, ns;

	run_hits(at, own, moment);
	ticks = rte_rdtsc() - begin;
	ticks -= RTE_MIN(ticks, at->trace->timing_ticks);
	ns = (uint64_t)((unsigned __int128)ticks * at->trace->ns_a_tick >> 32);
	/* The thread was interrupted: that is no price of the program. */
	if (ns > (uint64_t)hits * LONGEST_NS_A_HIT)
		return;
	cost->sampled_hits += hits;
	cost->sampled_ns += ns;
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

static inline void run_at(const struct trace_at *at, const struct writer *writer, struct trace_moment *moment)
{
	struct trace *trace = at->trace;
	struct trace_writer *own;
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
	own->shared->costs[at->number].hits += hits;
	if (unlikely(++own->calls[at->number] % CALLS_A_SAMPLE == 0))
		run_timed(at, own, moment, hits);
	else
		run_hits(at, own, moment);
}

/* The way of the first attachment, once the writer has its memory. */
static __attribute__((noinline)) void learn_trail(struct trail *trail, const struct trace_plan *plan,
						  const struct writer *writer)
{
	const struct trace_at *at = &plan->ats[0];
	_Atomic(struct trace_writer *) *place = &at->trace->by_writer[writer->index];
	struct trace_writer *own = atomic_load_explicit(place, memory_order_acquire);
	struct trace_context *context;

	if (own == NULL)
		return;
	context = own->banks[atomic_load_explicit(&at->trace->bank, memory_order_relaxed)];
	*trail = (struct trail){
		.plan_number = plan->number,
		.writer_index = writer->index,
		.plan = plan,
		.lines = { at->trace, place, own, &own->shared->costs[at->number], context, context + 1 },
	};
}

/* trail: of a queue's gate, which one thread at a time comes to; else NULL. */
static void run_gate(struct trace_gate *gate, struct trail *trail, struct writer *writer, struct trace_moment *moment)
{
	const struct trace_plan *plan;

	/* Odd before we enter: a signal's handler came in between. It must not disturb what it interrupted. */
	if (unlikely(writer == NULL || (atomic_load_explicit(&writer->active, memory_order_relaxed) & 1))) {
		atomic_fetch_add(&gate->unplaced, 1);
		return;
	}
	writer_enter(writer);
	moment->first_packet_id = writer_next_packet_id(writer);
	plan = atomic_load_explicit(&gate->plan, memory_order_acquire);
	for (uint32_t i = 0; likely(plan != NULL) && i < plan->count; i++)
		run_at(&plan->ats[i], writer, moment);
	if (trail != NULL && likely(plan != NULL) && unlikely(!trail_leads(trail, plan->number, writer->index)))
		learn_trail(trail, plan, writer);
	writer_leave(writer);
}

void trace_run_burst(struct hook *hook, struct writer *writer, struct rte_mbuf **packets, uint16_t count, uint16_t max,
		     uint64_t captured_ns)
{
	struct trace_moment moment = {
		.packets = packets, .count = count, .max = max, .direction = hook->direction, .captured_ns = captured_ns,
	};

	run_gate(&hook->traces, &hook->trace_trail, writer, &moment);
}

void trace_run_point(struct trace_gate *gate, const uint64_t *args, uint32_t nb_args, uint32_t texts)
{
	struct trace_moment moment = { .args = args, .nb_args = nb_args, .texts = texts };

	run_gate(gate, NULL, writer_claim(&agent.writers), &moment);
}
