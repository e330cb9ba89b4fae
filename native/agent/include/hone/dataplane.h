/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The standard trace points of a data plane. Generated from src/tracepoints/dataplane-points.ts: change that.
 *
 * By default a point is one of hone/trace.h: hone's agent runs programs there (app:dataplane:NAME), and bpftrace, perf
 * and gdb find a USDT probe (dataplane:NAME). With -DHONE_TRACE_LTTNG it is an event of LTTng-UST: compile
 * dataplane-lttng.c, too, and link with -llttng-ust. With -DHONE_TRACE_NONE it is nothing.
 */

#ifndef HONE_DATAPLANE_POINTS_H
#define HONE_DATAPLANE_POINTS_H

#include <stdint.h>

#if defined(HONE_TRACE_LTTNG)
#include <hone/dataplane-lttng.h>
#elif !defined(HONE_TRACE_NONE)
#include <hone/trace.h>
#endif

enum hone_dataplane_drop_reason {
	HONE_DATAPLANE_DROP_REASON_OTHER = 0, /* none of the others */
	HONE_DATAPLANE_DROP_REASON_MALFORMED = 1, /* too short, or a header that contradicts itself */
	HONE_DATAPLANE_DROP_REASON_UNSUPPORTED = 2, /* a protocol that is not handled */
	HONE_DATAPLANE_DROP_REASON_CHECKSUM = 3, /* a checksum is wrong */
	HONE_DATAPLANE_DROP_REASON_TTL = 4, /* TTL or hop limit is over */
	HONE_DATAPLANE_DROP_REASON_NO_ROUTE = 5, /* nothing is known of its destination */
	HONE_DATAPLANE_DROP_REASON_NO_NEIGHBOR = 6, /* the next hop's address is not known */
	HONE_DATAPLANE_DROP_REASON_TOO_LONG = 7, /* longer than the MTU of the way out */
	HONE_DATAPLANE_DROP_REASON_DENIED = 8, /* a rule forbids it */
	HONE_DATAPLANE_DROP_REASON_RATE = 9, /* more than was agreed: policer, meter, shaper */
	HONE_DATAPLANE_DROP_REASON_NO_MEMORY = 10, /* no mbuf was free */
	HONE_DATAPLANE_DROP_REASON_RING_FULL = 11, /* the ring to the next stage is full */
	HONE_DATAPLANE_DROP_REASON_TX_FULL = 12, /* the driver took fewer packets than it was offered */
	HONE_DATAPLANE_DROP_REASON_PORT_DOWN = 13, /* the way out has no link or is stopped */
};

enum hone_dataplane_port_state {
	HONE_DATAPLANE_PORT_STATE_ADDED = 1, /* there is a new port */
	HONE_DATAPLANE_PORT_STATE_REMOVED = 2, /* it is closed */
	HONE_DATAPLANE_PORT_STATE_LINK_UP = 3,
	HONE_DATAPLANE_PORT_STATE_LINK_DOWN = 4,
	HONE_DATAPLANE_PORT_STATE_STARTED = 5,
	HONE_DATAPLANE_PORT_STATE_STOPPED = 6,
};

enum hone_dataplane_queue_state {
	HONE_DATAPLANE_QUEUE_STATE_STOPPED = 0,
	HONE_DATAPLANE_QUEUE_STATE_STARTED = 1,
};

enum hone_dataplane_direction {
	HONE_DATAPLANE_DIRECTION_RX = 1, /* received */
	HONE_DATAPLANE_DIRECTION_TX = 2, /* to be sent */
};

/*
 * A packet goes no further.
 * port: port that it came from
 * queue: queue that it came from
 * reason: why
 * len: length of the packet (bytes)
 */
static inline __attribute__((always_inline)) void
hone_dataplane_drop(uint16_t port, uint16_t queue, enum hone_dataplane_drop_reason reason, uint32_t len)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, drop, port, queue, (uint8_t)reason, len);
#elif defined(HONE_TRACE_NONE)
	(void)port;
	(void)queue;
	(void)reason;
	(void)len;
#else
	HONE_TRACE(dataplane, drop, port, queue, (uint8_t)reason, len);
#endif
}

/*
 * The thread begins a stage of its work; it may lie within another one.
 * stage: what the application calls it
 */
static inline __attribute__((always_inline)) void
hone_dataplane_stage_begin(const char *stage)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, stage_begin, stage);
#elif defined(HONE_TRACE_NONE)
	(void)stage;
#else
	HONE_TRACE(dataplane, stage_begin, stage);
#endif
}

/*
 * The stage that began last is over.
 * stage: the same text
 * count: how much was done in it, mostly packets
 */
static inline __attribute__((always_inline)) void
hone_dataplane_stage_end(const char *stage, uint32_t count)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, stage_end, stage, count);
#elif defined(HONE_TRACE_NONE)
	(void)stage;
	(void)count;
#else
	HONE_TRACE(dataplane, stage_end, stage, count);
#endif
}

/*
 * An lcore finds no work from here on; once, not for each empty poll.
 * lcore: lcore id
 */
static inline __attribute__((always_inline)) void
hone_dataplane_lcore_idle(uint32_t lcore)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, lcore_idle, lcore);
#elif defined(HONE_TRACE_NONE)
	(void)lcore;
#else
	HONE_TRACE(dataplane, lcore_idle, lcore);
#endif
}

/*
 * An lcore that found no work has some again.
 * lcore: lcore id
 */
static inline __attribute__((always_inline)) void
hone_dataplane_lcore_busy(uint32_t lcore)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, lcore_busy, lcore);
#elif defined(HONE_TRACE_NONE)
	(void)lcore;
#else
	HONE_TRACE(dataplane, lcore_busy, lcore);
#endif
}

/*
 * After a call of rte_eth_rx_burst, an empty one, too.
 * port: port id
 * queue: queue of the port
 * nb_rx: received, 0 for an empty poll (packets)
 * max: asked for (packets)
 */
static inline __attribute__((always_inline)) void
hone_dataplane_rx_poll(uint16_t port, uint16_t queue, uint16_t nb_rx, uint16_t max)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, rx_poll, port, queue, nb_rx, max);
#elif defined(HONE_TRACE_NONE)
	(void)port;
	(void)queue;
	(void)nb_rx;
	(void)max;
#else
	HONE_TRACE(dataplane, rx_poll, port, queue, nb_rx, max);
#endif
}

/*
 * After a call of rte_eth_rx_burst that received packets.
 * port: port id
 * queue: queue of the port
 * nb_rx: received (packets)
 * max: asked for (packets)
 */
static inline __attribute__((always_inline)) void
hone_dataplane_rx_burst(uint16_t port, uint16_t queue, uint16_t nb_rx, uint16_t max)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, rx_burst, port, queue, nb_rx, max);
#elif defined(HONE_TRACE_NONE)
	(void)port;
	(void)queue;
	(void)nb_rx;
	(void)max;
#else
	HONE_TRACE(dataplane, rx_burst, port, queue, nb_rx, max);
#endif
}

/*
 * After a call of rte_eth_tx_burst.
 * port: port id
 * queue: queue of the port
 * nb_pkts: offered to the driver (packets)
 * nb_tx: taken by it (packets)
 */
static inline __attribute__((always_inline)) void
hone_dataplane_tx_burst(uint16_t port, uint16_t queue, uint16_t nb_pkts, uint16_t nb_tx)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, tx_burst, port, queue, nb_pkts, nb_tx);
#elif defined(HONE_TRACE_NONE)
	(void)port;
	(void)queue;
	(void)nb_pkts;
	(void)nb_tx;
#else
	HONE_TRACE(dataplane, tx_burst, port, queue, nb_pkts, nb_tx);
#endif
}

/*
 * The state of a port has changed.
 * port: port id
 * state: what it is now
 * speed_mbps: speed of the link, 0 without one (Mbit/s)
 */
static inline __attribute__((always_inline)) void
hone_dataplane_port_state(uint16_t port, enum hone_dataplane_port_state state, uint32_t speed_mbps)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, port_state, port, (uint8_t)state, speed_mbps);
#elif defined(HONE_TRACE_NONE)
	(void)port;
	(void)state;
	(void)speed_mbps;
#else
	HONE_TRACE(dataplane, port_state, port, (uint8_t)state, speed_mbps);
#endif
}

/*
 * The state of a queue has changed.
 * port: port id
 * queue: queue of the port
 * direction: which of the two queues of that number
 * state: what it is now
 */
static inline __attribute__((always_inline)) void
hone_dataplane_queue_state(
	uint16_t port,
	uint16_t queue,
	enum hone_dataplane_direction direction,
	enum hone_dataplane_queue_state state)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, queue_state, port, queue, (uint8_t)direction, (uint8_t)state);
#elif defined(HONE_TRACE_NONE)
	(void)port;
	(void)queue;
	(void)direction;
	(void)state;
#else
	HONE_TRACE(dataplane, queue_state, port, queue, (uint8_t)direction, (uint8_t)state);
#endif
}

/*
 * Whenever the application looks: sampled, or when it runs low.
 * name: name of the pool
 * available: free (objects)
 * size: all (objects)
 */
static inline __attribute__((always_inline)) void
hone_dataplane_mempool_level(const char *name, uint32_t available, uint32_t size)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, mempool_level, name, available, size);
#elif defined(HONE_TRACE_NONE)
	(void)name;
	(void)available;
	(void)size;
#else
	HONE_TRACE(dataplane, mempool_level, name, available, size);
#endif
}

/*
 * Whenever the application looks: sampled, or when it fills up.
 * name: name of the ring
 * count: in it (objects)
 * capacity: room for (objects)
 */
static inline __attribute__((always_inline)) void
hone_dataplane_ring_level(const char *name, uint32_t count, uint32_t capacity)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(dataplane, ring_level, name, count, capacity);
#elif defined(HONE_TRACE_NONE)
	(void)name;
	(void)count;
	(void)capacity;
#else
	HONE_TRACE(dataplane, ring_level, name, count, capacity);
#endif
}

#endif
