/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dpdk:port_state, queue_state and port_stats. A port that is stopped may be taken apart at any moment: of such a one only its link
 * is asked for. The order of arguments is that of src/tracepoints/dpdk-points.ts.
 */
#include <string.h>

#include "agent.h"

enum port_state { ADDED = 1, REMOVED, LINK_UP, LINK_DOWN, STARTED, STOPPED };

#define UNKNOWN 0xff

struct seen_port {
	bool is_there;
	uint8_t link;	 /* LINK_UP, LINK_DOWN or UNKNOWN */
	uint8_t started; /* STARTED, STOPPED or UNKNOWN */
	uint32_t closings; /* of the port id, when it was first seen */
	uint8_t queues[2][RTE_MAX_QUEUES_PER_PORT]; /* RTE_ETH_QUEUE_STATE_... or UNKNOWN */
};

static struct seen_port seen[RTE_MAX_ETHPORTS]; /* the observer's */

static void tell_state(uint16_t id, enum port_state state, uint32_t speed_mbps)
{
	const uint64_t args[] = { id, state, speed_mbps };

	observe_hit(HONE_POINT_PORT_STATE, args, RTE_DIM(args), 0);
}

/* While a port is stopped ethdev has both directions share an empty list of callbacks. */
static uint8_t started_of(uint16_t id)
{
	const struct rte_eth_fp_ops *ops;

	if (agent.dpdk.rte_eth_fp_ops == NULL)
		return UNKNOWN;
	ops = &(*agent.dpdk.rte_eth_fp_ops)[id];
	return ops->rxq.clbk == ops->txq.clbk ? STOPPED : STARTED;
}

static void forget(struct seen_port *port)
{
	memset(port, 0, sizeof(*port));
	memset(port->queues, UNKNOWN, sizeof(port->queues));
	port->link = UNKNOWN;
	port->started = UNKNOWN;
}

static void look_at_state(uint16_t id, struct seen_port *port, uint8_t started)
{
	struct rte_eth_link link = { 0 };
	uint8_t state = UNKNOWN;

	if (agent.dpdk.rte_eth_link_get_nowait(id, &link) == 0)
		state = link.link_status == RTE_ETH_LINK_UP ? LINK_UP : LINK_DOWN;
	if (!port->is_there)
		tell_state(id, ADDED, link.link_speed);
	if (started != port->started && started != UNKNOWN)
		tell_state(id, started, link.link_speed);
	if (state != port->link && state != UNKNOWN)
		tell_state(id, state, link.link_speed);
	port->link = state;
}

/* UNKNOWN where the driver does not say. */
static uint8_t queue_state_of(uint16_t id, uint16_t queue, uint32_t direction)
{
	struct rte_eth_rxq_info rx;
	struct rte_eth_txq_info tx;

	if (direction == HONE_DIRECTION_IN)
		return agent.dpdk.rte_eth_rx_queue_info_get != NULL &&
				       agent.dpdk.rte_eth_rx_queue_info_get(id, queue, &rx) == 0 ?
			       rx.queue_state : UNKNOWN;
	return agent.dpdk.rte_eth_tx_queue_info_get != NULL &&
			       agent.dpdk.rte_eth_tx_queue_info_get(id, queue, &tx) == 0 ?
		       tx.queue_state : UNKNOWN;
}

static void look_at_queues(uint16_t id, struct seen_port *port, uint8_t started)
{
	struct rte_eth_dev_info info = { 0 };

	if (started != STARTED || agent.dpdk.rte_eth_dev_info_get(id, &info) != 0)
		return;
	for (uint32_t direction = HONE_DIRECTION_IN; direction <= HONE_DIRECTION_OUT; direction++) {
		uint8_t *states = port->queues[direction - HONE_DIRECTION_IN];
		uint16_t count = direction == HONE_DIRECTION_IN ? info.nb_rx_queues : info.nb_tx_queues;

		for (uint16_t queue = 0; queue < RTE_MIN(count, RTE_MAX_QUEUES_PER_PORT); queue++) {
			const uint8_t state = queue_state_of(id, queue, direction);
			const uint64_t args[] = { id, queue, direction, state };

			if (state != states[queue] && state != UNKNOWN)
				observe_hit(HONE_POINT_QUEUE_STATE, args, RTE_DIM(args), 0);
			states[queue] = state;
		}
	}
}

static void look_at_stats(uint16_t id, uint8_t started)
{
	struct rte_eth_stats stats = { 0 };

	if (started == STOPPED || agent.dpdk.rte_eth_stats_get(id, &stats) != 0)
		return;
	observe_hit(HONE_POINT_PORT_STATS,
		    (const uint64_t[]){ id, stats.ipackets, stats.opackets, stats.ibytes, stats.obytes, stats.imissed,
					stats.ierrors, stats.oerrors, stats.rx_nombuf },
		    9, 0);
}

static void look_at(uint16_t id, struct seen_port *port)
{
	const uint8_t started = started_of(id);

	if (observe_is_wanted(HONE_POINT_PORT_STATE))
		look_at_state(id, port, started);
	if (observe_is_wanted(HONE_POINT_QUEUE_STATE))
		look_at_queues(id, port, started);
	if (observe_is_wanted(HONE_POINT_PORT_STATS))
		look_at_stats(id, started);
	port->started = started;
	port->is_there = true;
}

void observe_ports(bool anew)
{
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++) {
		struct seen_port *port = &seen[id];
		const uint32_t closings = atomic_load(&agent.hooks.closings[id]);
		const bool is_there = agent.dpdk.rte_eth_find_next(id) == id;

		/* Another port may have the id by now. */
		if (port->is_there && !anew && (!is_there || closings != port->closings))
			tell_state(id, REMOVED, 0);
		if (anew || !is_there || closings != port->closings)
			forget(port);
		port->closings = closings;
		if (is_there)
			look_at(id, port);
	}
}
