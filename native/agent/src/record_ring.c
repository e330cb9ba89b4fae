/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record_ring.h"
#include "ring.h"

struct record_ring *record_ring_open(uint32_t number, uint32_t data_bytes)
{
	struct record_ring *ring = NULL;
	uint8_t *base;

	if (posix_memalign((void **)&ring, RTE_CACHE_LINE_SIZE, sizeof(*ring)) != 0)
		return NULL;
	*ring = (struct record_ring){
		.number = number,
		.mask = data_bytes - 1,
		.mapped = HONE_RECORD_RING_DATA + 2 * (size_t)data_bytes,
	};
	ring->fd = shared_memory_open("hone-records", HONE_RECORD_RING_DATA + (size_t)data_bytes);
	base = ring->fd < 0 ? NULL : ring_map(ring->fd, HONE_RECORD_RING_DATA, data_bytes);
	if (base == NULL) {
		record_ring_close(ring);
		return NULL;
	}
	ring->shared = (struct hone_ring *)base;
	ring->data = base + HONE_RECORD_RING_DATA;
	ring->shared->magic = HONE_MAGIC;
	ring->shared->abi_version = HONE_ABI_VERSION;
	ring->shared->ring = number;
	ring->shared->data_bytes = data_bytes;
	return ring;
}

void record_ring_close(struct record_ring *ring)
{
	int saved = errno;

	if (ring->shared != NULL)
		munmap(ring->shared, ring->mapped);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring);
	errno = saved;
}
