/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What runs where a trace point is passed: a gate at each queue's callbacks (hook.h) and at each of the application's
 * own points (trace_point.h). Behind it stands a plan as captures have them: immutable, exchanged as a whole, freed after a
 * grace period.
 */
#ifndef HONE_TRACE_GATE_H
#define HONE_TRACE_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "trace_program.h"

struct trace;
struct trace_at;
struct trace_context;
struct trace_moment;
struct trace_record;
struct trace_writer;
struct writer;

/* Data path: all hits of one call. */
typedef void (*trace_run)(const struct trace_at *at, struct trace_writer *own, struct trace_context *context,
			  struct trace_moment *moment);

/* What one attachment does at one gate. */
struct trace_at {
	struct trace *trace;
	trace_run run; /* trace_run_of() */
	uint32_t point;
	uint32_t number; /* of the attachment in its trace */
	uint32_t arguments; /* bit i: args[i] is looked at */
	uint16_t packet_bytes;
	uint16_t port_id;
	uint16_t queue_id;
	bool of_packets; /* hit once for each */
	bool of_empty;	 /* hit by a call without packets, too */
	bool needs_time;
	bool records; /* hits that match are counted and, with `record`, written */
	uintptr_t loop; /* a loop_of_packets of the program; 0: it is called for each packet */
	struct trace_program program; /* none: every hit matches */
	const struct trace_record *record; /* what is written; NULL: nothing */
};

/*
 * Where the first attachment leads, for the first thread that has come with it this far: what it would have to go a long way
 * for at every hit, one address behind the other. It is written once, by that thread, and holds for as long as the plan is there.
 */
struct trace_trail {
	_Atomic(const struct writer *) writer; /* whose it is; NULL: nobody's yet, and nothing else of it may be read */
	struct trace_writer *own;
	struct hone_trace_cost *cost;
	struct trace_context *banks[2];
	const _Atomic uint32_t *bank;
	uint8_t calls; /* which of them are timed */
	_Atomic bool taken;
};

/* But for the trail it does not change. Of the first attachment, what every hit looks at is on one line of the cache. */
struct trace_plan {
	uint32_t count;
	struct trace_trail trail;
	struct trace_at ats[];
} __rte_cache_aligned;
static_assert(offsetof(struct trace_plan, ats) == RTE_CACHE_LINE_SIZE, "trace_plan");
static_assert(offsetof(struct trace_at, program.exec) <= RTE_CACHE_LINE_SIZE, "trace_at");

struct trace_gate {
	_Atomic(struct trace_plan *) plan;
	_Atomic bool empty_too;	   /* run for empty bursts */
	_Atomic uint64_t unplaced; /* calls of threads beyond HONE_MAX_RINGS */
};

/* Control thread: the loop for an attachment that is otherwise complete. */
struct program_loop trace_loop_of(const struct trace_at *at);

/* Control thread: how an attachment that is otherwise complete is run. */
trace_run trace_run_of(const struct trace_at *at);

/* Control thread. -1 when there is no memory. */
int trace_gate_add(struct trace_gate *gate, const struct trace_at *ats, uint32_t count);
void trace_gate_remove(struct trace_gate *gate, const struct trace *trace);
bool trace_gate_has(const struct trace_gate *gate, const struct trace *trace);

/* Control thread, when a trace goes live: empty bursts are needed no more to learn who polls. */
void trace_gate_settle(struct trace_gate *gate);

#endif
