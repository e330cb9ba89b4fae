/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deferred work of the control thread: what runs once every writer that was inside a hook at the time of
 * the call has left it. Whoever calls has unlinked the thing before, so that nobody can find it any more.
 */
#ifndef HONE_RECLAIM_H
#define HONE_RECLAIM_H

#include "writer.h"

struct grace;

struct reclaim {
	struct writers *writers;
	struct grace *first;
	struct grace **last;
};

void reclaim_open(struct reclaim *reclaim, struct writers *writers);

/* Runs work(arg) later; when there is no memory to remember it, arg is leaked and -1 returned. */
int reclaim_defer(struct reclaim *reclaim, void (*work)(void *arg), void *arg);

/* Runs what has become safe, in the order of the calls. True while some is left. */
bool reclaim_run(struct reclaim *reclaim);

#endif
