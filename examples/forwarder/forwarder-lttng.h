/* SPDX-License-Identifier: BSD-3-Clause */

/* The events of forwarder for LTTng-UST. Generated from points.json: change that. */

#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER forwarder

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "forwarder-lttng.h"

#if !defined(FORWARDER_LTTNG_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define FORWARDER_LTTNG_H

#include <stdint.h>

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT(forwarder, burst_begin,
	LTTNG_UST_TP_ARGS(uint16_t, port, uint16_t, received),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_integer(uint16_t, received, received)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(forwarder, burst_begin, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(forwarder, burst_end,
	LTTNG_UST_TP_ARGS(uint16_t, port, uint16_t, received, uint16_t, sent),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_integer(uint16_t, received, received)
		lttng_ust_field_integer(uint16_t, sent, sent)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(forwarder, burst_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(forwarder, drop,
	LTTNG_UST_TP_ARGS(uint16_t, port, const char *, reason, uint32_t, pkt_len),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_string(reason, reason)
		lttng_ust_field_integer(uint32_t, pkt_len, pkt_len)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(forwarder, drop, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(forwarder, forward,
	LTTNG_UST_TP_ARGS(uint16_t, port, uint32_t, flow, uint32_t, pkt_len),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_integer(uint32_t, flow, flow)
		lttng_ust_field_integer(uint32_t, pkt_len, pkt_len)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(forwarder, forward, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG)

#endif

#include <lttng/tracepoint-event.h>
