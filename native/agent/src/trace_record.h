/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an attachment of a recording writes of a hit: one CTF event (hone/abi.h: Recordings), as a list of copies that is made
 * once, when the trace is asked for.
 */
#ifndef HONE_TRACE_RECORD_H
#define HONE_TRACE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include <hone/abi.h>

#define TRACE_RECORD_HEAD 10 /* event id, time */

struct trace_at;
struct trace_context;
struct trace_moment;
struct trace_writer;

struct trace_record {
	uint16_t event_id;
	uint16_t bytes; /* of the whole record; with texts, the most that it takes */
	uint8_t nb_fields;
	bool has_texts;
	uint32_t arguments; /* bit i: args[i] is written */
	uint32_t texts;	    /* bit i: as a text */
	struct {
		uint8_t argument;
		uint8_t bytes; /* 1, 2, 4, 8 or HONE_FIELD_TEXT */
		uint16_t at;   /* from the record's start, where there are no texts */
	} fields[HONE_MAX_RECORD_FIELDS];
};

/* Control thread: takes the record of an attachment apart. -1 for fields that no event can have. */
int trace_record_plan(struct trace_record *record, const struct hone_trace_attachment *attachment);

/*
 * Control thread: whether the point has such arguments: `texts` as texts, all others as integers. What is read of a hit is
 * bounded by this.
 */
bool trace_record_fits(const struct trace_record *record, uint32_t nb_args, uint32_t texts);

/* Data path: all hits of one call. Counts matched, and lost_events where the ring has no room. */
void trace_record_hits(const struct trace_at *at, struct trace_writer *own, struct trace_context *context,
		       struct trace_moment *moment);

#endif
