/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path of traces: what happened into the context of the calling thread, then the program. Never blocks, never
 * allocates, never logs.
 */
#include <sys/prctl.h>

#include "trace_moment.h"
#include "trace_record.h"

#define CALLS_A_SAMPLE 64

/* Of a point that has no packets: how often the attachment is hit by this call. */
static inline uint32_t point_hits(const struct trace_at *at, const struct trace_moment *moment)
{
	switch (at->point) {
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

/* Of a queue's. */
static inline uint32_t queue_hits(const struct trace_at *at, const struct trace_moment *moment)
{
	if (at->of_packets)
		return moment->count;
	return moment->count != 0 || at->of_empty;
}

static void run_burst(const struct trace_at *at, struct trace_writer *own, struct trace_context *context,
		      struct trace_moment *moment)
{
	(void)own;
	trace_fill_burst(context->args, at, moment);
	trace_program_run(&at->program, context);
}

static void run_point(const struct trace_at *at, struct trace_writer *own, struct trace_context *context,
		      struct trace_moment *moment)
{
	(void)own;
	trace_fill_point(context, moment);
	trace_program_run(&at->program, context);
}

static void run_packets(const struct trace_at *at, struct trace_writer *own, struct trace_context *context,
			struct trace_moment *moment)
{
	const uint32_t used = at->arguments & TRACE_OF_EACH_PACKET;
	const uint32_t bytes = at->packet_bytes;

	(void)own;
	context->args[PORT] = at->port_id;
	context->args[QUEUE] = at->queue_id;
	for (uint32_t i = 0; i < moment->count; i++) {
		if (bytes != 0)
			trace_copy_head(context, moment->packets[i], bytes);
		if (used != 0)
			trace_fill_packet(context->args, used, moment, (uint16_t)i);
		trace_program_run(&at->program, context);
	}
}

/* By a loop of native code. */
static void run_loop(const struct trace_at *at, struct trace_writer *own, struct trace_context *context,
		     struct trace_moment *moment)
{
	(void)own;
	context->args[PORT] = at->port_id;
	context->args[QUEUE] = at->queue_id;
	((loop_of_packets)at->loop)(context, moment->packets, moment->packets + moment->count);
}

static void gather_and_run(struct trace_context *context, const struct rte_mbuf *mbuf, uint32_t packet_bytes,
			   uint64_t (*jit)(void *context))
{
	trace_gather_head(context, mbuf, packet_bytes);
	context->args[LEN] = mbuf->pkt_len;
	jit(context);
}

struct program_loop trace_loop_of(const struct trace_at *at)
{
	const uint32_t used = at->arguments & TRACE_OF_EACH_PACKET;
	const struct rte_bpf_jit jit = { .func = at->program.jit, .sz = at->program.jit_bytes };

	if (!at->of_packets || at->records || jit.func == NULL || (used & ~TRACE_BIT(LEN)) != 0)
		return (struct program_loop){ 0 };
	if (at->packet_bytes == 0 && used == 0)
		return program_loop_counted(&jit);
	return program_loop_of_heads(&jit, at->packet_bytes, used != 0, gather_and_run);
}

trace_run trace_run_of(const struct trace_at *at)
{
	if (at->records)
		return trace_record_hits;
	switch (at->point) {
	case HONE_POINT_RX_POLL:
	case HONE_POINT_RX_BURST:
	case HONE_POINT_TX_BURST:
		return run_burst;
	case HONE_POINT_RX_PACKET:
	case HONE_POINT_TX_PACKET:
		return at->loop == 0 ? run_packets : run_loop;
	default:
		return run_point;
	}
}

static inline void run_hits(const struct trace_at *at, struct trace_writer *own, struct trace_context *context,
			    struct trace_moment *moment)
{
	if (unlikely(at->needs_time))
		context->time_ns = trace_time(moment);
	at->run(at, own, context, moment);
}

/* No program takes so long. */
#define LONGEST_NS_A_HIT 10000

static __attribute__((noinline)) void run_timed(const struct trace_at *at, struct trace_writer *own,
						struct trace_context *context, struct trace_moment *moment, uint32_t hits)
{
	struct hone_trace_cost *cost = &own->shared->costs[at->number];
	uint64_t begin = rte_rdtsc();
	uint64_t ticks, ns;

	run_hits(at, own, context, moment);
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

/* `calls` tells which of them are timed. */
static __rte_always_inline void run_and_count(const struct trace_at *at, struct trace_writer *own,
					      struct trace_context *context, struct hone_trace_cost *cost, uint8_t *calls,
					      struct trace_moment *moment, uint32_t hits)
{
	cost->hits += hits;
	if (unlikely(++*calls % CALLS_A_SAMPLE == 0))
		run_timed(at, own, context, moment, hits);
	else
		run_hits(at, own, context, moment);
}

static __rte_always_inline void run_at(const struct trace_at *at, const struct writer *writer, struct trace_moment *moment,
				       bool of_queue)
{
	struct trace *trace = at->trace;
	struct trace_context *context;
	struct trace_writer *own;
	uint32_t hits;

	if (unlikely(!trace_is_live(trace))) {
		atomic_store_explicit(&trace->wanted[writer->index], true, memory_order_relaxed);
		return;
	}
	hits = of_queue ? queue_hits(at, moment) : point_hits(at, moment);
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
	run_and_count(at, own, context, &own->shared->costs[at->number], &own->calls[at->number], moment, hits);
}

/* The plan's trail, if it is nobody's yet and the writer has its memory: that is not taken back while the plan is there. */
static __attribute__((noinline)) void learn_trail(struct trace_plan *plan, const struct writer *writer)
{
	const struct trace_at *at = &plan->ats[0];
	struct trace_writer *own = atomic_load_explicit(&at->trace->by_writer[writer->index], memory_order_acquire);
	struct trace_trail *trail = &plan->trail;

	if (!trace_is_live(at->trace) || own == NULL || atomic_exchange(&trail->taken, true))
		return;
	trail->own = own;
	trail->cost = &own->shared->costs[at->number];
	trail->banks[0] = own->banks[0];
	trail->banks[1] = own->banks[1];
	trail->bank = &at->trace->bank;
	atomic_store_explicit(&trail->writer, writer, memory_order_release);
}

static __rte_always_inline void run_trail(struct trace_trail *trail, const struct trace_at *at, struct trace_moment *moment,
					  bool of_queue)
{
	struct trace_context *context = trail->banks[atomic_load_explicit(trail->bank, memory_order_relaxed)];
	const uint32_t hits = of_queue ? queue_hits(at, moment) : point_hits(at, moment);

	if (likely(hits != 0))
		run_and_count(at, trail->own, context, trail->cost, &trail->calls, moment, hits);
}

/* Without a place for the thread, or where a signal's handler came in between: it must not disturb what it interrupted. */
static inline bool may_enter(const struct writer *writer)
{
	return likely(writer != NULL && (atomic_load_explicit(&writer->active, memory_order_relaxed) & 1) == 0);
}

static __rte_always_inline void run_gate(struct trace_gate *gate, struct writer *writer, struct trace_moment *moment,
					 bool of_queue)
{
	struct trace_plan *plan;
	uint32_t i = 0;

	if (!may_enter(writer)) {
		atomic_fetch_add(&gate->unplaced, 1);
		return;
	}
	writer_enter(writer);
	moment->first_packet_id = writer_next_packet_id(writer);
	plan = atomic_load_explicit(&gate->plan, memory_order_acquire);
	if (likely(plan != NULL)) {
		if (likely(atomic_load_explicit(&plan->trail.writer, memory_order_acquire) == writer))
			run_trail(&plan->trail, &plan->ats[i++], moment, of_queue);
		else if (unlikely(!atomic_load_explicit(&plan->trail.taken, memory_order_relaxed)))
			learn_trail(plan, writer);
		for (; i < plan->count; i++)
			run_at(&plan->ats[i], writer, moment, of_queue);
	}
	writer_leave(writer);
}

void trace_run_burst(struct hook *hook, struct writer *writer, struct rte_mbuf **packets, uint16_t count, uint16_t max,
		     uint64_t captured_ns)
{
	struct trace_moment moment = {
		.packets = packets, .count = count, .max = max, .direction = hook->direction, .captured_ns = captured_ns,
	};

	run_gate(&hook->traces, writer, &moment, true);
}

void trace_run_point(struct trace_gate *gate, const uint64_t *args, uint32_t nb_args, uint32_t texts)
{
	struct trace_moment moment = { .args = args, .nb_args = nb_args, .texts = texts };

	run_gate(gate, writer_claim(&agent.writers), &moment, false);
}
