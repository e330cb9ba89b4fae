/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The provider dataplane of LTTng-UST, to be compiled into the application. Generated from
 * src/tracepoints/dataplane-points.ts: change that.
 */

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE

#include <hone/dataplane-lttng.h>
