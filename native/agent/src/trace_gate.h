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
struct trace_record;

/* What one attachment does at one gate. */
struct trace_at {
	struct trace *trace;
	uint32_t point;
	uint32_t number; /* of the attachment in its trace */
	uint32_t arguments; /* bit i: args[i] is looked at */
	uint16_t packet_bytes;
	uint16_t port_id;
	uint16_t queue_id;
	bool needs_time;
	bool records; /* hits that match are counted and, with `record`, written */
	struct trace_program program; /* none: every hit matches */
	const struct trace_record *record; /* what is written; NULL: nothing */
};

/* Of the first attachment, what every hit looks at is on one line of the cache. */
struct trace_plan {
	uint32_t count;
	uint32_t number; /* from 1 on, another for each */
	struct trace_at ats[];
} __rte_cache_aligned;
static_assert(offsetof(struct trace_plan, ats) + offsetof(struct trace_at, program.exec) <= RTE_CACHE_LINE_SIZE, "trace_at");

struct trace_gate {
	_Atomic(struct trace_plan *) plan;
	_Atomic bool empty_too;	   /* run for empty bursts */
	_Atomic uint64_t unplaced; /* calls of threads beyond HONE_MAX_RINGS */
};

/* Control thread. -1 when there is no memory. */
int trace_gate_add(struct trace_gate *gate, const struct trace_at *ats, uint32_t count);
void trace_gate_remove(struct trace_gate *gate, const struct trace *trace);
bool trace_gate_has(const struct trace_gate *gate, const struct trace *trace);

/* Control thread, when a trace goes live: empty bursts are needed no more to learn who polls. */
void trace_gate_settle(struct trace_gate *gate);

#endif
