/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "reclaim.h"

struct grace {
	struct grace *next;
	void (*work)(void *arg);
	void *arg;
	uint32_t active[HONE_MAX_RINGS];
};

void reclaim_open(struct reclaim *reclaim, struct writers *writers)
{
	reclaim->writers = writers;
	reclaim->first = NULL;
	reclaim->last = &reclaim->first;
}

int reclaim_defer(struct reclaim *reclaim, void (*work)(void *arg), void *arg)
{
	struct grace *grace = malloc(sizeof(*grace));

	if (grace == NULL)
		return -1;
	grace->next = NULL;
	grace->work = work;
	grace->arg = arg;
	writers_barrier(reclaim->writers);
	for (uint32_t i = 0; i < HONE_MAX_RINGS; i++)
		grace->active[i] = atomic_load(&reclaim->writers->places[i].active);
	*reclaim->last = grace;
	reclaim->last = &grace->next;
	return 0;
}

static bool is_over(const struct grace *grace, struct writers *writers)
{
	for (uint32_t i = 0; i < HONE_MAX_RINGS; i++) {
		uint32_t then = grace->active[i];

		if ((then & 1) && atomic_load(&writers->places[i].active) == then)
			return false;
	}
	return true;
}

bool reclaim_run(struct reclaim *reclaim)
{
	struct grace *grace;

	while ((grace = reclaim->first) != NULL && is_over(grace, reclaim->writers)) {
		reclaim->first = grace->next;
		if (reclaim->first == NULL)
			reclaim->last = &reclaim->first;
		grace->work(grace->arg);
		free(grace);
	}
	return reclaim->first != NULL;
}
