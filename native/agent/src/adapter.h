/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The adapter's own arrival times: an mbuf carries one in a dynamic field, in a unit that only the driver knows.
 * They are used when they can be tied to the system's clock: by rte_eth_read_clock, or because the driver
 * is known to give microseconds since 1970. All else falls back to the time of the burst.
 */
#ifndef HONE_ADAPTER_H
#define HONE_ADAPTER_H

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "clock.h"

enum adapter_time {
	ADAPTER_NONE,
	ADAPTER_EPOCH_US,
	ADAPTER_TICKS,
};

struct adapter {
	_Atomic int time;
	struct clock clock; /* ADAPTER_TICKS: its anchors count the adapter's ticks */
	uint64_t first_ticks;
	uint64_t first_ns;
};

struct adapters {
	_Atomic uint64_t flag; /* in ol_flags; 0: no driver of this process sets times */
	int offset;	       /* of the field, set before flag */
	struct adapter ports[RTE_MAX_ETHPORTS];
};

struct dpdk;

/* Control thread: looks for the dynamic field and measures the port's clock; again from time to time. */
void adapter_update(struct adapters *adapters, const struct dpdk *dpdk, struct clock *clock, uint16_t port_id);

#define ADAPTER_TRUST_NS 10000000000ull

/* In ol_flags of an mbuf that has a time; 0: none has. */
static inline uint64_t adapter_time_flag(struct adapters *adapters)
{
	return atomic_load_explicit(&adapters->flag, memory_order_acquire);
}

static inline uint64_t adapter_time_ns(struct adapters *adapters, const struct rte_mbuf *mbuf, uint64_t burst_ns)
{
	struct adapter *adapter;
	uint64_t value, ns;

	if (likely((mbuf->ol_flags & adapter_time_flag(adapters)) == 0) || mbuf->port >= RTE_MAX_ETHPORTS)
		return burst_ns;
	adapter = &adapters->ports[mbuf->port];
	value = *RTE_MBUF_DYNFIELD(mbuf, adapters->offset, const uint64_t *);
	switch (atomic_load_explicit(&adapter->time, memory_order_acquire)) {
	case ADAPTER_EPOCH_US:
		return value * 1000;
	case ADAPTER_TICKS:
		/* A wrong time is worse than a late one: not in the future, not long ago. */
		ns = clock_ns(&adapter->clock, value);
		return ns <= burst_ns + 1000000 && burst_ns - ns < ADAPTER_TRUST_NS ? ns : burst_ns;
	default:
		return burst_ns;
	}
}

#endif
