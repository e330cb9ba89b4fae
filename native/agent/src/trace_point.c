/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include <hone/trace.h>

#include "agent.h"

#define NOTE_NAME "hone"
#define NOTE_TYPE 1
#define NOTE_FIXED (8 + 1 + HONE_MAX_POINT_ARGS)

struct trace_sink {
	struct hone_trace_sink base; /* first: what hooks point to */
	struct trace_gate gate;
	struct trace_sink *next;
	struct hone_point info;
	uint32_t texts; /* bit i: argument i is one */
};

static void run(struct hone_trace_sink *base, const uint64_t *values)
{
	struct trace_sink *sink = (struct trace_sink *)base;

	if (likely(atomic_load_explicit(&sink->gate.plan, memory_order_relaxed) != NULL))
		trace_run_point(&sink->gate, values, sink->info.nb_args, sink->texts);
}

static bool is_named(const struct trace_sink *sink, const char *name)
{
	size_t length = strlen(sink->info.provider);

	return strncmp(name, sink->info.provider, length) == 0 && name[length] == ':' &&
	       strcmp(name + length + 1, sink->info.name) == 0;
}

static struct trace_sink *sink_named(const struct trace_points *points, const char *name)
{
	for (struct trace_sink *sink = points->first; sink != NULL; sink = sink->next)
		if (is_named(sink, name))
			return sink;
	return NULL;
}

/* The next string of a note; false when it does not end in there or is too long to keep. */
static bool take_string(const char **at, const char *end, char *to, size_t room)
{
	size_t length = strnlen(*at, (size_t)(end - *at));

	if (*at + length == end || length >= room)
		return false;
	memcpy(to, *at, length);
	*at += length + 1;
	return true;
}

static bool parse_note(const uint8_t *desc, uint32_t bytes, struct hone_point *info)
{
	const char *at = (const char *)desc + NOTE_FIXED;
	const char *end = (const char *)desc + bytes;

	memset(info, 0, sizeof(*info));
	if (bytes < NOTE_FIXED || desc[8] > HONE_MAX_POINT_ARGS)
		return false;
	info->nb_args = desc[8];
	memcpy(info->types, desc + 9, HONE_MAX_POINT_ARGS);
	return take_string(&at, end, info->provider, sizeof(info->provider)) &&
	       take_string(&at, end, info->name, sizeof(info->name)) &&
	       take_string(&at, end, info->args, sizeof(info->args));
}

/* The sink of the point, made if it is the first of its name; NULL when one of that name has other arguments. */
static struct trace_sink *sink_for(struct trace_points *points, const struct hone_point *info)
{
	struct trace_sink *sink;

	for (sink = points->first; sink != NULL; sink = sink->next)
		if (strcmp(sink->info.provider, info->provider) == 0 && strcmp(sink->info.name, info->name) == 0)
			return sink->info.nb_args == info->nb_args &&
			       memcmp(sink->info.types, info->types, sizeof(info->types)) == 0 ? sink : NULL;
	sink = calloc(1, sizeof(*sink));
	if (sink == NULL)
		return NULL;
	sink->base.run = run;
	sink->info = *info;
	for (uint32_t i = 0; i < info->nb_args; i++)
		if (info->types[i] & HONE_ARGUMENT_TEXT)
			sink->texts |= 1u << i;
	sink->next = points->first;
	points->first = sink;
	points->count++;
	return sink;
}

static bool lies_in(const struct dl_phdr_info *object, uintptr_t address, size_t bytes, uint32_t flags)
{
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t begin = object->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && (segment->p_flags & flags) == flags && address >= begin &&
		    bytes <= segment->p_memsz && address - begin <= segment->p_memsz - bytes)
			return true;
	}
	return false;
}

static void visit_note(struct trace_points *points, const struct dl_phdr_info *object, const uint8_t *desc,
		       uint32_t bytes)
{
	struct hone_point info;
	struct trace_sink *sink;
	struct hone_trace_sink *wanted;
	uintptr_t hook;
	int64_t distance;

	if (!parse_note(desc, bytes, &info))
		return;
	memcpy(&distance, desc, sizeof(distance));
	hook = (uintptr_t)desc + (uintptr_t)distance;
	if (hook % sizeof(void *) != 0 || !lies_in(object, hook, sizeof(void *), PF_R | PF_W))
		return;
	sink = sink_for(points, &info);
	if (sink == NULL)
		return;
	wanted = atomic_load(&sink->gate.plan) == NULL ? NULL : &sink->base;
	if (*(struct hone_trace_sink **)hook != wanted)
		__atomic_store_n((struct hone_trace_sink **)hook, wanted, __ATOMIC_RELEASE);
}

static void visit_notes(struct trace_points *points, const struct dl_phdr_info *object, const ElfW(Phdr) *segment)
{
	const uint8_t *at = (const uint8_t *)(object->dlpi_addr + segment->p_vaddr);
	const size_t align = segment->p_align == 8 ? 8 : 4;
	size_t left = segment->p_memsz;

	if (!lies_in(object, (uintptr_t)at, left, PF_R))
		return;
	while (left >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) head;
		size_t desc, end;

		memcpy(&head, at, sizeof(head));
		desc = RTE_ALIGN(sizeof(head) + (size_t)head.n_namesz, align);
		end = RTE_ALIGN(desc + head.n_descsz, align);
		if (head.n_namesz > left || head.n_descsz > left || desc + head.n_descsz > left)
			return;
		if (head.n_type == NOTE_TYPE && head.n_namesz == sizeof(NOTE_NAME) &&
		    memcmp(at + sizeof(head), NOTE_NAME, sizeof(NOTE_NAME)) == 0)
			visit_note(points, object, at + desc, head.n_descsz);
		end = RTE_MIN(end, left);
		at += end;
		left -= end;
	}
}

static int visit_object(struct dl_phdr_info *object, size_t size, void *arg)
{
	struct trace_points *points = arg;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_NOTE)
			visit_notes(points, object, &object->dlpi_phdr[i]);
	return 0;
}

static int count_loaded(struct dl_phdr_info *object, size_t size, void *arg)
{
	(void)size;
	*(uint64_t *)arg = object->dlpi_adds + object->dlpi_subs;
	return 1;
}

void trace_points_find(struct trace_points *points)
{
	uint64_t loaded = 0;

	dl_iterate_phdr(count_loaded, &loaded);
	if (loaded == points->loaded)
		return;
	points->loaded = loaded;
	dl_iterate_phdr(visit_object, points);
}

bool trace_points_have(const struct trace_points *points, const char *name)
{
	return sink_named(points, name) != NULL;
}

void trace_points_arguments(const struct trace_points *points, const char *name, uint32_t *nb_args, uint32_t *texts)
{
	const struct trace_sink *sink = sink_named(points, name);

	*nb_args = sink->info.nb_args;
	*texts = sink->texts;
}

static bool is_attached(const struct trace_gate *gate, const struct trace_at *at)
{
	const struct trace_plan *plan = atomic_load(&gate->plan);

	for (uint32_t i = 0; plan != NULL && i < plan->count; i++)
		if (plan->ats[i].trace == at->trace && plan->ats[i].number == at->number)
			return true;
	return false;
}

int trace_point_attach(struct trace_points *points, const char *name, const struct trace_at *at)
{
	struct trace_sink *sink = sink_named(points, name);

	if (sink == NULL) {
		errno = ENOENT;
		return -1;
	}
	if (is_attached(&sink->gate, at))
		return 0;
	if (trace_gate_add(&sink->gate, at, 1) != 0) {
		errno = ENOMEM;
		return -1;
	}
	dl_iterate_phdr(visit_object, points);
	return 0;
}

void trace_points_detach(struct trace_points *points, const struct trace *trace)
{
	bool changed = false;

	for (struct trace_sink *sink = points->first; sink != NULL; sink = sink->next) {
		if (!trace_gate_has(&sink->gate, trace))
			continue;
		trace_gate_remove(&sink->gate, trace);
		changed = true;
	}
	if (changed)
		dl_iterate_phdr(visit_object, points);
}

uint64_t trace_points_take_unplaced(struct trace_points *points, const struct trace *trace)
{
	uint64_t unplaced = 0;

	for (struct trace_sink *sink = points->first; sink != NULL; sink = sink->next)
		if (trace_gate_has(&sink->gate, trace))
			unplaced += atomic_exchange(&sink->gate.unplaced, 0);
	return unplaced;
}

uint32_t trace_points_list(const struct trace_points *points, struct hone_point *to, uint32_t room)
{
	uint32_t count = 0;

	for (struct trace_sink *sink = points->first; sink != NULL && count < room; sink = sink->next)
		to[count++] = sink->info;
	return count;
}

void trace_points_forget(struct trace_points *points)
{
	for (struct trace_sink *sink = points->first; sink != NULL; sink = sink->next)
		atomic_store(&sink->gate.plan, NULL);
}
