/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The application's own trace points (hone/trace.h), found by their ELF notes in every loaded object. Points of the same
 * provider and name share a sink, which is made once and never freed: a thread may still call it when its hooks
 * are taken out. Hooks are looked for anew whenever they change, in objects that the loader holds still meanwhile, so that
 * nothing is written where a library was.
 */
#ifndef HONE_TRACE_POINT_TABLE_H
#define HONE_TRACE_POINT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <hone/abi.h>

#include "trace_gate.h"

struct trace_sink;

struct trace_points {
	struct trace_sink *first; /* the list only grows */
	uint32_t count;
	uint64_t loaded; /* objects loaded and unloaded at the last look */
};

/* Control thread, all of these. Looks for points in objects that are new, and sets their hooks. */
void trace_points_find(struct trace_points *points);

/* By "PROVIDER:NAME". */
bool trace_points_have(const struct trace_points *points, const char *name);

/* Of a point that is there: how many arguments it has, and (bit i) which of them are texts. */
void trace_points_arguments(const struct trace_points *points, const char *name, uint32_t *nb_args, uint32_t *texts);

/* Once for each attachment, again and again. 0, or -1 with ENOENT or ENOMEM. */
int trace_point_attach(struct trace_points *points, const char *name, const struct trace_at *at);
void trace_points_detach(struct trace_points *points, const struct trace *trace);

/* Calls that found no place for their thread since the last look. */
uint64_t trace_points_take_unplaced(struct trace_points *points, const struct trace *trace);

/* Copies at most `room` descriptions; how many there are. */
uint32_t trace_points_list(const struct trace_points *points, struct hone_point *to, uint32_t room);

/* In a child of fork: nothing runs any more. */
void trace_points_forget(struct trace_points *points);

#endif
