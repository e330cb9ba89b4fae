/* SPDX-License-Identifier: BSD-3-Clause */

/* The events of dataplane for LTTng-UST. Generated from src/tracepoints/dataplane-points.ts: change that. */

#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER dataplane

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "hone/dataplane-lttng.h"

#if !defined(HONE_DATAPLANE_LTTNG_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define HONE_DATAPLANE_LTTNG_H

#include <stdint.h>

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_ENUM(dataplane, drop_reason,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("other", 0)
		lttng_ust_field_enum_value("malformed", 1)
		lttng_ust_field_enum_value("unsupported", 2)
		lttng_ust_field_enum_value("checksum", 3)
		lttng_ust_field_enum_value("ttl", 4)
		lttng_ust_field_enum_value("no_route", 5)
		lttng_ust_field_enum_value("no_neighbor", 6)
		lttng_ust_field_enum_value("too_long", 7)
		lttng_ust_field_enum_value("denied", 8)
		lttng_ust_field_enum_value("rate", 9)
		lttng_ust_field_enum_value("no_memory", 10)
		lttng_ust_field_enum_value("ring_full", 11)
		lttng_ust_field_enum_value("tx_full", 12)
		lttng_ust_field_enum_value("port_down", 13)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(dataplane, port_state,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("added", 1)
		lttng_ust_field_enum_value("removed", 2)
		lttng_ust_field_enum_value("link_up", 3)
		lttng_ust_field_enum_value("link_down", 4)
		lttng_ust_field_enum_value("started", 5)
		lttng_ust_field_enum_value("stopped", 6)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(dataplane, queue_state,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("stopped", 0)
		lttng_ust_field_enum_value("started", 1)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(dataplane, direction,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("rx", 1)
		lttng_ust_field_enum_value("tx", 2)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, drop,
	LTTNG_UST_TP_ARGS(uint16_t, port, uint16_t, queue, uint8_t, reason, uint32_t, len),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_integer(uint16_t, queue, queue)
		lttng_ust_field_enum(dataplane, drop_reason, uint8_t, reason, reason)
		lttng_ust_field_integer(uint32_t, len, len)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, drop, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, stage_begin,
	LTTNG_UST_TP_ARGS(const char *, stage),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_string(stage, stage)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, stage_begin, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_FUNCTION)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, stage_end,
	LTTNG_UST_TP_ARGS(const char *, stage, uint32_t, count),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_string(stage, stage)
		lttng_ust_field_integer(uint32_t, count, count)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, stage_end, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_FUNCTION)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, lcore_idle,
	LTTNG_UST_TP_ARGS(uint32_t, lcore),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint32_t, lcore, lcore)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, lcore_idle, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_PROCESS)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, lcore_busy,
	LTTNG_UST_TP_ARGS(uint32_t, lcore),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint32_t, lcore, lcore)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, lcore_busy, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_PROCESS)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, rx_poll,
	LTTNG_UST_TP_ARGS(uint16_t, port, uint16_t, queue, uint16_t, nb_rx, uint16_t, max),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_integer(uint16_t, queue, queue)
		lttng_ust_field_integer(uint16_t, nb_rx, nb_rx)
		lttng_ust_field_integer(uint16_t, max, max)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, rx_poll, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, rx_burst,
	LTTNG_UST_TP_ARGS(uint16_t, port, uint16_t, queue, uint16_t, nb_rx, uint16_t, max),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_integer(uint16_t, queue, queue)
		lttng_ust_field_integer(uint16_t, nb_rx, nb_rx)
		lttng_ust_field_integer(uint16_t, max, max)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, rx_burst, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, tx_burst,
	LTTNG_UST_TP_ARGS(uint16_t, port, uint16_t, queue, uint16_t, nb_pkts, uint16_t, nb_tx),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_integer(uint16_t, queue, queue)
		lttng_ust_field_integer(uint16_t, nb_pkts, nb_pkts)
		lttng_ust_field_integer(uint16_t, nb_tx, nb_tx)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, tx_burst, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG_LINE)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, port_state,
	LTTNG_UST_TP_ARGS(uint16_t, port, uint8_t, state, uint32_t, speed_mbps),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_enum(dataplane, port_state, uint8_t, state, state)
		lttng_ust_field_integer(uint32_t, speed_mbps, speed_mbps)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, port_state, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, queue_state,
	LTTNG_UST_TP_ARGS(uint16_t, port, uint16_t, queue, uint8_t, direction, uint8_t, state),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_integer(uint16_t, queue, queue)
		lttng_ust_field_enum(dataplane, direction, uint8_t, direction, direction)
		lttng_ust_field_enum(dataplane, queue_state, uint8_t, state, state)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, queue_state, LTTNG_UST_TRACEPOINT_LOGLEVEL_NOTICE)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, mempool_level,
	LTTNG_UST_TP_ARGS(const char *, name, uint32_t, available, uint32_t, size),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_string(name, name)
		lttng_ust_field_integer(uint32_t, available, available)
		lttng_ust_field_integer(uint32_t, size, size)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, mempool_level, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

LTTNG_UST_TRACEPOINT_EVENT(dataplane, ring_level,
	LTTNG_UST_TP_ARGS(const char *, name, uint32_t, count, uint32_t, capacity),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_string(name, name)
		lttng_ust_field_integer(uint32_t, count, count)
		lttng_ust_field_integer(uint32_t, capacity, capacity)
	)
)
LTTNG_UST_TRACEPOINT_LOGLEVEL(dataplane, ring_level, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

#endif

#include <lttng/tracepoint-event.h>
