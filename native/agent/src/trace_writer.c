/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace_writer.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE 4096
#define NB_BANKS 2

static_assert(sizeof(struct hone_trace_writer) <= HONE_TRACE_BANKS && HONE_TRACE_BANKS % PAGE == 0, "banks");

static size_t state_bytes(const struct trace_shape *shape)
{
	if (shape->context_bytes <= shape->state_offset)
		return 0;
	return RTE_ALIGN(shape->context_bytes - shape->state_offset, (uint32_t)PAGE);
}

static size_t file_bytes(const struct trace_shape *shape)
{
	return HONE_TRACE_BANKS + NB_BANKS * (size_t)shape->state_offset + state_bytes(shape);
}

uint64_t trace_writer_bytes(const struct trace_shape *shape)
{
	return file_bytes(shape) + shape->ring_bytes;
}

static bool map_at(uint8_t *address, size_t bytes, int fd, size_t offset)
{
	if (bytes == 0)
		return true;
	if (mmap(address, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)offset) == MAP_FAILED)
		return false;
	/* Best effort: a minor fault later costs time, it cannot fail. */
	madvise(address, bytes, MADV_POPULATE_WRITE);
	return true;
}

static bool map_bank(struct trace_writer *writer, uint32_t bank, uint8_t *at)
{
	const struct trace_shape *shape = writer->shape;
	size_t first = HONE_TRACE_BANKS;
	size_t state = first + NB_BANKS * (size_t)shape->state_offset;

	if (mprotect(at, PAGE, PROT_READ | PROT_WRITE) != 0 ||
	    !map_at(at + PAGE, shape->state_offset, writer->fd, first + bank * (size_t)shape->state_offset) ||
	    !map_at(at + PAGE + shape->state_offset, state_bytes(shape), writer->fd, state))
		return false;
	writer->banks[bank] = (struct trace_context *)(at + PAGE);
	((struct trace_writer **)writer->banks[bank])[-1] = writer;
	return true;
}

static bool map_all(struct trace_writer *writer)
{
	const struct trace_shape *shape = writer->shape;
	size_t bank = PAGE + shape->state_offset + state_bytes(shape);
	uint8_t *base;

	writer->mapped = HONE_TRACE_BANKS + NB_BANKS * bank;
	base = mmap(NULL, writer->mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return false;
	writer->shared = (struct hone_trace_writer *)base;
	if (!map_at(base, HONE_TRACE_BANKS, writer->fd, 0) ||
	    !map_bank(writer, 0, base + HONE_TRACE_BANKS) || !map_bank(writer, 1, base + HONE_TRACE_BANKS + bank))
		return false;
	madvise(base, writer->mapped, MADV_DONTFORK);
	madvise(base, writer->mapped, MADV_DONTDUMP);
	return true;
}

static bool open_ring(struct trace_writer *writer)
{
	const struct trace_shape *shape = writer->shape;

	if (shape->records)
		writer->records = record_ring_open(writer->number, shape->ring_bytes);
	else
		writer->ring = ring_open(writer->number, shape->ring_bytes);
	return writer->records != NULL || writer->ring != NULL;
}

struct trace_writer *trace_writer_open(const struct trace_shape *shape, uint32_t number)
{
	struct trace_writer *writer = NULL;

	if (posix_memalign((void **)&writer, RTE_CACHE_LINE_SIZE, sizeof(*writer)) != 0)
		return NULL;
	*writer = (struct trace_writer){ .shape = shape, .number = number };
	writer->fd = shared_memory_open("hone-trace", file_bytes(shape));
	if (writer->fd < 0 || !map_all(writer))
		goto fail;
	if (shape->ring_bytes != 0 && !open_ring(writer))
		goto fail;
	*writer->shared = (struct hone_trace_writer){
		.magic = HONE_MAGIC,
		.abi_version = HONE_ABI_VERSION,
		.writer = number,
		.lcore = HONE_NO_LCORE,
	};
	return writer;
fail:
	trace_writer_close(writer);
	return NULL;
}

void trace_writer_close(struct trace_writer *writer)
{
	int saved = errno;

	if (writer->ring != NULL)
		ring_close(writer->ring);
	if (writer->records != NULL)
		record_ring_close(writer->records);
	if (writer->shared != NULL)
		munmap(writer->shared, writer->mapped);
	if (writer->fd >= 0)
		close(writer->fd);
	free(writer);
	errno = saved;
}
