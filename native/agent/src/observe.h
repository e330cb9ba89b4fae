/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trace points that nobody passes: states of ports and queues, counters and levels, looked at ten times a second while some trace
 * wants to know. A thread of the agent's own looks, and passes the points like any other thread: what it calls takes
 * locks of DPDK, and the control thread must never wait for one.
 */
#ifndef HONE_OBSERVE_H
#define HONE_OBSERVE_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <hone/abi.h>

#include "trace_gate.h"

#define OBSERVED_FIRST HONE_POINT_PORT_STATE
#define NB_OBSERVED (HONE_POINT_RING_LEVEL - OBSERVED_FIRST + 1)

struct observer {
	struct trace_gate gates[NB_OBSERVED];
	sem_t wake;
	_Atomic bool looks; /* from being woken to the end of the look */
	_Atomic bool anew;  /* somebody has begun to listen: states are told again */
	bool running;	    /* the control thread's */
};

/* The gate of an observed point; NULL of any other. */
struct trace_gate *observe_gate(uint32_t point);

/* Control thread: somebody listens from now on. -1 when there is no thread for it. */
int observe_begin(void);

/* Control thread, ten times a second: wakes the observer if somebody listens and it is not still looking. */
void observe_wake(void);

/* The observer's: whether anybody listens, and a hit. Bit i of `texts`: args[i] is the address of a text. */
bool observe_is_wanted(uint32_t point);
void observe_hit(uint32_t point, const uint64_t *args, uint32_t nb_args, uint32_t texts);

/* observe_ports.c, observe_levels.c: one look. */
void observe_ports(bool anew);
void observe_levels(void);

#endif
