/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keyed maps of a trace context: the same slot by slot as src/bpf/context/context-map.ts, which tells how they work. What the
 * host may have written into a map changes what is found there, never where is read or written.
 */
#ifndef HONE_TRACE_MAP_H
#define HONE_TRACE_MAP_H

#include "trace_writer.h"

/* Keys of the hash: key-hash.ts says how they come from the seed. */
void trace_map_seed(struct trace_shape *shape, uint32_t seed);

/* The slot of the key at `key` of the context; slots - 1 when there is none, or no such map or key. */
uint32_t trace_map_find(const struct trace_writer *writer, const uint8_t *context, uint64_t map, uint64_t key);

/* The same, made if need be; slots - 2, counted, when there is no room. */
uint32_t trace_map_slot(const struct trace_writer *writer, uint8_t *context, uint64_t map, uint64_t key);

/* Whether the key was there. */
bool trace_map_delete(const struct trace_writer *writer, uint8_t *context, uint64_t map, uint64_t key);

#endif
