/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent.h"

struct trace_gate *observe_gate(uint32_t point)
{
	return point < OBSERVED_FIRST || point >= OBSERVED_FIRST + NB_OBSERVED ?
		       NULL :
		       &agent.observer.gates[point - OBSERVED_FIRST];
}

bool observe_is_wanted(uint32_t point)
{
	return atomic_load_explicit(&observe_gate(point)->plan, memory_order_relaxed) != NULL;
}

void observe_hit(uint32_t point, const uint64_t *args, uint32_t nb_args, uint32_t texts)
{
	trace_run_point(observe_gate(point), args, nb_args, texts);
}

static bool is_wanted_at_all(void)
{
	for (uint32_t i = 0; i < NB_OBSERVED; i++)
		if (observe_is_wanted(OBSERVED_FIRST + i))
			return true;
	return false;
}

/*
 * rte_eal_cleanup() unmaps what ports, mempools and rings lie in, and nobody is told. The heads of the EAL's lists lie in
 * the memory that goes last: where it is not mapped any more, there is nothing left to look at.
 */
static bool eal_is_there(void)
{
	static uintptr_t page;
	unsigned char resident;

	if (agent.dpdk.rte_eal_tailq_lookup == NULL)
		return true;
	if (page == 0)
		page = (uintptr_t)agent.dpdk.rte_eal_tailq_lookup(RTE_TAILQ_RING_NAME) & ~((uintptr_t)getpagesize() - 1);
	return page == 0 || mincore((void *)page, 1, &resident) == 0;
}

static void *observe(void *arg)
{
	struct observer *observer = arg;

	pthread_setname_np(pthread_self(), "hone-observer");
	for (;;) {
		while (sem_wait(&observer->wake) != 0)
			continue;
		if (!eal_is_there())
			return NULL; /* `looks` stays: nobody wakes it again */
		observe_ports(atomic_exchange(&observer->anew, false));
		observe_levels();
		atomic_store(&observer->looks, false);
	}
}

static int start_thread(struct observer *observer)
{
	pthread_t thread;

	if (sem_init(&observer->wake, 0, 0) != 0 || pthread_create(&thread, NULL, observe, observer) != 0)
		return -1;
	pthread_detach(thread);
	return 0;
}

int observe_begin(void)
{
	struct observer *observer = &agent.observer;

	/* The control thread's mask of signals and its processors are the new thread's, too. */
	if (!observer->running && start_thread(observer) != 0)
		return -1;
	observer->running = true;
	atomic_store(&observer->anew, true);
	observe_wake();
	return 0;
}

void observe_wake(void)
{
	struct observer *observer = &agent.observer;

	if (observer->running && is_wanted_at_all() && !atomic_exchange(&observer->looks, true))
		sem_post(&observer->wake);
}
