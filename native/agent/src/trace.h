/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A trace session of one client: programs at trace points, each writer with a context of its own. It begins as a capture
 * does (session.h): warming, until it is known which threads need contexts, then live; it ends with STOP or with
 * its client, and what it held is freed after a grace period.
 */
#ifndef HONE_TRACE_H
#define HONE_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <hone/abi.h>

#include "trace_gate.h"
#include "trace_program.h"
#include "trace_record.h"
#include "trace_writer.h"

#define TRACE_MAX_SPARES 4

struct client;

enum trace_state {
	TRACE_WARMING,
	TRACE_LIVE,
	TRACE_ENDING,
};

struct trace {
	/* The data path reads these. */
	_Atomic bool live;
	_Atomic uint32_t bank;
	struct hone_trace_memory *memory;
	uint64_t ns_a_tick; /* times 2^32 */
	uint64_t timing_ticks; /* what the timing itself takes */
	_Atomic(struct trace_writer *) by_writer[HONE_MAX_RINGS];
	_Atomic(struct trace_writer *) spares[TRACE_MAX_SPARES];
	_Atomic bool wanted[HONE_MAX_RINGS]; /* writers seen while warming */

	/* The control thread's. */
	struct trace *next;
	struct client *client; /* NULL once it is gone */
	enum trace_state state;
	uint32_t request;
	uint32_t snapshot; /* request number of the one that is under way; 0: none */
	uint64_t live_at_ns;
	int memory_fd;
	struct trace_shape shape;
	uint8_t *initial_state; /* from state_offset on; NULL: zeros */
	uint32_t nb_writers;
	uint32_t announced;
	struct trace_writer *writers[HONE_MAX_TRACE_WRITERS];
	uint32_t nb_programs;
	struct trace_program programs[HONE_MAX_PROGRAMS];
	uint32_t nb_attachments;
	struct hone_trace_attachment attachments[HONE_MAX_TRACE_ATTACHMENTS];
	struct trace_record records[HONE_MAX_TRACE_ATTACHMENTS];
	struct program_loop loops[HONE_MAX_TRACE_ATTACHMENTS]; /* made when first attached */
};

/* The body of a TRACE message. NULL with errno and a text for people when it cannot be done. */
struct trace *trace_start(struct client *client, uint32_t request, const uint8_t *body, uint32_t bytes, char *error,
			  size_t error_size);

/* trace_start.c: takes the message into a new trace. -1 with errno and a text. */
int trace_take_message(struct trace *trace, const uint8_t *body, uint32_t bytes, char *error, size_t error_size);

/* Exchanges the banks; answers SNAPPED after the grace period. */
void trace_snapshot(struct trace *trace, uint32_t request);

/* Detaches at once; frees, and answers `request` with STOPPED, after the grace period. */
void trace_stop(struct trace *trace, uint32_t request);

/* The client is gone: end without an answer. */
void trace_abandon(struct trace *trace);

/* Every 10 ms while there are traces. */
void trace_tick(struct trace *trace, uint64_t now_ns, bool look);

static inline bool trace_is_live(const struct trace *trace)
{
	return atomic_load_explicit(&trace->live, memory_order_acquire);
}

/* Data path: one call of one queue, or one hit of a point with its arguments. writer: as hook_run() has it. */
struct hook;
struct rte_mbuf;
void trace_run_burst(struct hook *hook, struct writer *writer, struct rte_mbuf **packets, uint16_t count, uint16_t max,
		     uint64_t captured_ns);

/* `texts`: bit i: args[i] is the address of a text. */
void trace_run_point(struct trace_gate *gate, const uint64_t *args, uint32_t nb_args, uint32_t texts);

/* Of a point of DPDK, how many arguments it has; bit i of `texts`: args[i] is one. */
uint32_t trace_arguments_of(uint32_t point, uint32_t *texts);

/* Writes who the thread is into its context. */
void trace_writer_introduce(struct trace_writer *writer, uint32_t tid, const char comm[16]);

#endif
