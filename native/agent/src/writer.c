/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "writer.h"

__thread struct writer *writer_own;

void writers_open(struct writers *writers)
{
	bool fences = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0;

	for (uint32_t i = 0; i < HONE_MAX_RINGS; i++)
		writers->places[i] = (struct writer){ .index = i, .fences = fences };
}

void writers_barrier(const struct writers *writers)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (!writers->places[0].fences)
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

struct writer *writer_find_place(struct writers *writers)
{
	uint32_t tid = (uint32_t)syscall(SYS_gettid);

	for (uint32_t i = 0; i < HONE_MAX_RINGS; i++) {
		struct writer *place = &writers->places[i];
		uint32_t nobody = 0;

		if (!atomic_compare_exchange_strong(&place->tid, &nobody, tid))
			continue;
		writer_own = place;
		return place;
	}
	return NULL;
}

void writers_take_back_dead(struct writers *writers)
{
	pid_t pid = getpid();

	for (uint32_t i = 0; i < HONE_MAX_RINGS; i++) {
		struct writer *place = &writers->places[i];
		uint32_t tid = atomic_load(&place->tid);

		if (tid == 0 || syscall(SYS_tgkill, pid, tid, 0) == 0 || errno != ESRCH)
			continue;
		/* A thread that was cancelled inside a hook will never leave it. */
		if (atomic_load(&place->active) & 1)
			atomic_fetch_add(&place->active, 1);
		atomic_store(&place->tid, 0);
	}
}
