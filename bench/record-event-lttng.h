/* SPDX-License-Identifier: BSD-3-Clause */
/* The event of record-event.c for LTTng-UST. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./record-event-lttng.h"

#if !defined(RECORD_EVENT_LTTNG_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define RECORD_EVENT_LTTNG_H

#include <stdint.h>

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT(bench, event,
	LTTNG_UST_TP_ARGS(uint16_t, port, uint32_t, length, uint32_t, number),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint16_t, port, port)
		lttng_ust_field_integer(uint32_t, length, length)
		lttng_ust_field_integer(uint32_t, number, number)
	)
)

#endif

#include <lttng/tracepoint-event.h>
