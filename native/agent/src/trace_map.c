/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_branch_prediction.h>

#include "trace_map.h"

#define MAX_PROBES 128
#define NONE UINT32_MAX

enum { EMPTY, DELETED, TAKEN };

struct entry {
	uint64_t used; /* TAKEN: the hash in the upper half */
	uint64_t key[];
};

static uint32_t mix(uint32_t value)
{
	value ^= value >> 16;
	value *= 0x85ebca6b;
	value ^= value >> 13;
	value *= 0xc2b2ae35;
	return value ^ value >> 16;
}

void trace_map_seed(struct trace_shape *shape, uint32_t seed)
{
	for (uint32_t i = 0; i < RTE_DIM(shape->hash_keys); i++)
		shape->hash_keys[i] = mix(seed + (2 * i + 1) * 0x9e3779b9) |
				      (uint64_t)mix(seed + (2 * i + 2) * 0x9e3779b9) << 32;
}

static inline uint64_t multiply_halves(uint64_t value)
{
	return (value & UINT32_MAX) * (value >> 32);
}

/* key-hash.ts */
static __rte_always_inline uint32_t hash_key(const uint64_t hash_keys[2], const uint64_t *key, uint32_t words)
{
	uint64_t state = 0;

	for (uint32_t i = 0; i < words; i++)
		state = multiply_halves(state ^ (key[i] ^ hash_keys[0]));
	state = multiply_halves(state ^ hash_keys[1]);
	return (uint32_t)(state ^ state >> 32);
}

static __rte_always_inline struct entry *entry_at(const struct trace_map *map, const uint8_t *context, uint32_t slot)
{
	return (struct entry *)(uintptr_t)(context + map->wanted.offset + (size_t)slot * map->stride);
}

static __rte_always_inline bool same_key(const uint64_t *a, const uint64_t *b, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

struct place {
	uint32_t slot; /* NONE: there is none */
	uint64_t used; /* what the entry says when the key is in it */
	bool is_there;
};

/* The slot with the key; else one that can take it. */
static __rte_always_inline struct place probe(const struct trace_shape *shape, const struct trace_map *map,
					      const uint8_t *context, const uint64_t *key, uint32_t words)
{
	const uint32_t hash = hash_key(shape->hash_keys, key, words);
	const uint32_t places = map->wanted.slots - 2;
	struct place place = { .slot = NONE, .used = TAKEN | (uint64_t)hash << 32 };
	uint32_t slot = hash & (map->wanted.slots - 1);

	if (unlikely(slot >= places))
		slot = 0;
	for (uint32_t left = RTE_MIN((uint32_t)MAX_PROBES, places); left > 0; left--) {
		const struct entry *entry = entry_at(map, context, slot);

		if (likely(entry->used == place.used) && same_key(entry->key, key, words)) {
			place.slot = slot;
			place.is_there = true;
			break;
		}
		if ((uint32_t)entry->used != TAKEN) {
			if (place.slot == NONE)
				place.slot = slot;
			if ((uint32_t)entry->used == EMPTY)
				break;
		}
		slot = slot + 1 == places ? 0 : slot + 1;
	}
	return place;
}

/* Without loops over the words of most keys. */
static __rte_always_inline struct place look(const struct trace_shape *shape, const struct trace_map *map,
					     const uint8_t *context, const uint64_t *key)
{
	switch (map->key_words) {
	case 1:
		return probe(shape, map, context, key, 1);
	case 2:
		return probe(shape, map, context, key, 2);
	default:
		return probe(shape, map, context, key, map->key_words);
	}
}

/* NULL when the program names what is not there. */
static inline const struct trace_map *map_of(const struct trace_writer *writer, uint64_t number, uint64_t key)
{
	const struct trace_shape *shape = writer->shape;

	if (unlikely(number >= shape->nb_maps || key > shape->context_bytes - 8 * shape->maps[number].key_words ||
		     key % 8 != 0))
		return NULL;
	return &shape->maps[number];
}

uint32_t trace_map_find(const struct trace_writer *writer, const uint8_t *context, uint64_t number, uint64_t at)
{
	const struct trace_map *map = map_of(writer, number, at);
	struct place place;

	if (unlikely(map == NULL))
		return 0;
	place = look(writer->shape, map, context, (const uint64_t *)(const void *)(context + at));
	return place.is_there ? place.slot : map->wanted.slots - 1;
}

uint32_t trace_map_slot(const struct trace_writer *writer, uint8_t *context, uint64_t number, uint64_t at)
{
	const struct trace_map *map = map_of(writer, number, at);
	const uint64_t *key = (const uint64_t *)(const void *)(context + at);
	struct place place;
	struct entry *entry;

	if (unlikely(map == NULL))
		return 0;
	place = look(writer->shape, map, context, key);
	if (likely(place.is_there))
		return place.slot;
	if (unlikely(place.slot == NONE)) {
		writer->shared->without_room[number]++;
		return map->wanted.slots - 2;
	}
	entry = entry_at(map, context, place.slot);
	entry->used = place.used;
	memmove(entry->key, key, 8 * map->key_words);
	return place.slot;
}

/* The slot before an empty one was deleted: then it is empty, too, and so are the deleted ones before it. */
static void forget_deleted(const struct trace_map *map, const uint8_t *context, uint32_t slot)
{
	for (uint32_t left = MAX_PROBES; left > 0; left--) {
		struct entry *entry = entry_at(map, context, slot);

		if ((uint32_t)entry->used != DELETED)
			return;
		entry->used = EMPTY;
		slot = slot == 0 ? map->wanted.slots - 3 : slot - 1;
	}
}

bool trace_map_delete(const struct trace_writer *writer, uint8_t *context, uint64_t number, uint64_t at)
{
	const struct trace_map *map = map_of(writer, number, at);
	struct entry *entry;
	struct place place;
	uint32_t next;

	if (unlikely(map == NULL))
		return false;
	place = look(writer->shape, map, context, (const uint64_t *)(const void *)(context + at));
	if (!place.is_there)
		return false;
	entry = entry_at(map, context, place.slot);
	memset(entry, 0, map->stride);
	entry->used = DELETED;
	next = place.slot + 1 == map->wanted.slots - 2 ? 0 : place.slot + 1;
	if ((uint32_t)entry_at(map, context, next)->used == EMPTY)
		forget_deleted(map, context, place.slot);
	return true;
}
