/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What the example forwarder does. Generated from points.json: change that.
 *
 * By default a point is one of hone/trace.h: hone's agent runs programs there (app:forwarder:NAME), and bpftrace, perf
 * and gdb find a USDT probe (forwarder:NAME). With -DHONE_TRACE_LTTNG it is an event of LTTng-UST: compile
 * forwarder-lttng.c, too, and link with -llttng-ust. With -DHONE_TRACE_NONE it is nothing.
 */

#ifndef FORWARDER_POINTS_H
#define FORWARDER_POINTS_H

#include <stdint.h>

#if defined(HONE_TRACE_LTTNG)
#include "forwarder-lttng.h"
#elif !defined(HONE_TRACE_NONE)
#include <hone/trace.h>
#endif

/*
 * Packets were received, before they are looked at.
 * port: port that they came from
 * received: how many (packets)
 */
static inline __attribute__((always_inline)) void
forwarder_burst_begin(uint16_t port, uint16_t received)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(forwarder, burst_begin, port, received);
#elif defined(HONE_TRACE_NONE)
	(void)port;
	(void)received;
#else
	HONE_TRACE(forwarder, burst_begin, port, received);
#endif
}

/*
 * Those that are passed on have been given to the driver.
 * port: port that they came from
 * received: how many (packets)
 * sent: how many the driver took (packets)
 */
static inline __attribute__((always_inline)) void
forwarder_burst_end(uint16_t port, uint16_t received, uint16_t sent)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(forwarder, burst_end, port, received, sent);
#elif defined(HONE_TRACE_NONE)
	(void)port;
	(void)received;
	(void)sent;
#else
	HONE_TRACE(forwarder, burst_end, port, received, sent);
#endif
}

/*
 * A packet goes no further.
 * port: port that it came from
 * reason: why, in words
 * pkt_len: length of the packet (bytes)
 */
static inline __attribute__((always_inline)) void
forwarder_drop(uint16_t port, const char *reason, uint32_t pkt_len)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(forwarder, drop, port, reason, pkt_len);
#elif defined(HONE_TRACE_NONE)
	(void)port;
	(void)reason;
	(void)pkt_len;
#else
	HONE_TRACE(forwarder, drop, port, reason, pkt_len);
#endif
}

/*
 * A packet will be passed on.
 * port: port that it came from
 * flow: hash of its addresses and protocol
 * pkt_len: length of the packet (bytes)
 */
static inline __attribute__((always_inline)) void
forwarder_forward(uint16_t port, uint32_t flow, uint32_t pkt_len)
{
#if defined(HONE_TRACE_LTTNG)
	lttng_ust_tracepoint(forwarder, forward, port, flow, pkt_len);
#elif defined(HONE_TRACE_NONE)
	(void)port;
	(void)flow;
	(void)pkt_len;
#else
	HONE_TRACE(forwarder, forward, port, flow, pkt_len);
#endif
}

#endif
