/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hooks: our rx (first) and tx (last) callbacks, one for each queue and direction. A callback is installed
 * when first needed and its memory is never freed; what it does is a plan behind one atomic pointer, NULL while
 * nobody captures, and a gate for traces beside it. A plan is immutable: changes make a new one, the old one is freed after a grace period.
 */
#ifndef HONE_HOOK_H
#define HONE_HOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "block.h"
#include "reclaim.h"
#include "trace_gate.h"
#include "writer.h"

struct program;
struct ring;
struct session;

/* What one session does at one hook. */
struct attachment {
	struct session *session;
	const struct program *program; /* NULL: every packet matches */
	struct block_source source;
	uint32_t interface;
	uint32_t number; /* of the hook in the session's tables */
	uint32_t snaplen;
	uint32_t direction;
	uint64_t tag_flags;  /* ol_flags that say a VLAN tag is not in the frame */
	uint64_t hash_flag;  /* ol_flags that say hash.rss is set */
	bool meta;
	bool adapter_clock;
};

/* Where the first attachment leads, as struct trace_trail. */
struct plan_trail {
	_Atomic(const struct writer *) writer; /* whose it is; NULL: nobody's yet, and the ring may not be read */
	struct ring *ring;
	_Atomic bool taken;
};

/* But for the trail it does not change. */
struct plan {
	uint32_t count;
	struct plan_trail trail;
	struct attachment attachments[];
} __rte_cache_aligned;

struct hook {
	_Atomic(struct plan *) plan;
	_Atomic bool warming;	    /* look even at empty bursts: who polls here needs a ring */
	_Atomic bool removed;	    /* the port was closed */
	_Atomic uint64_t unplaced; /* packets of threads beyond HONE_MAX_RINGS */
	struct trace_gate traces;
	uint16_t port_id;
	uint16_t queue_id;
	uint32_t direction;
	const void *callback;
	struct hook *next; /* the list only grows; a hook is complete before it is linked */
};

struct hooks {
	_Atomic(struct hook *) first;
	_Atomic uint32_t closings[RTE_MAX_ETHPORTS]; /* times that the port id was closed */
};

/* Control thread: the hook, installed now if it was not. NULL with errno: EINVAL when there is no such queue. */
struct hook *hook_install(uint16_t port_id, uint16_t queue_id, uint32_t direction);

/* Control thread; -1 when there is no memory. */
int hook_attach(struct hook *hook, const struct attachment *attachment);
void hook_detach(struct hook *hook, const struct session *session);

/* Any thread, when the port is about to be released: unlinks its callbacks. */
void hooks_forget_port(uint16_t port_id);

/*
 * Data path: one burst of one queue through all sessions of the plan. The time that its packets have in them; 0: none has it.
 * writer: the calling thread's place, NULL when it has none.
 */
uint64_t hook_run(struct hook *hook, struct writer *writer, struct rte_mbuf **packets, uint16_t count);

#endif
