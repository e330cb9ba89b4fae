/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_branch_prediction.h>

#include "trace_map.h"

#define MAX_PROBES 128
#define NONE UINT32_MAX

enum { EMPTY, DELETED, TAKEN };

struct entry {
	uint32_t used;
	uint32_t hash;
	uint32_t key[];
};

static inline uint32_t rotate(uint32_t value, unsigned int by)
{
	return value << by | value >> (32 - by);
}

struct sip {
	uint32_t v0, v1, v2, v3;
};

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 5) ^ s->v0;
	s->v0 = rotate(s->v0, 16);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 8) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 7) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v2;
	s->v2 = rotate(s->v2, 16);
}

/* HalfSipHash-1-3: key-hash.ts. */
static inline uint32_t hash_key(uint32_t seed, const uint32_t *key, uint32_t words)
{
	struct sip s = {
		.v0 = seed, .v1 = 0x07060504, .v2 = 0x6c796765 ^ seed, .v3 = 0x74656462 ^ 0x07060504
	};

	for (uint32_t i = 0; i < words; i++) {
		s.v3 ^= key[i];
		sip_round(&s);
		s.v0 ^= key[i];
	}
	s.v3 ^= words << 26;
	sip_round(&s);
	s.v0 ^= words << 26;
	s.v2 ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.v1 ^ s.v3;
}

static inline struct entry *entry_at(const struct trace_map *map, const uint8_t *context, uint32_t slot)
{
	return (struct entry *)(uintptr_t)(context + map->wanted.offset + (size_t)slot * map->stride);
}

static inline bool same_key(const uint32_t *a, const uint32_t *b, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

/* The slot with the key; else, for a new key, one that can take it; else NONE. */
static inline uint32_t probe(const struct trace_map *map, const uint8_t *context, const uint32_t *key, uint32_t hash,
			     bool is_new)
{
	uint32_t places = map->wanted.slots - 2;
	uint32_t slot = hash & (map->wanted.slots - 1);
	uint32_t free_slot = NONE;

	if (slot >= places)
		slot = 0;
	for (uint32_t left = RTE_MIN((uint32_t)MAX_PROBES, places); left > 0; left--) {
		const struct entry *entry = entry_at(map, context, slot);
		uint32_t used = entry->used;

		if (likely(used == TAKEN)) {
			if (entry->hash == hash && same_key(entry->key, key, map->key_words))
				return slot;
		} else {
			if (free_slot == NONE)
				free_slot = slot;
			if (used == EMPTY)
				break;
		}
		slot = slot + 1 == places ? 0 : slot + 1;
	}
	return is_new ? free_slot : NONE;
}

/* NULL when the program names what is not there. */
static inline const struct trace_map *map_of(const struct trace_writer *writer, uint64_t number, uint64_t key)
{
	const struct trace_shape *shape = writer->shape;

	if (unlikely(number >= shape->nb_maps || key > shape->context_bytes - 4 * shape->maps[number].key_words ||
		     key % 8 != 0))
		return NULL;
	return &shape->maps[number];
}

uint32_t trace_map_find(const struct trace_writer *writer, const uint8_t *context, uint64_t number, uint64_t at)
{
	const struct trace_map *map = map_of(writer, number, at);
	const uint32_t *key = (const uint32_t *)(context + at);
	uint32_t slot;

	if (unlikely(map == NULL))
		return 0;
	slot = probe(map, context, key, hash_key(writer->shape->seed, key, map->key_words), false);
	return slot == NONE ? map->wanted.slots - 1 : slot;
}

uint32_t trace_map_slot(const struct trace_writer *writer, uint8_t *context, uint64_t number, uint64_t at)
{
	const struct trace_map *map = map_of(writer, number, at);
	const uint32_t *key = (const uint32_t *)(context + at);
	struct entry *entry;
	uint32_t hash, slot;

	if (unlikely(map == NULL))
		return 0;
	hash = hash_key(writer->shape->seed, key, map->key_words);
	slot = probe(map, context, key, hash, true);
	if (unlikely(slot == NONE)) {
		writer->shared->without_room[number]++;
		return map->wanted.slots - 2;
	}
	entry = entry_at(map, context, slot);
	if (unlikely(entry->used != TAKEN)) {
		entry->used = TAKEN;
		entry->hash = hash;
		memmove(entry->key, key, 4 * map->key_words);
	}
	return slot;
}

/* The slot before an empty one was deleted: then it is empty, too, and so are the deleted ones before it. */
static void forget_deleted(const struct trace_map *map, const uint8_t *context, uint32_t slot)
{
	for (uint32_t left = MAX_PROBES; left > 0; left--) {
		struct entry *entry = entry_at(map, context, slot);

		if (entry->used != DELETED)
			return;
		entry->used = EMPTY;
		slot = slot == 0 ? map->wanted.slots - 3 : slot - 1;
	}
}

bool trace_map_delete(const struct trace_writer *writer, uint8_t *context, uint64_t number, uint64_t at)
{
	const struct trace_map *map = map_of(writer, number, at);
	const uint32_t *key = (const uint32_t *)(context + at);
	struct entry *entry;
	uint32_t slot;

	if (unlikely(map == NULL))
		return false;
	slot = probe(map, context, key, hash_key(writer->shape->seed, key, map->key_words), false);
	if (slot == NONE)
		return false;
	entry = entry_at(map, context, slot);
	memset(entry, 0, map->stride);
	entry->used = DELETED;
	if (entry_at(map, context, slot + 1 == map->wanted.slots - 2 ? 0 : slot + 1)->used == EMPTY)
		forget_deleted(map, context, slot);
	return true;
}
