/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring of finished CTF event records in shared memory (hone/abi.h: Recordings), the writer's side. It has no index: what the
 * host has to know of its records stands in the one word that publishes them. Stores may reach 8 bytes behind a record:
 * there is always as much room more.
 */
#ifndef HONE_RECORD_RING_H
#define HONE_RECORD_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include <hone/abi.h>

#define RECORD_RING_SLACK 8
#define RECORD_RING_PREFETCH_AHEAD 256

struct record_ring {
	uint8_t *data;
	uint64_t head;	  /* a position of 64 bits */
	uint64_t tail;	  /* as last seen: never beyond what the host gave back */
	uint64_t last_ns; /* of the last record */
	struct hone_ring *shared;
	uint32_t mask;
	uint32_t number;
	int fd;
	size_t mapped;
} __rte_cache_aligned;

/* NULL with errno set when there is not enough memory. data_bytes is a power of two. */
struct record_ring *record_ring_open(uint32_t number, uint32_t data_bytes);
void record_ring_close(struct record_ring *ring);

/* The time of a record that is written now: no record is older than the one before it, even when the clock is set back. */
static inline uint64_t record_ring_time(struct record_ring *ring, uint64_t now_ns)
{
	if (likely(now_ns > ring->last_ns))
		ring->last_ns = now_ns;
	return ring->last_ns;
}

static inline bool record_ring_has_room(struct record_ring *ring, uint64_t head, uint32_t bytes)
{
	const uint64_t size = (uint64_t)ring->mask + 1;
	const uint64_t end = head + bytes + RECORD_RING_SLACK;
	uint64_t tail;

	if (likely(end - ring->tail <= size))
		return true;
	tail = __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE);
	if (unlikely(tail - ring->tail > ring->head - ring->tail))
		return false; /* outside [what we last saw, what is published]: not a tail of an honest host */
	ring->tail = tail;
	return end - tail <= size;
}

static inline uint8_t *record_ring_at(const struct record_ring *ring, uint64_t head)
{
	uint8_t *at = ring->data + (head & ring->mask);

	/* In the copy behind it where the ring goes round. A store waits for its line. */
	__builtin_prefetch(at + RECORD_RING_PREFETCH_AHEAD, 1);
	return at;
}

/* The bytes from ring->head to head, whole records, of which the last one has last_bytes. */
static inline void record_ring_publish(struct record_ring *ring, uint64_t head, uint32_t last_bytes)
{
	const uint64_t position = head & ((1ull << HONE_RECORD_LENGTH_SHIFT) - 1);

	ring->head = head;
	__atomic_store_n(&ring->shared->head, position | (uint64_t)last_bytes << HONE_RECORD_LENGTH_SHIFT,
			 __ATOMIC_RELEASE);
}

#endif
