/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_branch_prediction.h>

#include "ring.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

int shared_memory_open(const char *name, size_t bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)bytes) == 0 && fallocate(fd, 0, 0, (off_t)bytes) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

void *ring_map(int fd, size_t front, size_t data_bytes)
{
	size_t total = front + 2 * data_bytes;
	uint8_t *base = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	if (mmap(base, front + data_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED ||
	    mmap(base + front + data_bytes, data_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 (off_t)front) == MAP_FAILED) {
		munmap(base, total);
		return NULL;
	}
	/* Best effort: a minor fault later costs time, it cannot fail. */
	madvise(base, total, MADV_DONTFORK);
	madvise(base, total, MADV_DONTDUMP);
	madvise(base, front + data_bytes, MADV_POPULATE_WRITE);
	madvise(base + front + data_bytes, data_bytes, MADV_POPULATE_WRITE);
	return base;
}

struct ring *ring_open(uint32_t number, uint32_t data_bytes)
{
	uint32_t entries = data_bytes / HONE_RING_BYTES_PER_INDEX_ENTRY;
	size_t front = HONE_RING_INDEX + (size_t)entries * sizeof(struct hone_index_entry);
	struct ring *ring = NULL;
	uint8_t *base;

	if (posix_memalign((void **)&ring, RTE_CACHE_LINE_SIZE, sizeof(*ring)) != 0)
		return NULL;
	*ring = (struct ring){ .fd = -1, .number = number, .mask = data_bytes - 1, .index_mask = entries - 1 };
	ring->mapped = front + 2 * (size_t)data_bytes;
	ring->lost = calloc(HONE_MAX_HOOKS, sizeof(*ring->lost));
	ring->fd = ring->lost == NULL ? -1 : shared_memory_open("hone-ring", front + data_bytes);
	base = ring->fd < 0 ? NULL : ring_map(ring->fd, front, data_bytes);
	if (base == NULL) {
		ring_close(ring);
		return NULL;
	}
	ring->shared = (struct hone_ring *)base;
	ring->counters = (struct hone_counters *)(base + HONE_RING_COUNTERS);
	ring->index = (struct hone_index_entry *)(base + HONE_RING_INDEX);
	ring->data = base + front;
	ring->shared->magic = HONE_MAGIC;
	ring->shared->abi_version = HONE_ABI_VERSION;
	ring->shared->ring = number;
	ring->shared->data_bytes = data_bytes;
	ring->shared->index_entries = entries;
	return ring;
}

void ring_close(struct ring *ring)
{
	int saved = errno;

	if (ring->shared != NULL)
		munmap(ring->shared, ring->mapped);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring->lost);
	free(ring);
	errno = saved;
}
