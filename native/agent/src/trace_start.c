/* SPDX-License-Identifier: BSD-3-Clause */
/* The TRACE message, taken apart: nothing in it is believed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "trace_map.h"

#define PAGE 4096
#define MIN_SLOTS 4

/* What is left of the message. */
struct rest {
	const uint8_t *at;
	uint32_t bytes;
};

static int refuse(char *error, size_t error_size, const char *text)
{
	snprintf(error, error_size, "TRACE: %s", text);
	errno = EINVAL;
	return -1;
}

static bool take(struct rest *rest, void *to, uint32_t bytes)
{
	if (rest->bytes < bytes)
		return false;
	memcpy(to, rest->at, bytes);
	rest->at += bytes;
	rest->bytes -= bytes;
	return true;
}

static int check_head(const struct hone_trace_start *start, char *error, size_t error_size)
{
	const uint32_t bytes = start->context_bytes;

	if (bytes < sizeof(struct trace_context) || bytes > HONE_MAX_TRACE_CONTEXT || bytes % 8 != 0)
		return refuse(error, error_size, "context_bytes must be a multiple of 8 from 2048 to 256 MiB");
	if (start->state_offset % PAGE != 0 || start->state_offset < sizeof(struct trace_context) ||
	    start->state_offset > RTE_ALIGN(bytes, (uint32_t)PAGE))
		return refuse(error, error_size, "state_offset must be a multiple of 4096, at most context_bytes");
	if (start->ring_bytes != 0 &&
	    (start->ring_bytes < HONE_MIN_RING_BYTES || start->ring_bytes > HONE_MAX_RING_BYTES ||
	     (start->ring_bytes & (start->ring_bytes - 1)) != 0))
		return refuse(error, error_size, "ring_bytes must be 0 or a power of two from 64 KiB to 1 GiB");
	if (start->nb_attachments == 0 || start->nb_attachments > HONE_MAX_TRACE_ATTACHMENTS ||
	    start->nb_maps > HONE_MAX_TRACE_MAPS || start->nb_programs > HONE_MAX_PROGRAMS)
		return refuse(error, error_size, "wrong number of attachments, maps or programs");
	return 0;
}

static int check_attachment(const struct hone_trace_start *start, const struct hone_trace_attachment *attachment,
			    char *error, size_t error_size)
{
	const bool application = attachment->point == HONE_POINT_APP;
	const bool records = (attachment->flags & HONE_TRACE_RECORDS) != 0;

	if (attachment->point < HONE_POINT_RX_POLL || attachment->point > HONE_POINT_RING_LEVEL)
		return refuse(error, error_size, "no such trace point");
	if (attachment->program >= start->nb_programs && (attachment->program != HONE_NO_PROGRAM || !records))
		return refuse(error, error_size, "no such program");
	if (attachment->port_id != HONE_ANY_PORT && attachment->port_id >= RTE_MAX_ETHPORTS)
		return refuse(error, error_size, "no such port id");
	if ((attachment->flags & ~(uint32_t)(HONE_TRACE_NEEDS_TIME | HONE_TRACE_RECORDS)) != 0)
		return refuse(error, error_size, "unknown flags");
	if (records && start->ring_bytes == 0)
		return refuse(error, error_size, "a recording needs rings");
	if (attachment->packet_bytes > HONE_MAX_TRACE_PACKET || attachment->packet_bytes % 32 != 0)
		return refuse(error, error_size, "packet_bytes must be a multiple of 32, at most 256");
	if (memchr(attachment->name, '\0', sizeof(attachment->name)) == NULL ||
	    application != (strchr(attachment->name, ':') != NULL))
		return refuse(error, error_size, "a point of the application, and only that, has a name");
	return 0;
}

static int take_attachments(struct trace *trace, const struct hone_trace_start *start, struct rest *rest, char *error,
			    size_t error_size)
{
	trace->nb_attachments = start->nb_attachments;
	for (uint32_t i = 0; i < start->nb_attachments; i++) {
		if (!take(rest, &trace->attachments[i], sizeof(trace->attachments[i])))
			return refuse(error, error_size, "the message ends inside its attachments");
		if (check_attachment(start, &trace->attachments[i], error, error_size) != 0)
			return -1;
		if ((trace->attachments[i].flags & HONE_TRACE_RECORDS) == 0)
			continue;
		trace->shape.records = true;
		if (trace_record_plan(&trace->records[i], &trace->attachments[i]) != 0)
			return refuse(error, error_size, "a record of fields that no event can have");
	}
	return 0;
}

static int take_maps(struct trace *trace, const struct hone_trace_start *start, struct rest *rest, char *error,
		     size_t error_size)
{
	trace->shape.nb_maps = start->nb_maps;
	for (uint32_t i = 0; i < start->nb_maps; i++) {
		struct trace_map *map = &trace->shape.maps[i];
		const struct hone_trace_map *wanted = &map->wanted;

		if (!take(rest, &map->wanted, sizeof(map->wanted)))
			return refuse(error, error_size, "the message ends inside its maps");
		if (wanted->slots < MIN_SLOTS || (wanted->slots & (wanted->slots - 1)) != 0 || wanted->offset % 8 != 0 ||
		    wanted->offset < sizeof(struct trace_context) || wanted->key_bytes == 0 ||
		    wanted->key_bytes > start->context_bytes || wanted->value_bytes > start->context_bytes)
			return refuse(error, error_size, "a map of a wrong shape");
		map->key_words = RTE_ALIGN(wanted->key_bytes, 8u) / 8;
		map->value_at = 8 + 8 * map->key_words;
		map->stride = map->value_at + RTE_ALIGN(wanted->value_bytes, 8u);
		if (wanted->offset + (uint64_t)wanted->slots * map->stride > start->context_bytes)
			return refuse(error, error_size, "a map that does not lie in the context");
	}
	return 0;
}

static int take_programs(struct trace *trace, const struct hone_trace_start *start, struct rest *rest, char *error,
			 size_t error_size)
{
	for (uint32_t i = 0; i < start->nb_programs; i++) {
		struct hone_start_program head;

		if (!take(rest, &head, sizeof(head)))
			return refuse(error, error_size, "the message ends inside its programs");
		if (head.nb_insns == 0 || head.nb_insns > HONE_MAX_INSNS || rest->bytes / 8 < head.nb_insns)
			return refuse(error, error_size, "wrong number of instructions");
		if (trace_program_load(&agent.program_api, rest->at, head.nb_insns, start->context_bytes,
				       &trace->programs[i], error, error_size) != 0) {
			errno = EINVAL;
			return -1;
		}
		trace->nb_programs++;
		rest->at += head.nb_insns * 8;
		rest->bytes -= head.nb_insns * 8;
	}
	return 0;
}

static int take_state(struct trace *trace, const struct hone_trace_start *start, struct rest *rest, char *error,
		      size_t error_size)
{
	if (start->nb_state_runs == 0)
		return 0;
	if (start->context_bytes <= start->state_offset)
		return refuse(error, error_size, "there is no state that could begin as something");
	trace->initial_state = calloc(1, start->context_bytes - start->state_offset);
	if (trace->initial_state == NULL) {
		snprintf(error, error_size, "no memory for the state of the trace");
		return -1;
	}
	for (uint32_t i = 0; i < start->nb_state_runs; i++) {
		struct hone_state_run run;

		if (!take(rest, &run, sizeof(run)) || run.bytes % 8 != 0 || run.offset < start->state_offset ||
		    run.offset > start->context_bytes || run.bytes > start->context_bytes - run.offset ||
		    !take(rest, trace->initial_state + (run.offset - start->state_offset), run.bytes))
			return refuse(error, error_size, "state that does not lie in the context's");
	}
	return 0;
}

int trace_take_message(struct trace *trace, const uint8_t *body, uint32_t bytes, char *error, size_t error_size)
{
	struct rest rest = { .at = body, .bytes = bytes };
	struct hone_trace_start start;

	if (!take(&rest, &start, sizeof(start)))
		return refuse(error, error_size, "the message is shorter than its fixed part");
	if (check_head(&start, error, error_size) != 0)
		return -1;
	trace->shape.context_bytes = start.context_bytes;
	trace->shape.state_offset = start.state_offset;
	trace->shape.ring_bytes = start.ring_bytes;
	trace_map_seed(&trace->shape, start.seed);
	if (take_attachments(trace, &start, &rest, error, error_size) != 0 ||
	    take_maps(trace, &start, &rest, error, error_size) != 0 ||
	    take_programs(trace, &start, &rest, error, error_size) != 0 ||
	    take_state(trace, &start, &rest, error, error_size) != 0)
		return -1;
	if (rest.bytes != 0)
		return refuse(error, error_size, "bytes behind its last part");
	return 0;
}
