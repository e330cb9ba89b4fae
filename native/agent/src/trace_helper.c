/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What trace programs call. librte_bpf's native code for x86 leaves the stack where it happens to be, not on a multiple of 16
 * as compiled functions expect: so each of these aligns it.
 */
#include <string.h>

#include <rte_cycles.h>

#include "agent.h"
#include "trace_map.h"
#include "trace_program.h"

#define MAX_EVENT 65536
#define RECORD_HEAD 8

#if defined(__x86_64__)
#define HELPER __attribute__((force_align_arg_pointer))
#else
#define HELPER
#endif

HELPER static uint64_t map_slot(uint64_t context, uint64_t map, uint64_t key, uint64_t d, uint64_t e)
{
	(void)d;
	(void)e;
	return trace_map_slot(trace_writer_of((void *)context), (uint8_t *)context, map, key);
}

HELPER static uint64_t map_find(uint64_t context, uint64_t map, uint64_t key, uint64_t d, uint64_t e)
{
	(void)d;
	(void)e;
	return trace_map_find(trace_writer_of((void *)context), (const uint8_t *)context, map, key);
}

HELPER static uint64_t map_delete(uint64_t context, uint64_t map, uint64_t key, uint64_t d, uint64_t e)
{
	(void)d;
	(void)e;
	return trace_map_delete(trace_writer_of((void *)context), (uint8_t *)context, map, key);
}

static bool write_event(struct ring *ring, const uint8_t *event, uint32_t bytes)
{
	uint32_t record = RTE_MAX(RTE_ALIGN(RECORD_HEAD + bytes, 8u), (uint32_t)HONE_RING_BYTES_PER_INDEX_ENTRY);
	uint8_t *to = ring->data + (ring->head & ring->mask);
	const uint32_t head[2] = { record, 0 };
	uint64_t now_ns;
	bool fits;

	__atomic_store_n(&ring->shared->active, 1, __ATOMIC_RELEASE);
	now_ns = clock_ns(&agent.clock, rte_rdtsc());
	fits = ring_has_room(ring, ring->head, record);
	if (likely(fits)) {
		memcpy(to, head, RECORD_HEAD);
		memcpy(to + RECORD_HEAD, event, bytes);
		memset(to + RECORD_HEAD + bytes, 0, record - RECORD_HEAD - bytes);
		ring_publish(ring, ring->head + record, now_ns, 1);
	}
	__atomic_store_n(&ring->shared->active, 0, __ATOMIC_RELEASE);
	return fits;
}

HELPER static uint64_t emit(uint64_t context, uint64_t offset, uint64_t bytes, uint64_t d, uint64_t e)
{
	struct trace_writer *writer = trace_writer_of((void *)context);
	uint32_t context_bytes = writer->shape->context_bytes;

	(void)d;
	(void)e;
	if (likely(writer->ring != NULL && bytes <= MAX_EVENT && bytes <= context_bytes &&
		   offset <= context_bytes - bytes &&
		   write_event(writer->ring, (const uint8_t *)context + offset, (uint32_t)bytes)))
		return 1;
	writer->shared->lost_events++;
	return 0;
}

const program_helper trace_helpers[TRACE_NB_HELPERS] = { map_slot, map_find, map_delete, emit };
