/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a hook's bursts lead: from its plan to what counts, one address behind the other. An application's own packets have
 * pushed all of it out of the nearest cache by the next burst, and to wait for one line after the other is a good part of what
 * a burst costs. So a hook remembers the way, and asks for all of it at once. Nothing is read by it: an address that was
 * freed meanwhile does no harm.
 */
#ifndef HONE_TRAIL_H
#define HONE_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#define TRAIL_LINES 6

struct trail {
	/* It is the way of this plan and this writer. Another plan may come to lie where a freed one was: each has its number. */
	uint32_t plan_number; /* 0: of none */
	uint32_t writer_index;
	const void *plan;
	const void *lines[TRAIL_LINES]; /* NULL: none */
} __rte_cache_aligned;
static_assert(sizeof(struct trail) == RTE_CACHE_LINE_SIZE, "trail");

static inline void trail_prefetch(const struct trail *trail)
{
	__builtin_prefetch(trail->plan);
	for (int i = 0; i < TRAIL_LINES; i++)
		__builtin_prefetch(trail->lines[i], 1);
}

static inline bool trail_leads(const struct trail *trail, uint32_t plan_number, uint32_t writer_index)
{
	return trail->plan_number == plan_number && trail->writer_index == writer_index;
}

#endif
