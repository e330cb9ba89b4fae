/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writers: the application's threads, each with a place of its own from its first burst on. `active` is odd
 * while the thread is inside a hook: what was unlinked before all writers were seen even (or moved on) can be
 * freed. Threads need not be EAL lcores. Places of dead threads are taken back by the control thread.
 */
#ifndef HONE_WRITER_H
#define HONE_WRITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_branch_prediction.h>

#include <hone/abi.h>

struct writer {
	_Atomic uint32_t active;
	_Atomic uint32_t tid; /* 0: free */
	uint32_t index;
	bool fences; /* every enter is a full barrier, as the kernel has none to give to all threads at once */
	uint64_t packets; /* that have passed its hooks; never reset: numbers of packets come from it */
} __rte_cache_aligned;

struct writers {
	struct writer places[HONE_MAX_RINGS];
};

/* The calling thread's place; NULL before its first burst, and while all are taken. */
extern __thread struct writer *writer_own;

/* Before any thread enters. */
void writers_open(struct writers *writers);

/* A place for a thread that has none. */
struct writer *writer_find_place(struct writers *writers);

/* The calling thread's place; NULL when all are taken. */
static inline struct writer *writer_claim(struct writers *writers)
{
	struct writer *own = writer_own;

	return likely(own != NULL) ? own : writer_find_place(writers);
}

/* The number of the packet that the thread's hooks see next (hone/abi.h). */
static inline uint64_t writer_next_packet_id(const struct writer *writer)
{
	return ((uint64_t)(writer->index + 1) << 48) + writer->packets;
}

/*
 * From enter to leave nothing that a hook can reach is freed: either the control thread sees `active` odd, or this
 * thread sees what the control thread unlinked before it looked. The barrier that this takes is the control thread's:
 * it has the kernel put one into every running thread (membarrier(2)). Here only the compiler is held back.
 */
static inline void writer_enter(struct writer *writer)
{
	uint32_t active = atomic_load_explicit(&writer->active, memory_order_relaxed);

	atomic_store_explicit(&writer->active, active + 1, memory_order_relaxed);
	if (unlikely(writer->fences))
		atomic_thread_fence(memory_order_seq_cst);
	else
		atomic_signal_fence(memory_order_seq_cst);
}

static inline void writer_leave(struct writer *writer)
{
	uint32_t active = atomic_load_explicit(&writer->active, memory_order_relaxed);

	atomic_store_explicit(&writer->active, active + 1, memory_order_release);
}

/* Control thread: what was unlinked before is seen by every thread that enters after, or that thread is seen inside. */
void writers_barrier(const struct writers *writers);

/* Control thread. */
void writers_take_back_dead(struct writers *writers);

#endif
