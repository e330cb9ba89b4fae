/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring in shared memory (see hone/abi.h), the writer's side. The data area is mapped twice, back to back, so
 * that a block is written in one piece across the end. All pages exist before the first write: the data path
 * takes no page fault that could fail. What the host may change (`tail`) is checked at every look.
 */
#ifndef HONE_RING_H
#define HONE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include <hone/abi.h>

#define RING_PREFETCH_AHEAD 512

struct ring {
	struct hone_ring *shared;
	uint8_t *data;
	struct hone_index_entry *index;
	struct hone_counters *counters;
	uint64_t head;
	uint64_t tail; /* as last seen: never beyond what the host gave back */
	uint64_t index_head;
	uint32_t mask;
	uint32_t index_mask;
	uint32_t number;
	int fd;
	size_t mapped;
	uint64_t *lost; /* of each hook, since the last captured packet */
	struct ring *overflow; /* the same writer's, used while this one is full; NULL: none */
} __rte_cache_aligned;

/* NULL with errno set when there is not enough memory. data_bytes is a power of two. */
struct ring *ring_open(uint32_t number, uint32_t data_bytes);
void ring_close(struct ring *ring);

/* Anonymous shared memory of exactly `bytes`, all pages present, sealed. A file descriptor or -1. */
int shared_memory_open(const char *name, size_t bytes);

/* The memory of a ring, its data area behind `front` twice; NULL with errno. Closing unmaps front + 2 * data_bytes. */
void *ring_map(int fd, size_t front, size_t data_bytes);

static inline bool ring_has_room(struct ring *ring, uint64_t head, uint32_t bytes)
{
	uint64_t size = (uint64_t)ring->mask + 1;
	uint64_t tail;

	if (likely(head + bytes - ring->tail <= size))
		return true;
	tail = __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE);
	if (unlikely(tail - ring->tail > ring->head - ring->tail))
		return false; /* outside [what we last saw, what is published]: not a tail of an honest host */
	ring->tail = tail;
	return head + bytes - tail <= size;
}

/* Bytes that surely fit behind `head`: more may have been given back since the last look. */
static inline uint64_t ring_room(const struct ring *ring, uint64_t head)
{
	return (uint64_t)ring->mask + 1 - (head - ring->tail);
}

/*
 * Asks for the lines that the blocks behind `to` will be written to: a store waits for its line, and the ring is
 * larger than the cache that is near. 64-byte packets fill two lines each. Across the end is the beginning once more.
 */
static inline void ring_prefetch(const uint8_t *to)
{
	__builtin_prefetch(to + RING_PREFETCH_AHEAD, 1);
	__builtin_prefetch(to + RING_PREFETCH_AHEAD + RTE_CACHE_LINE_SIZE, 1);
}

/* The bytes from ring->head to head, of one burst. None: nothing is published. */
static inline void ring_publish(struct ring *ring, uint64_t head, uint64_t timestamp_ns, uint32_t packets)
{
	struct hone_index_entry *entry = &ring->index[ring->index_head & ring->index_mask];

	if (packets == 0)
		return;
	entry->timestamp_ns = timestamp_ns;
	entry->bytes = (uint32_t)(head - ring->head);
	entry->packets = packets;
	ring->head = head;
	ring->index_head++;
	__atomic_store_n(&ring->shared->index_head, ring->index_head, __ATOMIC_RELEASE);
	__atomic_store_n(&ring->shared->head, head, __ATOMIC_RELEASE);
}

#endif
