/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs trace programs on contexts with librte_bpf, both its native code and its interpreter, and with the agent's interpreter,
 * behind the agent's check and with the agent's keyed maps, for trace-programs.test.ts. Reads one little-endian stream:
 *
 *   u32 cases; each:
 *     u32 context bytes, u32 seed, u32 maps, each a struct hone_trace_map
 *     u32 programs; each: u32 instructions, then 8 bytes each
 *     u32 hits; each: u32 program, then the first 448 bytes of the context
 *
 * Writes for each case u32 bytes of a refusal, then those bytes; where there are none, for each of the three engines:
 *     u32 words, each u32 index and u64 value: the words of the context from its maps on that are not 0
 *     u64 for each map: updates without room
 *     u32 bytes of events, then these, each with a u32 length in front
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_map.h"
#include "trace_program.h"
#include "harness-input.h"

#define HEAD_BYTES 448
#define MAPS_OFFSET 2048
#define PAGE 4096
#define MAX_PROGRAMS 16
#define MAX_EVENTS (1 << 20)

static uint8_t events[MAX_EVENTS];
static uint32_t events_bytes;

static void put(const void *from, size_t bytes)
{
	fwrite(from, bytes, 1, stdout);
}

static void put32(uint32_t value)
{
	put(&value, sizeof(value));
}

static struct trace_writer *writer_of(uint64_t context)
{
	return trace_writer_of((const struct trace_context *)(uintptr_t)context);
}

/* librte_bpf's native code does not align the stack. */
#define HELPER __attribute__((force_align_arg_pointer)) static uint64_t

HELPER map_slot(uint64_t context, uint64_t map, uint64_t key, uint64_t d, uint64_t e)
{
	(void)d;
	(void)e;
	return trace_map_slot(writer_of(context), (uint8_t *)(uintptr_t)context, map, key);
}

HELPER map_find(uint64_t context, uint64_t map, uint64_t key, uint64_t d, uint64_t e)
{
	(void)d;
	(void)e;
	return trace_map_find(writer_of(context), (const uint8_t *)(uintptr_t)context, map, key);
}

HELPER map_delete(uint64_t context, uint64_t map, uint64_t key, uint64_t d, uint64_t e)
{
	(void)d;
	(void)e;
	return trace_map_delete(writer_of(context), (uint8_t *)(uintptr_t)context, map, key);
}

HELPER emit(uint64_t context, uint64_t offset, uint64_t bytes, uint64_t d, uint64_t e)
{
	uint32_t length = (uint32_t)bytes;

	(void)d;
	(void)e;
	if (events_bytes + sizeof(length) + length > sizeof(events))
		return 0;
	memcpy(events + events_bytes, &length, sizeof(length));
	memcpy(events + events_bytes + sizeof(length), (const uint8_t *)(uintptr_t)context + offset, length);
	events_bytes += sizeof(length) + length;
	return 1;
}

const program_helper trace_helpers[TRACE_NB_HELPERS] = { map_slot, map_find, map_delete, emit };

static void put_context(const uint8_t *context, uint32_t bytes)
{
	const uint64_t *words = (const uint64_t *)(const void *)context;
	uint32_t count = 0;

	for (uint32_t i = MAPS_OFFSET / 8; i < bytes / 8; i++)
		count += words[i] != 0;
	put32(count);
	for (uint32_t i = MAPS_OFFSET / 8; i < bytes / 8; i++) {
		if (words[i] == 0)
			continue;
		put32(i);
		put(&words[i], sizeof(words[i]));
	}
}

static void run_case(void)
{
	const struct program_api apis[] = {
		{ .load = rte_bpf_load, .destroy = rte_bpf_destroy, .get_jit = rte_bpf_get_jit, .exec = rte_bpf_exec },
		{ .load = rte_bpf_load, .destroy = rte_bpf_destroy, .exec = rte_bpf_exec },
		{ 0 },
	};
	static struct trace_shape shape;
	static struct hone_trace_writer shared;
	struct trace_program programs[RTE_DIM(apis)][MAX_PROGRAMS];
	char error[256] = "";
	uint32_t nb_programs, nb_hits;
	uint8_t *hits;

	memset(&shape, 0, sizeof(shape));
	shape.context_bytes = take32();
	trace_map_seed(&shape, take32());
	shape.nb_maps = take32();
	for (uint32_t i = 0; i < shape.nb_maps; i++) {
		struct trace_map *map = &shape.maps[i];

		take(&map->wanted, sizeof(map->wanted));
		map->value_at = 8 + RTE_ALIGN(map->wanted.key_bytes, 8u);
		map->stride = map->value_at + RTE_ALIGN(map->wanted.value_bytes, 8u);
		map->key_words = (map->value_at - 8) / 8;
	}
	nb_programs = take32();
	if (nb_programs > MAX_PROGRAMS)
		abort();
	for (uint32_t i = 0; i < nb_programs; i++) {
		uint32_t nb_insns = take32();
		uint8_t *insns = malloc(nb_insns * 8 + 1);

		take(insns + 1, nb_insns * 8);
		for (uint32_t j = 0; j < RTE_DIM(apis); j++)
			if (error[0] == '\0')
				trace_program_load(&apis[j], insns + 1, nb_insns, shape.context_bytes, &programs[j][i],
						   error, sizeof(error));
		if (error[0] == '\0' && programs[0][i].jit == NULL)
			snprintf(error, sizeof(error), "there is no native code");
		free(insns);
	}
	nb_hits = take32();
	hits = malloc((size_t)nb_hits * (HEAD_BYTES + 4) + 1);
	take(hits, (size_t)nb_hits * (HEAD_BYTES + 4));
	put32((uint32_t)strlen(error));
	put(error, strlen(error));
	for (uint32_t j = 0; error[0] == '\0' && j < RTE_DIM(apis); j++) {
		uint8_t *memory = aligned_alloc(PAGE, PAGE + RTE_ALIGN(shape.context_bytes, PAGE));
		uint8_t *context = memory + PAGE;
		struct trace_writer writer = { .shape = &shape, .shared = &shared };

		memset(memory, 0, PAGE + shape.context_bytes);
		memset(&shared, 0, sizeof(shared));
		((struct trace_writer **)(void *)context)[-1] = &writer;
		events_bytes = 0;
		for (uint32_t i = 0; i < nb_hits; i++) {
			const uint8_t *hit = hits + (size_t)i * (HEAD_BYTES + 4);
			uint32_t program;

			memcpy(&program, hit, sizeof(program));
			memcpy(context, hit + sizeof(program), HEAD_BYTES);
			trace_program_run(&programs[j][program], context);
		}
		put_context(context, shape.context_bytes);
		for (uint32_t i = 0; i < shape.nb_maps; i++)
			put(&shared.without_room[i], sizeof(uint64_t));
		put32(events_bytes);
		put(events, events_bytes);
		free(memory);
		for (uint32_t i = 0; i < nb_programs; i++)
			trace_program_unload(&apis[j], &programs[j][i]);
	}
	free(hits);
}

int main(void)
{
	uint32_t cases = take32();

	for (uint32_t i = 0; i < cases; i++)
		run_case();
	return 0;
}
