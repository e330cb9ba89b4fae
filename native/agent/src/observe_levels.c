/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dpdk:mempool_level and ring_level. Both lists have a lock in memory that all processes of the application share, which is held for
 * reading while the numbers are copied, and no longer: points are passed afterwards.
 */
#include <stdio.h>

#include "agent.h"

#define MAX_LEVELS 512 /* of each kind; what is beyond is not told */

struct level {
	char name[HONE_FIELD_TEXT];
	uint32_t count;
	uint32_t size;
};

static struct level levels[MAX_LEVELS]; /* the observer's */
static uint32_t nb_levels;

static void keep(const char *name, uint32_t count, uint32_t size)
{
	struct level *level = &levels[nb_levels];

	if (nb_levels == MAX_LEVELS)
		return;
	snprintf(level->name, sizeof(level->name), "%s", name);
	level->count = count;
	level->size = size;
	nb_levels++;
}

static void keep_mempool(struct rte_mempool *pool, void *arg)
{
	(void)arg;
	keep(pool->name, agent.dpdk.rte_mempool_avail_count(pool), pool->size);
}

static void walk_rings(void)
{
	const struct rte_tailq_entry_head *list;
	const struct rte_tailq_entry *entry;
	struct rte_tailq_head *head;

	agent.dpdk.rte_mcfg_tailq_read_lock();
	head = agent.dpdk.rte_eal_tailq_lookup(RTE_TAILQ_RING_NAME);
	list = head == NULL ? NULL : RTE_TAILQ_CAST(head, rte_tailq_entry_head);
	if (list != NULL) {
		TAILQ_FOREACH(entry, list, next) {
			const struct rte_ring *ring = entry->data;

			keep(ring->name, rte_ring_count(ring), ring->capacity);
		}
	}
	agent.dpdk.rte_mcfg_tailq_read_unlock();
}

static void tell(uint32_t point)
{
	for (uint32_t i = 0; i < nb_levels; i++) {
		const uint64_t args[] = { (uintptr_t)levels[i].name, levels[i].count, levels[i].size };

		observe_hit(point, args, RTE_DIM(args), 1);
	}
	nb_levels = 0;
}

void observe_levels(void)
{
	const struct dpdk *dpdk = &agent.dpdk;

	if (observe_is_wanted(HONE_POINT_MEMPOOL_LEVEL) && dpdk->rte_mempool_walk != NULL &&
	    dpdk->rte_mempool_avail_count != NULL) {
		dpdk->rte_mempool_walk(keep_mempool, NULL);
		tell(HONE_POINT_MEMPOOL_LEVEL);
	}
	if (observe_is_wanted(HONE_POINT_RING_LEVEL) && dpdk->rte_eal_tailq_lookup != NULL &&
	    dpdk->rte_mcfg_tailq_read_lock != NULL && dpdk->rte_mcfg_tailq_read_unlock != NULL) {
		walk_rings();
		tell(HONE_POINT_RING_LEVEL);
	}
}
